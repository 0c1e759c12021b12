"""Makes the cases of Fixtures/cases-shapes: models whose shapes, or places of slices, a run decides.

    python make_shape_cases.py CASES_FOLDER [FIRST COUNT]

One case of every kind, or with FIRST and COUNT seeded variants of all kinds in turn. Each model runs three times in one
interpreter under LiteRT's BUILTIN_REF kernels, on data that decide other shapes in each run; a case that they refuse is
printed and left out. Where the graph bounds no shape, `params` hold a `bound` as the command line takes it.

The folder gets index.json and case-N/{model.tflite, input-0.bin, output-0.bin, input-0-run1.bin, ..., case.json}; the
shapes of outputs are those of each run, in `shapes`.
"""
import json
import os
import sys

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

import litert
from flatbuffer_model import AlignedBuffer, ModelBuilder

RUNS = 3


class Case:
    """A model of one or several graphs, and what draws the data of a run."""

    def __init__(self, operator, seed):
        self.operator, self.seed = operator, seed
        self.random = np.random.default_rng(seed)
        self.graphs = [ModelBuilder(f"made by make_shape_cases.py: {operator}")]
        self.draws = []
        self.bounds = {}
        self.names = 0

    @property
    def main(self):
        return self.graphs[0]

    def size(self, low=1, high=6):
        return int(self.random.integers(low, high))

    def input(self, shape, dtype, draw, graph=0, **quantization):
        """An input of the graph, with a function that draws its data in a run."""
        if graph == 0:
            self.draws.append(draw)
        return self.graphs[graph].input(self.name(), shape, dtype, **quantization)

    def name(self):
        self.names += 1
        return f"t{self.names}"

    def tensor(self, signature, dtype, graph=0, output=False, **quantization):
        """A tensor whose sizes of -1 a run decides."""
        builder = self.graphs[graph]
        shape = [1 if size == -1 else size for size in signature]
        index = (builder.output if output else builder.tensor)(self.name(), shape, dtype, **quantization)
        if -1 in signature:
            builder.tensors[index].shapeSignature = list(signature)
        return index

    def bound(self, tensor, shape, graph=0):
        self.bounds[self.graphs[graph].tensors[tensor].name] = shape

    def constant(self, values, dtype, graph=0):
        return self.graphs[graph].constant(self.name(), values, dtype)

    def op(self, name, inputs, signature, dtype, graph=0, output=False, version=1, options=None, fields=None, **quant):
        """An operator of one output."""
        result = self.tensor(signature, dtype, graph, output, **quant)
        self.graphs[graph].operator(name, version, inputs, [result], options, **(fields or {}))
        return result

    def graph(self):
        """Another graph, which an operator calls; its number."""
        self.graphs.append(ModelBuilder(""))
        return len(self.graphs) - 1

    def reals(self, *shape):
        return lambda random: random.normal(0, 2, shape).astype(np.float32)

    def truths(self, *shape):
        return lambda random: random.random(shape) < random.choice([0, 0.3, 0.6, 1])

    def integers(self, low, high, *shape, dtype=np.int32):
        return lambda random: random.integers(low, high, shape).astype(dtype)


def pack(graphs):
    """The bytes of a file with these graphs, the first of them the main one."""
    model = schema.ModelT()
    model.version, model.description = 3, graphs[0].description
    model.subgraphs, model.buffers, codes = [], [AlignedBuffer()], []
    for number, builder in enumerate(graphs):
        first = len(model.buffers) - 1
        model.buffers += builder.buffers[1:]
        for tensor in builder.tensors:
            if tensor.buffer:
                tensor.buffer += first
        for operator in builder.operators:
            code = builder.codes[operator.opcodeIndex]
            if code not in codes:
                codes.append(code)
            operator.opcodeIndex = codes.index(code)
        graph = schema.SubGraphT()
        graph.name = f"graph{number}"
        graph.tensors, graph.operators = builder.tensors, builder.operators
        graph.inputs, graph.outputs = builder.inputs, builder.outputs
        model.subgraphs.append(graph)
    model.operatorCodes = []
    for builtin, version, custom in codes:
        code = schema.OperatorCodeT()
        code.builtinCode, code.version, code.customCode = builtin, version, custom
        code.deprecatedBuiltinCode = min(builtin, schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES)
        model.operatorCodes.append(code)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


# What decides a shape: each gives rows of float32, [-1, columns].

def selected_rows(case):
    """WHERE, then GATHER_ND."""
    rows, columns = case.size(3, 9), case.size(2, 6)
    mask = case.input((rows,), bool, case.truths(rows))
    table = case.input((rows, columns), np.float32, case.reals(rows, columns))
    places = case.op("WHERE", [mask], [-1, 1], np.int64)
    return case.op("GATHER_ND", [table, places], [-1, columns], np.float32, options="GatherNdOptions"), columns


def cut_rows(case):
    """SLICE of a size that arrives."""
    rows, columns = case.size(3, 9), case.size(2, 6)
    table = case.input((rows, columns), np.float32, case.reals(rows, columns))
    count = case.input((1,), np.int32, case.integers(0, rows + 1, 1))
    size = case.op("CONCATENATION", [count, case.constant([columns], np.int32)], [2], np.int32,
                   options="ConcatenationOptions")
    begin = case.constant([0, 0], np.int32)
    return case.op("SLICE", [table, begin, size], [-1, columns], np.float32, options="SliceOptions"), columns


def best_rows(case):
    """TOPK_V2 with a count that arrives, then GATHER of the rows."""
    rows, columns = case.size(3, 9), case.size(2, 6)
    table = case.input((rows, columns), np.float32, case.reals(rows, columns))
    scores = case.input((rows,), np.float32, case.reals(rows))
    count = case.input((), np.int32, case.integers(0, rows + 1))
    values, places = case.tensor([-1], np.float32), case.tensor([-1], np.int32)
    case.main.operator("TOPK_V2", 1, [scores, count], [values, places], "TopKV2Options")
    return case.op("GATHER", [table, places], [-1, columns], np.float32, options="GatherOptions"), columns


def boxes_left(case):
    """NON_MAX_SUPPRESSION, its places cut to their count, then GATHER of the boxes."""
    count = case.size(4, 14)

    def boxes(random):
        corner = random.uniform(0, 3, (count, 2))
        return np.concatenate([corner, corner + random.uniform(0.5, 2, (count, 2))], 1).astype(np.float32)
    table = case.input((count, 4), np.float32, boxes)
    scores = case.input((count,), np.float32, lambda random: random.uniform(0, 1, count).astype(np.float32))
    soft = case.random.random() < 0.5
    most = case.constant(case.size(1, count), np.int32)
    numbers = [case.constant(value, np.float32) for value in ((0.4, 0.3, 0.5) if soft else (0.4, 0.3))]
    shape = list(case.main.tensors[most].shape)
    places, kept = case.tensor([int(np.frombuffer(case.main.buffers[case.main.tensors[most].buffer].data, np.int32)[0])],
                               np.int32), case.tensor(shape, np.int32)
    outputs = [places, kept]
    if soft:
        outputs.insert(1, case.tensor(case.main.tensors[places].shape, np.float32))
    case.main.operator("NON_MAX_SUPPRESSION_V5" if soft else "NON_MAX_SUPPRESSION_V4", 1,
                       [table, scores, most] + numbers, outputs,
                       "NonMaxSuppressionV5Options" if soft else "NonMaxSuppressionV4Options")
    size = case.op("RESHAPE", [kept, case.constant([1], np.int32)], [1], np.int32)
    left = case.op("SLICE", [places, case.constant([0], np.int32), size], [-1], np.int32, options="SliceOptions")
    return case.op("GATHER", [table, left], [-1, 4], np.float32, options="GatherOptions"), 4


def distinct_rows(case):
    """UNIQUE, then GATHER of the rows with these numbers."""
    rows, columns, count = case.size(3, 9), case.size(2, 6), case.size(2, 10)
    table = case.input((rows, columns), np.float32, case.reals(rows, columns))
    numbers = case.input((count,), np.int32, case.integers(0, rows, count))
    values, places = case.tensor([-1], np.int32), case.tensor([count], np.int32)
    case.main.operator("UNIQUE", 1, [numbers], [values, places], "UniqueOptions", idxOutType=schema.TensorType.INT32)
    return case.op("GATHER", [table, values], [-1, columns], np.float32, options="GatherOptions"), columns


def counted_rows(case):
    """RANGE up to a limit that arrives, then GATHER."""
    rows, columns = case.size(3, 9), case.size(2, 6)
    table = case.input((rows, columns), np.float32, case.reals(rows, columns))
    limit = case.input((), np.int32, case.integers(1, rows + 1))
    places = case.op("RANGE", [case.constant(0, np.int32), limit, case.constant(1, np.int32)], [-1], np.int32,
                     options="RangeOptions")
    case.bound(places, (rows,))
    return case.op("GATHER", [table, places], [-1, columns], np.float32, options="GatherOptions"), columns


def grown_rows(case):
    """A loop that appends a row in each round."""
    columns = case.size(2, 6)
    start = case.input((1, columns), np.float32, case.reals(1, columns))
    limit = case.input((), np.int32, case.integers(0, 6))
    condition, body = case.graph(), case.graph()
    for number in (condition, body):
        carried = [case.input((), np.int32, None, number), case.input((), np.int32, None, number),
                   case.input((1, columns), np.float32, None, number)]
        case.graphs[number].tensors[carried[2]].shapeSignature = [-1, columns]
        if number == condition:
            case.op("LESS", carried[:2], [], bool, number, True, options="LessOptions")
        else:
            case.op("ADD", [carried[0], case.constant(1, np.int32, body)], [], np.int32, body, True,
                    options="AddOptions")
            case.graphs[body].outputs.append(carried[1])
            row = case.op("SUM", [carried[2], case.constant([0], np.int32, body)], [1, columns], np.float32, body,
                          options="ReducerOptions", fields={"keepDims": True})
            half = case.op("MUL", [row, case.constant(0.5, np.float32, body)], [1, columns], np.float32, body,
                           options="MulOptions")
            case.op("CONCATENATION", [carried[2], half], [-1, columns], np.float32, body, True,
                    options="ConcatenationOptions")
    results = [case.tensor([], np.int32), case.tensor([], np.int32), case.tensor([-1, columns], np.float32)]
    case.main.operator("WHILE", 1, [case.constant(0, np.int32), limit, start], results, "WhileOptions",
                       condSubgraphIndex=condition, bodySubgraphIndex=body)
    case.bound(results[2], (7, columns))
    return results[2], columns


def either_rows(case):
    """A branch whose graphs give other shapes."""
    rows, columns = case.size(2, 6), case.size(2, 6)
    table = case.input((rows, columns), np.float32, case.reals(rows, columns))
    truth = case.input((), bool, lambda random: np.array(random.random() < 0.5))
    graphs = [case.graph(), case.graph()]
    for which, number in enumerate(graphs):
        value = case.input((rows, columns), np.float32, None, number)
        if which == 0:
            case.op("CONCATENATION", [value, value], [2 * rows, columns], np.float32, number, True,
                    options="ConcatenationOptions")
        else:
            case.op("ABS", [value], [rows, columns], np.float32, number, True)
    result = case.tensor([-1, columns], np.float32)
    case.main.operator("IF", 1, [truth, table], [result], "IfOptions", thenSubgraphIndex=graphs[0],
                       elseSubgraphIndex=graphs[1])
    return result, columns


HEADS = [selected_rows, cut_rows, best_rows, boxes_left, distinct_rows, counted_rows, grown_rows, either_rows]


# What may follow: each takes rows and gives rows, or ends the model.

def scaled(case, rows, columns):
    factor = case.constant(case.random.normal(0, 1, columns), np.float32)
    return case.op("MUL", [rows, factor], [-1, columns], np.float32, options="MulOptions"), columns


def added_to_itself(case, rows, columns):
    return case.op("ADD", [rows, rows], [-1, columns], np.float32, options="AddOptions"), columns


def connected(case, rows, columns):
    units = case.size(1, 6)
    weights = case.constant(case.random.normal(0, 1, (units, columns)), np.float32)
    bias = case.constant(case.random.normal(0, 1, units), np.float32)
    return case.op("FULLY_CONNECTED", [rows, weights, bias], [-1, units], np.float32,
                   options="FullyConnectedOptions"), units


def softened(case, rows, columns):
    return case.op("SOFTMAX", [rows], [-1, columns], np.float32, options="SoftmaxOptions", fields={"beta": 1.0}), columns


def joined(case, rows, columns):
    more = case.constant(case.random.normal(0, 1, (2, columns)), np.float32)
    parts = [rows, more] if case.random.random() < 0.5 else [more, rows, rows]
    return case.op("CONCATENATION", parts, [-1, columns], np.float32, options="ConcatenationOptions"), columns


def widened(case, rows, columns):
    return case.op("CONCATENATION", [rows, rows], [-1, 2 * columns], np.float32, options="ConcatenationOptions",
                   fields={"axis": 1}), 2 * columns


def padded(case, rows, columns):
    amounts = case.constant([[1, 0], [0, 1]], np.int32)
    return case.op("PAD", [rows, amounts], [-1, columns + 1], np.float32, options="PadOptions"), columns + 1


def backwards(case, rows, columns):
    return case.op("REVERSE_V2", [rows, case.constant([0], np.int32)], [-1, columns], np.float32,
                   options="ReverseV2Options"), columns


def reshaped_by_its_shape(case, rows, columns):
    """SHAPE, STRIDED_SLICE, PACK, RESHAPE to [columns, rows], and back by TRANSPOSE."""
    shape = case.op("SHAPE", [rows], [2], np.int32, options="ShapeOptions", fields={"outType": schema.TensorType.INT32})
    lists = [case.constant([value], np.int32) for value in (0, 1, 1)]
    count = case.op("STRIDED_SLICE", [shape] + lists, [], np.int32, options="StridedSliceOptions",
                    fields={"shrinkAxisMask": 1})
    wanted = case.op("PACK", [case.constant(columns, np.int32), count], [2], np.int32, options="PackOptions",
                     fields={"valuesCount": 2})
    other = case.op("RESHAPE", [rows, wanted], [columns, -1], np.float32)
    return case.op("TRANSPOSE", [other, case.constant([1, 0], np.int32)], [-1, columns], np.float32,
                   options="TransposeOptions"), columns


def repeated(case, rows, columns):
    return case.op("TILE", [rows, case.constant([2, 1], np.int32)], [-1, columns], np.float32,
                   options="TileOptions"), columns


def filled_like(case, rows, columns):
    """FILL of the shape of the rows, subtracted from them."""
    shape = case.op("SHAPE", [rows], [2], np.int32, options="ShapeOptions", fields={"outType": schema.TensorType.INT32})
    ones = case.op("FILL", [shape, case.constant(1.5, np.float32)], [-1, columns], np.float32, options="FillOptions")
    return case.op("SUB", [rows, ones], [-1, columns], np.float32, options="SubOptions"), columns


def selected_again(case, rows, columns):
    """The elements above 0, by WHERE and GATHER_ND, as rows of one column."""
    mask = case.op("GREATER", [rows, case.constant(0, np.float32)], [-1, columns], bool, options="GreaterOptions")
    places = case.op("WHERE", [mask], [-1, 2], np.int64)
    flat = case.op("GATHER_ND", [rows, places], [-1], np.float32, options="GatherNdOptions")
    return case.op("EXPAND_DIMS", [flat, case.constant(1, np.int32)], [-1, 1], np.float32,
                   options="ExpandDimsOptions"), 1


TAILS = [scaled, added_to_itself, connected, softened, joined, widened, padded, backwards, reshaped_by_its_shape,
         repeated, filled_like, selected_again]


def finish(case, rows, columns):
    """The rows as an output, and sometimes their shape, their largest values and their sum."""
    case.main.outputs.append(rows)
    if case.random.random() < 0.3:
        case.op("SHAPE", [rows], [2], np.int64, output=True, options="ShapeOptions",
                fields={"outType": schema.TensorType.INT64})
    if case.random.random() < 0.3:
        case.op("ARG_MAX", [rows, case.constant(1, np.int32)], [-1], np.int64, output=True, options="ArgMaxOptions",
                fields={"outputType": schema.TensorType.INT64})
    if case.random.random() < 0.3:
        case.op("SUM", [rows, case.constant([0], np.int32)], [columns], np.float32, output=True,
                options="ReducerOptions")


def chain(head, tails, seed):
    case = Case(head.__name__, seed)
    rows, columns = head(case)
    for tail in tails:
        rows, columns = tail(case, rows, columns)
    finish(case, rows, columns)
    return case


# Single operators whose parameters arrive.

TYPES = [np.float32, np.int8, np.uint8, np.int16, np.int32, np.int64, np.bool_]


def number_of(case, dtype, *shape):
    if dtype == np.float32:
        return case.reals(*shape)
    if dtype == np.bool_:
        return case.truths(*shape)
    return case.integers(0 if dtype == np.uint8 else -5, 6, *shape, dtype=dtype)


def where(case):
    dtype = case.random.choice([np.float32, np.int8, np.uint8, np.int32, np.int64, np.bool_])
    shape = [case.size(0, 4) if case.random.random() < 0.2 else case.size(1, 5) for _ in range(case.size(1, 5))]

    def draw(random):
        values = random.integers(0, 2, shape)
        return (values * (random.random(shape) < 0.6)).astype(dtype)
    source = case.input(shape, dtype, draw)
    case.op("WHERE", [source], [-1, len(shape)], np.int64, output=True)


def unique(case):
    dtype = case.random.choice([np.float32, np.int8, np.uint8, np.int16, np.int32, np.int64])
    places = case.random.choice([np.int32, np.int64])
    count = case.size(1, 20)
    source = case.input((count,), dtype, case.integers(0, 8, count, dtype=dtype))
    outputs = [case.tensor([-1], dtype, output=True), case.tensor([count], places, output=True)]
    case.main.operator("UNIQUE", 1, [source], outputs, "UniqueOptions",
                       idxOutType=schema.TensorType.INT32 if places == np.int32 else schema.TensorType.INT64)


def top(case):
    dtype = case.random.choice([np.float32, np.int8, np.uint8, np.int32, np.int64])
    shape = [case.size(1, 4) for _ in range(case.size(0, 3))] + [case.size(2, 9)]
    source = case.input(shape, dtype, number_of(case, dtype, *shape))
    count = case.input((), np.int32, case.integers(0, shape[-1] + 1))
    signature = shape[:-1] + [-1]
    outputs = [case.tensor(signature, dtype, output=True), case.tensor(signature, np.int32, output=True)]
    case.main.operator("TOPK_V2", 2, [source, count], outputs, "TopKV2Options")


def slice_anywhere(case):
    """SLICE: begin and size arrive; a size of -1 takes the rest."""
    dtype = case.random.choice(TYPES)
    shape = [case.size(2, 6) for _ in range(case.size(1, 4))]
    index = case.random.choice([np.int32, np.int64])
    source = case.input(shape, dtype, number_of(case, dtype, *shape))
    begins = []

    def begin(random):
        begins[:] = [int(random.integers(0, size)) for size in shape]
        return np.array(begins, index)

    def size(random):
        return np.array([random.choice([-1, random.integers(0, size - first + 1)])
                         for first, size in zip(begins, shape)], index)
    places = case.input((len(shape),), index, begin)
    sizes = case.input((len(shape),), index, size)
    case.op("SLICE", [source, places, sizes], [-1] * len(shape), dtype, output=True, options="SliceOptions")


def slice_moving(case):
    """SLICE of a fixed size whose begin arrives: no shape is decided."""
    dtype = case.random.choice(TYPES)
    shape = [case.size(2, 7) for _ in range(case.size(1, 5))]
    sizes = [case.size(1, size + 1) for size in shape]
    source = case.input(shape, dtype, number_of(case, dtype, *shape))
    places = case.input((len(shape),), np.int32, lambda random: np.array(
        [random.integers(0, whole - part + 1) for whole, part in zip(shape, sizes)], np.int32))
    case.op("SLICE", [source, places, case.constant(sizes, np.int32)], sizes, dtype, output=True,
            options="SliceOptions")


def strided_index(case):
    """STRIDED_SLICE at an index that arrives, x[:, i] or x[i, ::2]: no shape is decided."""
    dtype = case.random.choice([np.float32, np.int8, np.int32])
    shape = [case.size(2, 6) for _ in range(case.size(2, 4))]
    axis = int(case.random.integers(0, len(shape)))
    source = case.input(shape, dtype, number_of(case, dtype, *shape))
    place = case.input((1,), np.int32, case.integers(-shape[axis], shape[axis], 1))
    next_place = case.op("ADD", [place, case.constant([1], np.int32)], [1], np.int32, options="AddOptions")
    strides = [1 if number == axis else case.size(1, 3) for number in range(len(shape))]
    lists = []
    for moving in (place, next_place):
        parts = [moving if number == axis else case.constant([0], np.int32) for number in range(len(shape))]
        lists.append(case.op("CONCATENATION", parts, [len(shape)], np.int32, options="ConcatenationOptions"))
    mask = sum(1 << number for number in range(len(shape)) if number != axis)
    wanted = [-(-size // stride) for number, (size, stride) in enumerate(zip(shape, strides)) if number != axis]
    case.op("STRIDED_SLICE", [source] + lists + [case.constant(strides, np.int32)], wanted, dtype, output=True,
            options="StridedSliceOptions", fields={"beginMask": mask, "endMask": mask, "shrinkAxisMask": 1 << axis})


def strided_anywhere(case):
    """STRIDED_SLICE whose lists arrive."""
    dtype = case.random.choice([np.float32, np.int8, np.int32])
    shape = [case.size(2, 7) for _ in range(case.size(1, 4))]
    source = case.input(shape, dtype, number_of(case, dtype, *shape))
    count = len(shape)
    begin = case.input((count,), np.int32, lambda random: np.array([random.integers(0, size) for size in shape], np.int32))
    end = case.input((count,), np.int32, lambda random: np.array(
        [random.integers(0, size + 1) for size in shape], np.int32))
    strides = case.input((count,), np.int32, case.integers(1, 3, count))
    case.op("STRIDED_SLICE", [source, begin, end, strides], [-1] * count, dtype, output=True,
            options="StridedSliceOptions")


def reshape_to(case):
    """RESHAPE by a shape that arrives, with one size left open or none."""
    rows, columns = case.size(2, 5), case.size(2, 5)
    count = rows * columns * 2

    def draw(random):
        sizes = [int(size) for size in random.permutation([rows, columns, 2])]
        if random.random() < 0.5:
            sizes[int(random.integers(0, 3))] = -1
        return np.array(sizes, np.int32)
    source = case.input((count,), np.float32, case.reals(count))
    shape = case.input((3,), np.int32, draw)
    result = case.op("RESHAPE", [source, shape], [-1, -1, -1], np.float32)
    case.op("NEG", [result], [-1, -1, -1], np.float32, output=True)


def fill(case):
    dtype = case.random.choice([np.float32, np.int32, np.int8, np.bool_])
    rank = case.size(0, 4)
    shape = case.input((rank,), np.int32, case.integers(0, 4, rank))
    value = case.input((), dtype, number_of(case, dtype))
    result = case.op("FILL", [shape, value], [-1] * rank, dtype, output=True, options="FillOptions")
    case.bound(result, (3,) * rank)


def tile(case):
    dtype = case.random.choice([np.float32, np.int32, np.int64, np.bool_])
    shape = [case.size(1, 4) for _ in range(case.size(1, 4))]
    source = case.input(shape, dtype, number_of(case, dtype, *shape))
    multiples = case.input((len(shape),), np.int32, case.integers(0, 4, len(shape)))
    result = case.op("TILE", [source, multiples], [-1] * len(shape), dtype, output=True, options="TileOptions")
    case.bound(result, tuple(3 * size for size in shape))


def broadcast(case):
    dtype = case.random.choice([np.float32, np.int32, np.int8])
    columns = case.size(1, 5)
    source = case.input((1, columns), dtype, number_of(case, dtype, 1, columns))
    shape = case.input((3,), np.int32, lambda random: np.array(
        [random.integers(1, 4), random.integers(1, 4), columns], np.int32))
    result = case.op("BROADCAST_TO", [source, shape], [-1, -1, columns], dtype, output=True, version=2,
                     options="BroadcastToOptions")
    case.bound(result, (3, 3, columns))


def pad(case):
    shape = [case.size(1, 5) for _ in range(2)]
    source = case.input(shape, np.float32, case.reals(*shape))
    amounts = case.input((2, 2), np.int32, case.integers(0, 3, 2, 2))
    result = case.op("PAD", [source, amounts], [-1, -1], np.float32, output=True, options="PadOptions")
    case.bound(result, tuple(size + 4 for size in shape))


def one_hot(case):
    count = case.size(1, 6)
    indices = case.input((count,), np.int32, case.integers(0, 6, count))
    depth = case.input((), np.int32, case.integers(1, 7))
    result = case.op("ONE_HOT", [indices, depth, case.constant(2, np.float32), case.constant(-1, np.float32)],
                     [count, -1], np.float32, output=True, options="OneHotOptions", fields={"axis": -1})
    case.bound(result, (count, 6))


def transpose(case):
    shape = [case.size(1, 5) for _ in range(3)]
    source = case.input(shape, np.float32, case.reals(*shape))
    order = case.input((3,), np.int32, lambda random: random.permutation(3).astype(np.int32))
    result = case.op("TRANSPOSE", [source, order], [-1, -1, -1], np.float32, output=True, options="TransposeOptions")
    case.bound(result, (4, 4, 4))


def sums(case):
    shape = [case.size(1, 5) for _ in range(3)]
    source = case.input(shape, np.float32, case.reals(*shape))
    axis = case.input((1,), np.int32, case.integers(0, 3, 1))
    result = case.op("SUM", [source, axis], [-1, -1], np.float32, output=True, options="ReducerOptions")
    case.bound(result, (4, 4))


def scatter(case):
    indices = case.constant([[0], [2]], np.int32)
    updates = case.input((2,), np.float32, case.reals(2))
    shape = case.input((1,), np.int32, case.integers(3, 8, 1))
    result = case.op("SCATTER_ND", [indices, updates, shape], [-1], np.float32, output=True, options="ScatterNdOptions")
    case.bound(result, (7,))


def numbers(case):
    dtype = case.random.choice([np.float32, np.int32, np.int64])
    start = case.input((), dtype, number_of(case, dtype))
    limit = case.op("ADD", [start, case.input((), dtype, lambda random: np.array(random.integers(1, 9), dtype))], [],
                    dtype, options="AddOptions")
    result = case.op("RANGE", [start, limit, case.constant(1, dtype)], [-1], dtype, output=True, options="RangeOptions")
    case.bound(result, (9,))


def quantized_rows(case):
    """int8: WHERE, GATHER_ND, FULLY_CONNECTED, DEQUANTIZE."""
    rows, columns, units = case.size(3, 9), case.size(2, 8), case.size(1, 7)
    mask = case.input((rows,), bool, case.truths(rows))
    table = case.input((rows, columns), np.int8, case.integers(-128, 128, rows, columns, dtype=np.int8), scale=0.05,
                       zero_point=3)
    places = case.op("WHERE", [mask], [-1, 1], np.int64)
    picked = case.op("GATHER_ND", [table, places], [-1, columns], np.int8, options="GatherNdOptions", scale=0.05,
                     zero_point=3)
    weights = case.main.tensor(case.name(), (units, columns), np.int8, 0.02,
                               data=case.random.integers(-127, 128, (units, columns)))
    bias = case.main.tensor(case.name(), (units,), np.int32, 0.001, data=case.random.integers(-500, 500, units))
    result = case.op("FULLY_CONNECTED", [picked, weights, bias], [-1, units], np.int8, version=4, scale=0.1,
                     zero_point=-5, options="FullyConnectedOptions", output=True)
    case.op("DEQUANTIZE", [result], [-1, units], np.float32, output=True, options="DequantizeOptions")


def set_items(case):
    """A loop that replaces a row of a list in each round, as a recurrent layer of Keras does."""
    rows, columns = case.size(2, 7), case.size(1, 5)
    source = case.input((rows, columns), np.float32, case.reals(rows, columns))
    weights = case.random.normal(0, 1, (columns, columns))
    condition, body = case.graph(), case.graph()
    for number in (condition, body):
        def carried(*shape, dtype=np.float32):
            return case.input(shape, dtype, None, number)
        counter, items, state, data = carried(dtype=np.int32), carried(rows, columns), carried(1, columns), carried(
            rows, columns)
        case.graphs[number].tensors[items].shapeSignature = [-1, columns]
        case.graphs[number].tensors[items].shape = [1, columns]
        if number == condition:
            case.op("LESS", [counter, case.constant(rows, np.int32, number)], [], bool, number, True,
                    options="LessOptions")
            continue

        def op(*arguments, **named):
            return case.op(*arguments, graph=body, **named)

        def constant(values, dtype=np.int32):
            return case.constant(values, dtype, body)
        row = op("GATHER", [data, op("RESHAPE", [counter, constant([1])], [1], np.int32)], [1, columns], np.float32,
                 options="GatherOptions")
        product = op("FULLY_CONNECTED", [state, constant(weights, np.float32), -1], [1, columns], np.float32,
                     options="FullyConnectedOptions")
        new = op("TANH", [op("ADD", [row, product], [1, columns], np.float32, options="AddOptions")], [1, columns],
                 np.float32)
        zero = constant(0)
        first = op("PACK", [counter, constant(columns)], [2], np.int32, options="PackOptions", fields={"valuesCount": 2})
        before = op("SLICE", [items, constant([0, 0]), first], [-1, columns], np.float32, options="SliceOptions")
        after_place = op("ADD", [counter, constant(1)], [], np.int32, options="AddOptions")
        begin = op("PACK", [after_place, zero], [2], np.int32, options="PackOptions", fields={"valuesCount": 2})
        after = op("SLICE", [items, begin, constant([-1, -1])], [-1, columns], np.float32, options="SliceOptions")
        joined_items = op("CONCATENATION", [before, new, after], [-1, columns], np.float32,
                          options="ConcatenationOptions")
        case.graphs[body].outputs += [after_place, joined_items, new, data]
    results = [case.tensor([], np.int32), case.tensor([-1, columns], np.float32, output=True),
               case.tensor([1, columns], np.float32, output=True), case.tensor([rows, columns], np.float32)]
    case.main.operator(
        "WHILE", 1, [case.constant(0, np.int32), case.constant(np.zeros((rows, columns)), np.float32),
                     case.constant(np.zeros((1, columns)), np.float32), source], results, "WhileOptions",
        condSubgraphIndex=condition, bodySubgraphIndex=body)


def kept_sums(case):
    """A variable that sums of selected rows are added to, from run to run; a graph that is called once sets it."""
    rows, columns = case.size(3, 9), case.size(2, 6)
    first = case.graph()

    def handle(graph):
        index = case.graphs[graph].tensor(case.name(), (), np.int32)
        case.graphs[graph].tensors[index].type = schema.TensorType.RESOURCE
        case.graphs[graph].operator("VAR_HANDLE", 1, [], [index], "VarHandleOptions", container="", sharedName="kept")
        return index
    case.graphs[first].operator(
        "ASSIGN_VARIABLE", 1, [handle(first), case.constant(case.random.normal(0, 1, columns), np.float32, first)], [],
        "AssignVariableOptions")
    case.main.operator("CALL_ONCE", 1, [], [], "CallOnceOptions", initSubgraphIndex=first)
    mask = case.input((rows,), bool, case.truths(rows))
    table = case.input((rows, columns), np.float32, case.reals(rows, columns))
    places = case.op("WHERE", [mask], [-1, 1], np.int64)
    picked = case.op("GATHER_ND", [table, places], [-1, columns], np.float32, options="GatherNdOptions")
    total = case.op("SUM", [picked, case.constant([0], np.int32)], [columns], np.float32, options="ReducerOptions")
    variable = handle(0)
    before = case.op("READ_VARIABLE", [variable], [columns], np.float32, options="ReadVariableOptions")
    after = case.op("ADD", [before, total], [columns], np.float32, options="AddOptions", output=True)
    case.main.operator("ASSIGN_VARIABLE", 1, [variable, after], [], "AssignVariableOptions")


SINGLES = [where, unique, top, slice_anywhere, slice_moving, strided_index, strided_anywhere, reshape_to, fill, tile,
           broadcast, pad, one_hot, transpose, sums, scatter, numbers, quantized_rows, set_items, kept_sums]


def single(kind, seed):
    case = Case(kind.__name__, seed)
    kind(case)
    return case


def result(interpreter, detail):
    """A copy of an output; the interpreter hands out none without elements."""
    if np.prod(detail["shape"]) == 0:
        return np.zeros(detail["shape"], detail["dtype"])
    return interpreter.get_tensor(detail["index"]).copy()


def write(case, folder):
    """Runs a case and writes it; returns its row of the index, or what LiteRT said against it."""
    model = pack(case.graphs)
    runs = []
    try:
        interpreter = litert.reference_interpreter(model)
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        for _ in range(RUNS):
            values = [np.asarray(draw(case.random), detail["dtype"]).reshape(detail["shape"])
                      for draw, detail in zip(case.draws, inputs, strict=True)]
            for detail, value in zip(inputs, values):
                interpreter.set_tensor(detail["index"], value)
            interpreter.invoke()
            runs.append((values, [result(interpreter, detail) for detail in interpreter.get_output_details()]))
    except (RuntimeError, ValueError) as error:
        return None, str(error).strip().splitlines()[0]
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.tflite"), "wb") as file:
        file.write(model)
    for run, (values, results) in enumerate(runs):
        tail = f"-run{run}" if run else ""
        for kind, arrays in (("input", values), ("output", results)):
            for index, array in enumerate(arrays):
                array.tofile(os.path.join(folder, f"{kind}-{index}{tail}.bin"))

    def describe(detail):
        return {"name": detail["name"], "dtype": np.dtype(detail["dtype"]).name,
                "shape": [int(size) for size in detail["shape"]]}
    parameters = {}
    if case.bounds:
        parameters["bound"] = ";".join(f"{name}={','.join(map(str, shape))}" for name, shape in case.bounds.items())
    description = {
        "op": case.operator, "dtype": np.dtype(outputs[0]["dtype"]).name, "seed": case.seed, "params": parameters,
        "runs": RUNS, "exact": not any(detail["dtype"] == np.float32 for detail in outputs), "notes": [],
        "inputs": [describe(detail) for detail in inputs],
        "outputs": [describe(detail) | {"shapes": [list(results[index].shape) for _, results in runs]}
                    for index, detail in enumerate(outputs)],
    }
    with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as file:
        json.dump(description, file, indent=1)
    return {key: description[key] for key in ("op", "dtype", "seed", "runs", "exact")}, None


def cases(first, count):
    if first is None:
        for kind in SINGLES:
            yield from (single(kind, seed) for seed in range(2))
        for number, head in enumerate(HEADS):
            yield chain(head, [], number)
            yield chain(head, [TAILS[number], TAILS[(number + 5) % len(TAILS)]], 100 + number)
        for number, tail in enumerate(TAILS):
            yield chain(HEADS[number % len(HEADS)], [tail], 200 + number)
        return
    for seed in range(first, first + count):
        random = np.random.default_rng(seed)
        if random.random() < 0.4:
            yield single(SINGLES[seed % len(SINGLES)], seed)
        else:
            tails = [TAILS[int(index)] for index in random.integers(0, len(TAILS), int(random.integers(0, 6)))]
            yield chain(HEADS[seed % len(HEADS)], tails, seed)


def main():
    folder, *numbers_given = sys.argv[1:]
    first, count = [int(number) for number in numbers_given] or (None, None)
    rows, refused = [], 0
    for case in cases(first, count):
        name = f"case-{len(rows)}"
        row, refusal = write(case, os.path.join(folder, name))
        if row is None:
            print(f"REFUSED {case.operator} {case.seed}: {refusal}")
            refused += 1
            continue
        rows.append({"case": name} | row)
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"cases": rows}, file, indent=1)
    print(f"{len(rows)} cases, {refused} refused")


if __name__ == "__main__":
    main()
