"""Makes the cases of Fixtures/cases-further: operators and forms that few networks have.

    python make_further_cases.py CASES_FOLDER

Sparse constants and DENSIFY, composites, Fourier transforms, unsorted segments, buckets, random numbers, tables that are
dequantized, packed elements, dilations and volumes. Each model runs under LiteRT's BUILTIN_REF kernels, in a process of
its own, as LiteRT may abort; a case that is refused is printed with its parameters and left out. Matrices in blocks,
whose layers the reference cannot run, have their outputs from their definition, computed in double precision.

The folder gets index.json and case-N/{model.tflite, input-I.bin, output-I.bin, output-I-run1.bin, ..., case.json}.
"""
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import numpy as np
from ai_edge_litert import schema_py_generated as schema

import litert
from make_elementwise_cases import Case
from make_extra_cases import tensor_row


class Further(Case):
    """A case that may have several runs, or outputs by definition."""

    runs, derived = 1, None

    def constant(self, values, dtype=None):
        """A constant operand."""
        return self.input(np.asarray(values, dtype), constant=True)

    def result(self, source, shape, dtype="float32"):
        """Has the model's output be `source` plus an input of zeros and ones, so that it has an input."""
        other = self.random.integers(0, 2, shape).astype(dtype)
        index = self.model.input("other", shape, dtype)
        self.values.append(other)
        target = self.model.output("output0", shape, dtype)
        self.model.operator("ADD", 1, [source, index], [target], "AddOptions")
        return self


# Sparse constants


def levels(dense, order, block_map, block_sizes, is_sparse):
    """A tensor as TACO stores it: axis by axis in that order, each with all of its places or with a list of them."""
    rank = dense.ndim
    outer, inner = list(dense.shape), []
    split = []
    for axis in range(rank):
        size = block_sizes[block_map.index(axis)] if axis in block_map else 1
        outer[axis] //= size
        split += [outer[axis], size]
    blocked = dense.reshape(split)
    axes = [2 * axis for axis in range(rank)] + [2 * axis + 1 for axis in block_map]
    rest = [axis for axis in range(2 * rank) if axis not in axes]
    blocked = blocked.transpose([*axes, *rest]).reshape([*outer, *block_sizes])
    stored = blocked.transpose(order)
    parents, metadata = [()], []
    for level, sparse in enumerate(is_sparse):
        children, segments, indices = [], [0], []
        for parent in parents:
            for index in range(stored.shape[level]):
                if not sparse or np.any(stored[(*parent, index)]):
                    children.append((*parent, index))
                    indices.append(index)
            segments.append(len(indices))
        metadata.append((stored.shape[level], segments if sparse else None, indices))
        parents = children
    return metadata, np.array([stored[place] for place in parents], dense.dtype)


def sparsity(metadata, order, block_map, width):
    """The schema's table, with lists of numbers of that width."""
    kind, name = {32: (1, "Int32Vector"), 16: (2, "Uint16Vector"), 8: (3, "Uint8Vector")}[width]

    def vector(values):
        table = getattr(schema, f"{name}T")()
        table.values = values
        return table

    table = schema.SparsityParametersT()
    table.traversalOrder, table.blockMap = order, block_map
    table.dimMetadata = []
    for size, segments, indices in metadata:
        axis = schema.DimensionMetadataT()
        axis.format, axis.denseSize = int(segments is not None), size
        if segments is not None:
            axis.arraySegmentsType = axis.arrayIndicesType = kind
            axis.arraySegments, axis.arrayIndices = vector(segments), vector(indices)
        table.dimMetadata.append(axis)
    return table


def sparse_values(case, shape, dtype):
    values = case.random.integers(-9, 10, shape) * (case.random.random(shape) < 0.3)
    return (values / 4 if dtype.startswith("float") else values).astype(dtype)


FORMS = [  # shape, order, block map, block sizes, which levels are sparse
    ([8, 12], [0, 1], [], [], [False, True]),
    ([8, 12], [1, 0], [], [], [False, True]),
    ([8, 12], [0, 1], [], [], [True, True]),
    ([8, 12], [0, 1], [], [], [True, False]),
    ([8, 12], [0, 1, 2], [1], [4], [False, True, False]),
    ([8, 12], [0, 1, 2, 3], [0, 1], [4, 2], [False, True, False, False]),
    ([8, 12], [1, 0, 3, 2], [0, 1], [2, 3], [True, True, False, False]),
    ([5, 3, 3, 8], [0, 1, 2, 3], [], [], [False, False, False, True]),
    ([4, 2, 3, 8], [3, 0, 1, 2, 4], [3], [4], [False, True, False, True, False]),
    ([16], [0], [], [], [True]),
    ([16], [0, 1], [0], [16], [True, False]),
]


def sparse_constants():
    for form, (shape, order, block_map, block_sizes, is_sparse) in enumerate(FORMS):
        for dtype in ("float32", "float16", "int8"):
            width = [32, 16, 8][(form + len(dtype)) % 3]
            case = Further("DENSIFY", dtype, form=form, width=width)
            metadata, values = levels(sparse_values(case, shape, dtype), order, block_map, block_sizes, is_sparse)
            scale = 0.25 if dtype == "int8" else None
            table = sparsity(metadata, order, block_map, width)
            source = case.model.packed("sparse", shape, dtype.upper(), values.tobytes(), scale, sparsity=table)
            dense = case.model.packed("dense", shape, dtype.upper(), None, scale)
            case.model.operator("DENSIFY", 1, [source], [dense], "DensifyOptions")
            if dtype != "float32":
                real = case.model.tensor("real", shape, np.float32)
                case.model.operator("DEQUANTIZE", 3, [dense], [real], "DequantizeOptions")
                dense = real
            yield case.result(dense, shape)
    for block in (1, 4):
        case = Further("FULLY_CONNECTED", "float32", sparse=True, block=block)
        order, block_map = ([0, 1], []) if block == 1 else ([0, 1, 2], [1])
        is_sparse = [False, True, False][: len(order)]
        metadata, values = levels(
            sparse_values(case, [8, 12], "float32"), order, block_map, [block] if block_map else [], is_sparse)
        case.input(case.draw([3, 12]))
        case.sources.append(case.model.packed(
            "weights", [8, 12], "FLOAT32", values.tobytes(), sparsity=sparsity(metadata, order, block_map, 32)))
        case.constant(case.draw([8]))
        yield case.output([3, 8], options="FullyConnectedOptions")


# Composites

NO_ATTRIBUTES = [0, 0, 1, 3, 36, 1]  # a FlexBuffer: an empty map


def composites():
    for outputs in (1, 2):
        case = Further("STABLEHLO_COMPOSITE", "float32", outputs=outputs)
        case.input(case.draw([3, 4])).input(case.draw([4]), constant=True)
        inner = case.model.subgraph()
        x, w = inner.input("x", [3, 4], np.float32), inner.input("w", [4], np.float32)
        product = inner.output("product", [3, 4], np.float32)
        inner.operator("MUL", 1, [x, w], [product], "MulOptions")
        targets = [case.model.output("output0", [3, 4], np.float32)]
        if outputs == 2:
            total = inner.output("total", [3, 4], np.float32)
            inner.operator("ADD", 1, [product, x], [total], "AddOptions")
            targets.append(case.model.output("output1", [3, 4], np.float32))
        case.model.operator(
            "STABLEHLO_COMPOSITE", 1, case.sources, targets, "StableHLOCompositeOptions", name="odml.product",
            decompositionSubgraphIndex=1, compositeAttributes=NO_ATTRIBUTES)
        yield case
    case = Further("STABLEHLO_COMPOSITE", "int32", nested=True)
    case.input(case.draw([5]))
    outer, inner = case.model.subgraph(), case.model.subgraph()
    for graph, index in ((outer, 2), (inner, None)):
        x, y = graph.input("x", [5], np.int32), graph.output("y", [5], np.int32)
        if index is None:
            graph.operator("ADD", 1, [x, x], [y], "AddOptions")
        else:
            middle = graph.tensor("middle", [5], np.int32)
            for source, target in ((x, middle), (middle, y)):
                graph.operator(
                    "STABLEHLO_COMPOSITE", 1, [source], [target], "StableHLOCompositeOptions", name="odml.twice",
                    decompositionSubgraphIndex=index, compositeAttributes=NO_ATTRIBUTES)
    yield case.output(
        [5], options="StableHLOCompositeOptions", name="odml.four_times", decompositionSubgraphIndex=1,
        compositeAttributes=NO_ATTRIBUTES)


# Fourier transforms and complex numbers


def transforms():
    for shape, lengths in [
        ([1, 16], [1, 16]), ([3, 1, 20], [1, 32]), ([2, 3, 8, 8], [8, 8]), ([8, 8], [4, 4]), ([3, 5], [8, 16]),
        ([2, 4, 2], [4, 2]), ([1, 2], [1, 2]), ([32, 2], [64, 2]), ([2, 1, 600], [1, 512]), ([5, 7], [2, 4]),
    ]:
        for part in ("REAL", "IMAG", "COMPLEX_ABS"):
            case = Further("RFFT2D", "float32", shape=shape, lengths=lengths, part=part)
            case.input(case.draw(shape)).constant(lengths, np.int32)
            size = [*shape[:-2], lengths[0], lengths[1] // 2 + 1]
            spectrum = case.model.tensor("spectrum", size, np.complex64)
            case.model.operator("RFFT2D", 1, case.sources, [spectrum], "Rfft2dOptions")
            target = case.model.output("output0", size, np.float32)
            case.model.operator(part, 1, [spectrum], [target])
            yield case
    special = [0, -0.0, 1e-30, 1e30, np.inf, -np.inf, np.nan, 3, -4, 1e-42]
    for part in ("REAL", "IMAG", "COMPLEX_ABS"):
        for dtype, real in (("complex64", "float32"), ("complex128", "float64")):
            case = Further(part, dtype)
            if real == "float32":
                numbers = np.array([complex(a, b) for a in special for b in special], dtype)
            else:
                numbers = np.array([complex(3 * k, -4 * k) for k in (0, 1, 2.5, 2.0**900, 2.0**-900)], dtype)
            yield case.input(numbers).output(numbers.shape, real)


# Segments and buckets


def segments():
    for kind in ("SUM", "PROD", "MAX", "MIN"):
        for dtype in ("float32", "int32"):
            for shape, rank, count, constant in [
                ([6, 3], 1, 4, False), ([6, 3], 1, 9, True), ([2, 4, 3], 2, 5, False), ([7], 1, 3, True), ([4], 0, 2, True),
            ]:
                case = Further(f"UNSORTED_SEGMENT_{kind}", dtype, shape=shape, rank=rank, count=count, constant=constant)
                low, high = (-6, 6) if dtype == "float32" else (-(2**31), 2**31 - 1)
                case.input(case.draw(shape, low=low, high=high))
                numbers = case.random.integers(-1, count, shape[:rank]).astype(np.int32)
                case.input(numbers, constant=constant).constant(count, np.int32)
                kind_name = kind.capitalize()
                yield case.output([count, *shape[rank:]], options=f"UnsortedSegment{kind_name}Options")


def buckets():
    limits = [-10.0, -0.5, 0.0, 0.0, 0.1, 1.0, 16777217.0, np.inf]
    for dtype in ("float32", "float64", "int32", "int64"):
        for count in (len(limits), 0, 1):
            case = Further("BUCKETIZE", dtype, count=count)
            values = np.array([-11, -10, -0.5, -0.25, 0, 0.1, 0.5, 1, 2, 16777216, 16777217, 16777218, 2**31 - 1])
            if dtype.startswith("float"):
                values = np.concatenate([values, [np.inf, -np.inf, np.nan, -0.0, np.nextafter(0.1, 1)]])
            values = values.astype(dtype)
            yield case.input(values).output(
                values.shape, "int32", options="BucketizeOptions", boundaries=limits[:count])


# Random numbers


def randoms():
    for seeds in ([1, 0], [0, 5], [-7, 2**40 + 3], [2**63 - 1, -1]):
        for operator in ("RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL"):
            for shape in ([4, 5], [7], [1], [2, 3, 11]):
                case = Further(operator, "float32", seeds=seeds, shape=shape)
                case.runs = 3
                yield case.constant(shape, np.int32).output(
                    shape, options="RandomOptions", seed=seeds[0], seed2=seeds[1])
        for target in ("int32", "int64"):
            for shape, samples in (([2, 5], 7), ([3, 4], 4), ([1, 1], 3), ([4, 30], 1)):
                case = Further("MULTINOMIAL", target, seeds=seeds, shape=shape, samples=samples)
                case.runs = 3
                logits = case.draw(shape, "float32")
                if shape[1] == 5:
                    logits[1, 2], logits[0, 0] = -np.inf, np.nan
                case.input(logits).constant(samples, np.int32)
                yield case.output([shape[0], samples], options="RandomOptions", seed=seeds[0], seed2=seeds[1])


# Tables and packed elements


def pack(values, bits):
    """Integers of 2 or 4 bits in bytes, from the low bits on."""
    values = np.asarray(values).reshape(-1).astype(np.int64) & ((1 << bits) - 1)
    values = np.concatenate([values, np.zeros(-len(values) % (8 // bits), np.int64)]).reshape(-1, 8 // bits)
    return (values << (bits * np.arange(8 // bits))).sum(1).astype(np.uint8).tobytes()


BITS = {"INT8": 8, "UINT8": 8, "INT4": 4, "INT2": 2}


def table_bytes(case, shape, kind):
    """Elements of all values of a type, packed."""
    bits = BITS[kind]
    values = case.random.integers(-(1 << (bits - 1)), 1 << (bits - 1), shape)
    return values, (values.astype(np.int8).tobytes() if bits == 8 else pack(values, bits))


def embeddings():
    for kind in BITS:
        for scales in ("tensor", "row"):
            for target in ("float32", "float16"):
                for shape in ([9, 16], [6, 2, 8]):
                    case = Further("EMBEDDING_LOOKUP", target, table=kind, scales=scales, shape=shape)
                    case.version = 5
                    case.input(case.random.integers(0, shape[0], 5).astype(np.int32))
                    scale = case.random.uniform(0.01, 0.1, 1 if scales == "tensor" else shape[0])
                    case.sources.append(case.model.packed("table", shape, kind, table_bytes(case, shape, kind)[1], scale))
                    yield case.output([5, *shape[1:]], target)
    for target in ("float32", "float16"):
        for block in (4, 16):
            case = Further("EMBEDDING_LOOKUP", target, table="INT4", block=block)
            case.version = 5
            case.input(case.random.integers(0, 7, 6).astype(np.int32))
            case.sources.append(blockwise(case, [7, 16], block)[0])
            yield case.output([6, 16], target)


def blockwise(case, shape, block):
    """A matrix of int4 with a float16 scale for each block along its rows; and the real numbers it stands for."""
    values, data = table_bytes(case, shape, "INT4")
    scales = case.random.uniform(0.01, 0.1, (shape[0], shape[1] // block)).astype(np.float16)
    index = case.model.packed("matrix", shape, "INT4", data)
    quantization = schema.QuantizationParametersT()
    quantization.detailsType = schema.QuantizationDetails.BlockwiseQuantization
    quantization.details = schema.BlockwiseQuantizationT()
    quantization.details.scales = case.model.tensor("scales", scales.shape, np.float16, data=scales)
    quantization.details.zeroPoints, quantization.details.blockSize = -1, block
    case.model.tensors[index].quantization = quantization
    return index, values * np.repeat(scales.astype(np.float64), block, 1)


def blockwise_layers():
    for shape, block, rows in (([16, 64], 32, 2), ([5, 32], 32, 1), ([3, 96], 16, 4), ([40, 256], 128, 3)):
        for activation in (0, 1):
            case = Further("FULLY_CONNECTED", "float32", shape=shape, block=block, rows=rows, activation=activation)
            case.version = 13
            x, bias = case.draw([rows, shape[1]], low=-0.25, high=0.25), case.draw([shape[0]], low=-1, high=1)
            case.input(x)
            index, real = blockwise(case, shape, block)
            case.sources.append(index)
            case.constant(bias)
            output = x.astype(np.float64) @ real.T + bias
            case.derived = [np.maximum(output, 0 if activation else -np.inf).astype(np.float32)]
            yield case.output(
                [rows, shape[0]], options="FullyConnectedOptions", fusedActivationFunction=activation)


def packed_gathers():
    for shape, axis, indices in (([12, 16], 0, [5]), ([3, 6, 8], 1, [2, 2]), ([4, 2], 0, [3])):
        case = Further("GATHER", "INT4", shape=shape, axis=axis)
        size = [*shape[:axis], *indices, *shape[axis + 1:]]
        source = case.model.packed("table", shape, "INT4", table_bytes(case, shape, "INT4")[1], 0.125, 0)
        case.sources.append(source)
        case.input(case.random.integers(0, shape[axis], indices).astype(np.int32))
        picked = case.model.packed("picked", size, "INT4", None, 0.125, 0)
        case.model.operator("GATHER", 5, case.sources, [picked], "GatherOptions", axis=axis)
        target = case.model.output("output0", size, np.float32)
        case.model.operator("DEQUANTIZE", 6, [picked], [target], "DequantizeOptions")
        yield case


# Movements, volumes and stored numbers


def dilations():
    for dtype in ("float32", "int8", "uint8", "int16", "int32", "int64", "bool"):
        for shape, factors in (([3, 3], [2, 3]), ([4], [1]), ([1, 5], [7, 2]), ([2, 3, 1, 2], [3, 1, 5, 1]), ([2, 2], [1, 4])):
            case = Further("DILATE", dtype, shape=shape, factors=factors)
            case.input(case.draw(shape)).constant(factors, np.int32).input(case.draw([]))
            size = [(count - 1) * factor + 1 for count, factor in zip(shape, factors)]
            yield case.output(size, options="DilateOptions")


def stable_pads():
    for dtype in ("float32", "int8", "int64"):
        for shape, low, high, between in (
            ([3, 4], [1, 0], [0, 2], [0, 0]), ([3, 4], [0, 1], [2, 0], [1, 2]), ([5], [-1], [-2], [0]),
            ([4, 3], [-2, 1], [1, -2], [1, 0]), ([2, 2, 2], [0, -1, 0], [0, 0, 3], [0, 1, 0]), ([3], [-3], [2], [1]),
            ([2], [-9], [12], [0]), ([1, 5], [2, -1], [0, -3], [9, 1]),
        ):
            case = Further("STABLEHLO_PAD", dtype, shape=shape, low=low, high=high, between=between)
            case.input(case.draw(shape)).input(case.draw([]))
            size = [
                lo + hi + (n - 1) * (gap + 1) + 1 for n, lo, hi, gap in zip(shape, low, high, between)]
            yield case.output(
                size, options="StablehloPadOptions", edgePaddingLow=low, edgePaddingHigh=high, interiorPadding=between)


def volumes():
    for (depth, height, width), kernel, strides, dilations_, padding, channels, bias in [
        ((3, 4, 5), (2, 3, 3), (1, 1, 1), (1, 1, 1), 0, (2, 3), True), ((3, 4, 5), (2, 2, 3), (2, 2, 2), (1, 1, 1), 1, (1, 2), True),
        ((2, 2, 2), (3, 3, 3), (2, 1, 2), (1, 1, 1), 0, (3, 1), False), ((3, 3, 3), (2, 2, 2), (1, 1, 1), (2, 1, 2), 1, (2, 2), True),
        ((1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 0, (4, 4), False),
    ]:
        for activation in (0, 1, 3):
            case = Further(
                "CONV_3D_TRANSPOSE", "float32", size=[depth, height, width], kernel=kernel, strides=strides,
                dilations=dilations_, padding=padding, channels=channels, bias=bias, activation=activation)
            effective = [(k - 1) * d + 1 for k, d in zip(kernel, dilations_)]
            if padding == 0:
                size = [n * s for n, s in zip((depth, height, width), strides)]
            else:
                size = [(n - 1) * s + k for n, s, k in zip((depth, height, width), strides, effective)]
            output = [2, *size, channels[1]]
            case.constant(output, np.int32).input(case.draw([*kernel, channels[1], channels[0]]), constant=True)
            case.input(case.draw([2, depth, height, width, channels[0]]))
            if bias:
                case.constant(case.draw([channels[1]]))
            yield case.output(
                output, options="Conv3DOptions", padding=padding, strideD=strides[0], strideH=strides[1],
                strideW=strides[2], dilationDFactor=dilations_[0], dilationHFactor=dilations_[1],
                dilationWFactor=dilations_[2], fusedActivationFunction=activation)


def stored_numbers():
    for operator in ("ADD", "MULTIPLY", "MAXIMUM", "MINIMUM"):
        for dtype in ("float32", "int32", "int64"):
            case = Further(f"STABLEHLO_{operator}", dtype)
            yield case.input(case.draw([3, 5])).input(case.draw([3, 5])).output([3, 5])


# Windows and slices


def windows():
    for dtype in ("float32", "int64"):
        for function in ("ADD", "MULTIPLY", "MINIMUM", "MAXIMUM"):
            for shape, window, strides, dilations_ in (
                ([5, 6], [2, 3], [1, 1], [1, 1]), ([7], [3], [2], [2]), ([4, 4, 2], [2, 1, 2], [2, 1, 1], [1, 3, 1]),
                ([2, 3], [1, 1], [1, 2], [1, 1]),
            ):
                size = [
                    (n - (w - 1) * d - 1) // step + 1 for n, w, step, d in zip(shape, window, strides, dilations_)]
                case = Further("REDUCE_WINDOW", dtype, function=function, shape=shape, window=window)
                initial = case.random.integers(-2, 3)
                case.input(case.draw(shape)).constant(initial, dtype)
                case.constant(window, np.int64).constant(strides, np.int64).constant(dilations_, np.int64)
                number = {"ADD": 1, "MULTIPLY": 2, "MINIMUM": 3, "MAXIMUM": 4}[function]
                yield case.output(size, options="ReduceWindowOptions", reduceFunction=number)
            for shape, window, strides, spread, dilations_, edges in (
                ([5, 6], [2, 3], [1, 2], [1, 1], [1, 1], [0, 0, 0, 0]),
                ([4, 3], [2, 2], [1, 1], [2, 1], [1, 2], [1, 0, 2, 1]),
                ([6], [3], [1], [1], [1], [2, -1]), ([1, 4, 4, 2], [1, 3, 3, 1], [1, 2, 2, 1], [1] * 4, [1] * 4, [0, 0, 1, 1, 1, 1, 0, 0]),
            ):
                padded = [
                    edges[2 * axis] + edges[2 * axis + 1] + (n - 1) * spread[axis] + 1 for axis, n in enumerate(shape)]
                size = [
                    (n - (w - 1) * d - 1) // step + 1 for n, w, step, d in zip(padded, window, strides, dilations_)]
                case = Further("STABLEHLO_REDUCE_WINDOW", dtype, function=function, shape=shape, window=window, edges=edges)
                case.input(case.draw(shape)).constant({"ADD": 0, "MULTIPLY": 1}.get(function, 2), dtype)
                body = case.model.subgraph()
                x, y = body.input("x", [], dtype), body.input("y", [], dtype)
                body.operator(f"STABLEHLO_{function}", 1, [x, y], [body.output("joined", [], dtype)])
                yield case.output(
                    size, options="StablehloReduceWindowOptions", windowDimensions=window, windowStrides=strides,
                    baseDilations=spread, windowDilations=dilations_, padding=edges, bodySubgraphIndex=1)


def stable_gathers():
    for dtype in ("float32", "int8", "int64"):
        for indices_type in ("int32", "int64"):
            for shape, indices, offset, collapsed, mapped, vector, sizes, output in (
                ([5, 4], [3, 1], [1], [0], [0], 1, [1, 4], [3, 4]),
                ([3, 4, 2], [2, 3, 2], [2, 3], [0], [1, 0], 2, [1, 2, 2], [2, 3, 2, 2]),
                ([6, 3], [4], [0, 1], [], [0], 1, [2, 3], [2, 3, 4]),
                ([4, 5], [2, 3], [1], [1], [0, 1], 0, [3, 1], [3, 3]),
                ([4, 3, 2], [2], [0, 1, 2], [], [2, 0], 0, [2, 3, 1], [2, 3, 1]),
            ):
                case = Further("STABLEHLO_GATHER", dtype, shape=shape, indices=indices, index_type=indices_type, vector=vector)
                case.input(case.draw(shape)).input(case.random.integers(-1, 6, indices).astype(indices_type))
                yield case.output(
                    output, options="StablehloGatherOptions", offsetDims=offset, collapsedSliceDims=collapsed,
                    startIndexMap=mapped, indexVectorDim=vector, sliceSizes=sizes)


# float16 operands

HALF_TURNS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, -3.0, 6.0, 9.0, -9.0, 17.0, -17.0, 65504.0, -65504.0, 2.0**-14,
    2.0**-24, -(2.0**-24), 1 + 2.0**-10, 0.1, -0.0014648, 30.0, -30.0]


def halves():
    def numbers(case, count=300):
        values = case.random.normal(0, 1, count) * 2.0 ** case.random.integers(-16, 9, count)
        return np.concatenate([HALF_TURNS, values]).astype("float16")

    for operator in "NEG FLOOR SIN COS TANH LOGISTIC".split():
        case = Further(operator, "float16")
        values = numbers(case)
        case.version = 3 if operator in ("TANH", "LOGISTIC") else 1
        yield case.input(values).output(values.shape)
    for approximate in (False, True):
        case = Further("GELU", "float16", 2, approximate=approximate)
        values = numbers(case)
        yield case.input(values).output(values.shape, options="GeluOptions", approximate=approximate)
    for shape, beta in (([4, 37], 1.0), ([2, 3, 5], 0.5), ([1, 1], 2.0), ([3, 300], 1.0)):
        case = Further("SOFTMAX", "float16", 3, shape=shape, beta=beta)
        values = case.random.normal(0, 3, shape).astype("float16")
        yield case.input(values).output(shape, options="SoftmaxOptions", beta=beta)
    for operator, version in (("ADD", 5), ("MUL", 7)):
        for activation in range(4):
            case = Further(operator, "float16", version, activation=activation)
            values = numbers(case)
            yield case.input(values).input(case.random.permutation(values)).output(
                values.shape, options=f"{operator.capitalize()}Options", fusedActivationFunction=activation)
    for operator, version in (
        ("ADD", 5), ("MUL", 7), ("MAXIMUM", 4), ("MINIMUM", 4), ("EQUAL", 5), ("NOT_EQUAL", 4), ("LESS", 3),
        ("LESS_EQUAL", 2), ("GREATER", 2), ("GREATER_EQUAL", 3)):
        target = "float16" if version > 3 and "EQUAL" not in operator else "bool"
        for shapes in (([2, 3, 4], [3, 1]), ([5], [5])):
            for constant in (False, True):
                case = Further(operator, "float16", version, shapes=shapes, constant=constant)
                values = [case.random.integers(-8, 9, shape).astype("float16") / np.float16(3) for shape in shapes]
                case.input(values[0]).input(values[1], constant=constant)
                yield case.output(np.broadcast_shapes(*shapes), target)
    for operator in ("ATAN2", "STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM"):
        case = Further(operator, "float16")
        values = numbers(case, 100)
        yield case.input(values).input(case.random.permutation(values)).output(values.shape)


# Recurrent layers


def bidirectional_rnns():
    """Two layers of three and four units over one input, three runs in a row."""
    batches, steps, size = 2, 3, 5
    for form in ("float32", "int8", "uint8"):
        for time_major in (False, True):
            for merged in (False, True):
                for activation, asymmetric in ((4, False), (1, form != "float32")):
                    case = Further(
                        "BIDIRECTIONAL_SEQUENCE_RNN", "float32", 3, form=form, time_major=time_major, merged=merged,
                        activation=activation, asymmetric=asymmetric)
                    case.runs = 3
                    rows = (steps, batches) if time_major else (batches, steps)
                    case.input(case.draw([*rows, size], low=-1, high=1))

                    def weights(*shape):
                        values = case.random.normal(0, 0.5, shape).astype(np.float32)
                        scale = np.abs(values).max() / np.float32(127)
                        if form == "float32":
                            return case.model.tensor("weights", shape, np.float32, data=values)
                        stored = np.round(values / scale).astype(np.int8).view(form)
                        return case.model.tensor("weights", shape, form, scale=scale, data=stored)

                    for units in (3, 4):
                        case.sources += [weights(units, size), weights(units, units)]
                        case.sources.append(case.model.constant("bias", case.draw([units], low=-1, high=1), np.float32))
                        case.sources.append(case.model.tensor("state", [batches, units], np.float32))
                        case.model.tensors[case.sources[-1]].isVariable = True
                    case.sources += [-1, -1, -1]
                    widths = [7] if merged else [3, 4]
                    targets = [
                        case.model.output(f"output{index}", [*rows, width], np.float32)
                        for index, width in enumerate(widths)]
                    case.model.operator(
                        case.operator, 3, case.sources, targets, "BidirectionalSequenceRNNOptions",
                        timeMajor=time_major, mergeOutputs=merged, fusedActivationFunction=activation,
                        asymmetricQuantizeInputs=asymmetric)
                    yield case


FAMILIES = [
    sparse_constants, composites, transforms, segments, buckets, randoms, embeddings, blockwise_layers, packed_gathers,
    dilations, stable_pads, windows,
    stable_gathers, volumes, stored_numbers, halves,
    bidirectional_rnns]


def reference_runs(case):
    """The outputs of all runs in one interpreter."""
    interpreter = litert.reference_interpreter(case.model.pack())
    runs = []
    for _ in range(case.runs):
        for detail, value in zip(interpreter.get_input_details(), case.values, strict=True):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        runs.append([interpreter.get_tensor(detail["index"]).copy() for detail in interpreter.get_output_details()])
    return runs


def outputs(case):
    """The outputs of all runs, or the text of a refusal."""
    if case.derived is not None:
        return [case.derived], None
    with ProcessPoolExecutor(1, get_context("fork")) as pool_of_one:
        try:
            return pool_of_one.submit(reference_runs, case).result(), None
        except (BrokenProcessPool, RuntimeError, ValueError) as error:
            return None, " ".join(str(error).split())


def write(case, runs, folder):
    """Writes the files of one case; returns its row of the index."""
    os.makedirs(folder)
    with open(os.path.join(folder, "model.tflite"), "wb") as file:
        file.write(case.model.pack())
    for run, arrays in enumerate(runs):
        tail = f"-run{run}" if run else ""
        for kind, values in (("input", case.values), ("output", arrays)):
            for index, array in enumerate(values):
                np.ascontiguousarray(array).tofile(os.path.join(folder, f"{kind}-{index}{tail}.bin"))
    row = {"op": case.operator, "dtype": case.dtype, "seed": case.seed, "runs": case.runs, "exact": False}
    description = row | {
        "params": case.parameters, "notes": ["by definition"] if case.derived is not None else [],
        "inputs": [tensor_row(case.model, index) for index in case.model.inputs],
        "outputs": [tensor_row(case.model, index) for index in case.model.outputs]}
    with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as file:
        json.dump(description, file, indent=1)
    return row


def main():
    root = sys.argv[1]
    rows, refused = [], 0
    for family in FAMILIES:
        if len(sys.argv) > 2 and family.__name__ not in sys.argv[2:]:
            continue
        for case in family():
            runs, refusal = outputs(case)
            if refusal is not None:
                print(f"REFUSED {case}: {refusal}")
                refused += 1
                continue
            declared = [tuple(case.model.tensors[i].shape) for i in case.model.outputs]
            if declared != [output.shape for output in runs[0]]:
                raise ValueError(f"{case}: declared {declared}, LiteRT made {[o.shape for o in runs[0]]}")
            name = f"case-{len(rows)}"
            rows.append({"case": name} | write(case, runs, os.path.join(root, name)))
    with open(os.path.join(root, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"cases": rows}, file, indent=1)
    print(f"{len(rows)} cases, {refused} refused")


if __name__ == "__main__":
    main()
