"""Makes the cases of Fixtures/cases-arithmetic: what quantization decides in corners that the other folders leave out.

    python make_arithmetic_cases.py CASES_FOLDER

Detections with several classes a box; layers of float32 activations and integer weights whose activations lie between
two integers when they are quantized in a run; channels whose scale is 0 or negative; ratios of scales beyond 32 bits;
integers without quantization; the types of operators that the other folders lack; quotients and sums at the end of what
numbers hold.  Each model runs under LiteRT's BUILTIN_REF kernels; a case that they refuse is printed with its parameters
and left out.

The folder gets what make_extra_cases.py describes; `exact` is false where an output is float32, but for those layers,
which must match in every bit.
"""
import json
import os
import sys

import numpy as np
from flatbuffers import flexbuffers

from make_extra_cases import SAME, activation, reference_outputs, schema, window_size
from make_float_cases import Case, write
from stateful_cases import halves


def detection(*, boxes, classes, most, classes_of_box, threshold=0.0, overlap=0.5, regular=False, per_class=100,
              dtype="float32", background=True):
    """TFLite_Detection_PostProcess; rows that the reference does not fill are made 0."""
    case = Case("CUSTOM", dtype, boxes=boxes, classes=classes, most=most, classes_of_box=classes_of_box,
                threshold=threshold, overlap=overlap, regular=regular, per_class=per_class, background=background)
    columns = classes + background
    anchors = np.column_stack([case.random.uniform(0.1, 0.9, (boxes, 2)), case.random.uniform(0.1, 0.6, (boxes, 2))])
    if dtype == "float32":
        middles = case.model.constant("anchors", anchors, np.float32)
        places = case.input((1, boxes, 4), values=case.real((1, boxes, 4), 2))
        scores = case.input((1, boxes, columns), values=case.random.uniform(0, 1, (1, boxes, columns)))
    else:
        # The reference takes anchors for the type of the boxes.
        middles = case.model.tensor("anchors", (boxes, 4), dtype, 1 / 255, data=np.rint(anchors * 255))
        places = case.input((1, boxes, 4), scale=0.03, zero_point=128)
        scores = case.input((1, boxes, columns), scale=1 / 256)
    options = {
        "max_detections": most, "max_classes_per_detection": classes_of_box, "detections_per_class": per_class,
        "use_regular_nms": regular, "nms_score_threshold": threshold, "nms_iou_threshold": overlap,
        "num_classes": classes, "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0}
    flex = flexbuffers.Builder()
    with flex.Map():
        for key, value in options.items():
            flex.Key(key)
            {bool: flex.Bool, int: flex.Int, float: flex.Float}[type(value)](value)
    rows = most * classes_of_box
    outputs = [case.output(shape, "float32") for shape in ((1, rows, 4), (1, rows), (1, rows), (1,))]
    case.model.custom_operator(
        "TFLite_Detection_PostProcess", [places, scores, middles], outputs, bytes(flex.Finish()))

    def finish(arrays):
        for array in arrays[:3]:
            array[:, int(arrays[3][0]) * (1 if regular else classes_of_box):] = 0
            if not regular:
                array.reshape(most, classes_of_box, -1)[:, classes:] = 0
    case.finish = finish
    return case


def detections():
    for dtype in ("float32", "uint8"):
        for classes_of_box in (1, 2, 3, 4):
            # All rows are filled; then fewer boxes than there is room for.
            yield detection(boxes=30, classes=4, most=5, classes_of_box=classes_of_box, dtype=dtype)
            yield detection(boxes=7, classes=4, most=9, classes_of_box=classes_of_box, threshold=0.6, dtype=dtype)
        yield detection(boxes=12, classes=3, most=4, classes_of_box=3, background=False, dtype=dtype)
        yield detection(boxes=12, classes=3, most=6, classes_of_box=2, regular=True, per_class=2, dtype=dtype)
    # No box is good enough.
    yield detection(boxes=5, classes=3, most=4, classes_of_box=2, threshold=1.5)


class Hybrid(Case):
    """A layer whose activations are odd multiples of half a step, and neighbours of them."""

    def __init__(self, operator, **parameters):
        super().__init__(operator, "float32", **parameters)
        self.is_exact = True

    def halves(self, rows, *shape):
        """Adds an input of which every one of the first `rows` parts is quantized as one."""
        count = int(np.prod(shape))
        return self.input((rows, *shape), values=halves((rows, count), self.random).reshape(rows, *shape))


def hybrid_fully_connected(rows, depth, units, weights="int8", per_channel=False, asymmetric=False, act="NONE"):
    case = Hybrid("FULLY_CONNECTED", rows=rows, depth=depth, units=units, weights=weights, per_channel=per_channel,
                  asymmetric=asymmetric, act=act)
    source = case.halves(rows, depth)
    kernel = case.weights((units, depth), weights, 0, per_channel)
    case.model.operator(
        "FULLY_CONNECTED", 12, [source, kernel, case.bias(units)], [case.output((rows, units))],
        "FullyConnectedOptions", asymmetricQuantizeInputs=asymmetric, fusedActivationFunction=activation(act))
    return case


def hybrid_matrix_multiply(batches, rows, depth, columns, asymmetric=False):
    case = Hybrid("BATCH_MATMUL", batches=batches, rows=rows, depth=depth, columns=columns, asymmetric=asymmetric)
    source = case.input((batches, rows, depth), values=halves((batches, rows, depth), case.random))
    case.model.operator(
        "BATCH_MATMUL", 4, [source, case.weights((depth, columns), "int8")], [case.output((batches, rows, columns))],
        "BatchMatMulOptions", asymmetricQuantizeInputs=asymmetric)
    return case


def hybrid_convolution(operator, batches, size, channels, filters, weights="int8", per_channel=False, act="NONE"):
    case = Hybrid(operator, batches=batches, size=size, channels=channels, filters=filters, weights=weights,
                  per_channel=per_channel, act=act)
    depthwise = operator == "DEPTHWISE_CONV_2D"
    source = case.halves(batches, *size, channels)
    kernel = case.weights((1, 3, 2, filters) if depthwise else (filters, 3, 2, channels), weights,
                          3 if depthwise else 0, per_channel)
    sizes = [window_size(*each, SAME) for each in zip(size, (3, 2), (1, 1), (1, 1))]
    fields = {"depthMultiplier": filters // channels} if depthwise else {}
    case.model.operator(
        operator, 6 if depthwise else 5, [source, kernel, case.bias(filters)],
        [case.output((batches, *sizes, filters))], "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions",
        padding=schema.Padding.SAME, strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1,
        fusedActivationFunction=activation(act), **fields)
    return case


def hybrids():
    for asymmetric in (False, True):
        for depth in (7, 8, 15, 40):
            yield hybrid_fully_connected(3, depth, 5, asymmetric=asymmetric)
        yield hybrid_fully_connected(2, 33, 17, per_channel=True, asymmetric=asymmetric, act="RELU6")
        yield hybrid_fully_connected(2, 20, 8, "int4", per_channel=True, asymmetric=asymmetric)
        yield hybrid_matrix_multiply(2, 3, 11, 4, asymmetric)
        yield hybrid_matrix_multiply(1, 2, 24, 17, asymmetric)
    for per_channel in (False, True):
        for weights in ("int8", "int4"):
            yield hybrid_convolution("CONV_2D", 2, (4, 5), 3, 9, weights, per_channel)
        yield hybrid_convolution("CONV_2D", 1, (3, 3), 5, 17, "int8", per_channel, "RELU")
    yield hybrid_convolution("DEPTHWISE_CONV_2D", 2, (4, 5), 3, 6, per_channel=True)
    yield hybrid_convolution("DEPTHWISE_CONV_2D", 1, (3, 4), 19, 19, per_channel=True, act="RELU6")


class Integers(Case):
    """A layer of integers with quantizations of its own."""

    def quantization(self, dtype=None, low=-6.0, high=0.0):
        """Draws a scale, logarithmically, and a zero point: 0 for int16."""
        limits = np.iinfo(dtype or self.dtype)
        zero_point = 0 if limits.bits == 16 else int(self.random.integers(limits.min, limits.max + 1))
        return {"scale": np.float32(np.exp(self.random.uniform(low, high))), "zero_point": zero_point}

    def apply(self, version, sources, shape, options=None, dtype=None, quantization=None, **fields):
        """Adds the operator with its output, which has a quantization of its own unless one is given."""
        dtype = dtype or self.dtype
        if quantization is None:
            quantization = self.quantization(dtype)
        target = self.model.output(f"output{len(self.model.outputs)}", shape, dtype, **quantization)
        self.model.operator(self.operator, version, sources, [target], options, **fields)
        return self

    def plain(self, shape, dtype=None):
        """Adds an input without quantization."""
        dtype = dtype or self.dtype
        self.values.append(self.random.integers(0, 2, shape).astype(bool) if dtype == "bool"
                           else self.stored(shape, dtype))
        return self.model.input(f"input{len(self.model.inputs)}", shape, dtype)


def odd_channels(operator, dtype, *, filters=9, channels=4, lowest=-127, act="NONE"):
    """A layer of which a third of the channels each have a scale of 0 and a negative one."""
    case = Integers(operator, dtype, filters=filters, channels=channels, lowest=lowest, act=act, odd=True)
    source_scale = {"int8": 0.05, "int16": 0.0002, "float32": None}[dtype]
    depthwise = operator == "DEPTHWISE_CONV_2D"
    scales = np.exp(case.random.uniform(-7, -4, filters)).astype(np.float32)
    scales[1::3] = 0
    scales[2::3] *= -1
    kernel_shape = {"FULLY_CONNECTED": (filters, channels), "CONV_2D": (filters, 3, 2, channels),
                    "DEPTHWISE_CONV_2D": (1, 3, 2, filters)}[operator]
    shape = (3, channels) if operator == "FULLY_CONNECTED" else (1, 4, 5, filters if depthwise else channels)
    kernel = case.model.tensor("weights", kernel_shape, "int8", scales, 0, 3 if depthwise else 0,
                               data=case.random.integers(lowest, 128, kernel_shape))
    if dtype == "float32":
        source, bias = case.input(shape), case.bias(filters)
        case.is_exact = True
    else:
        source = case.input(shape, scale=source_scale, zero_point=-7 if dtype == "int8" else 0)
        bias = case.model.tensor("bias", [filters], "int32" if dtype == "int8" else "int64", scales * source_scale,
                                 data=case.random.integers(-3000, 3000, filters))
    target = {"int8": {"scale": 0.05, "zero_point": 3}, "int16": {"scale": 0.0005, "zero_point": 0}, "float32": {}}[dtype]
    fields = {} if operator == "FULLY_CONNECTED" else {
        "padding": schema.Padding.SAME, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    if depthwise:
        fields["depthMultiplier"] = 1
    options = {"FULLY_CONNECTED": "FullyConnectedOptions", "CONV_2D": "Conv2DOptions",
               "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions"}[operator]
    return case.apply({"FULLY_CONNECTED": 9, "CONV_2D": 5, "DEPTHWISE_CONV_2D": 6}[operator], [source, kernel, bias],
                      (*shape[:-1], filters), options, quantization=target, fusedActivationFunction=activation(act),
                      **fields)


def channel_scales():
    for operator in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        for dtype in ("int8", "int16", "float32"):
            yield odd_channels(operator, dtype)
    yield odd_channels("CONV_2D", "int8", filters=20, act="RELU6")
    # The lowest weight has no opposite.
    for operator in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        for dtype in ("int8", "int16"):
            yield odd_channels(operator, dtype, lowest=-128)


def ratio(operator, dtype, low, high, options=None, version=2, **fields):
    """One or two inputs, and an output whose scale is far from theirs."""
    case = Integers(operator, dtype, low=low, high=high)
    sources = [case.input((2, 33), **case.quantization()) for _ in range(2 if operator == "MUL" else 1)]
    return case.apply(version, sources, (2, 33), options, quantization=case.quantization(None, low, high), **fields)


def ratios():
    for dtype in ("int8", "uint8", "int16"):
        for low, high in ((-80, -60), (-25, -18), (20, 60)):
            yield ratio("MUL", dtype, low, high, "MulOptions")
            yield ratio("RELU", dtype, low, high)
            yield ratio("LEAKY_RELU", dtype, low, high, "LeakyReluOptions", alpha=0.3)
            yield ratio("QUANTIZE", dtype, low, high, "QuantizeOptions")
    for dtype, zero_point in (("int8", -128), ("uint8", 0)):
        for low in (3, 5):
            case = Integers("SOFTMAX", dtype, low=low)
            source = case.input((3, 20), **case.quantization(None, low, low + 1))
            yield case.apply(2, [source], (3, 20), "SoftmaxOptions",
                             quantization={"scale": 1 / 256, "zero_point": zero_point}, beta=1.0)
        case = Integers("LOG_SOFTMAX", dtype)
        source = case.input((3, 20), **case.quantization(None, 3, 5))
        yield case.apply(2, [source], (3, 20), "LogSoftmaxOptions",
                         quantization={"scale": 16 / 256, "zero_point": 127 if dtype == "int8" else 255})


def without_quantization():
    shape, image = (2, 3, 4), (1, 4, 4, 3)
    for dtype in ("int8", "uint8"):
        case = Integers("CONCATENATION", dtype, plain=True)
        yield case.apply(2, [case.plain(shape), case.plain(shape)], (2, 6, 4), "ConcatenationOptions", None, {}, axis=1)
        case = Integers("MUL", dtype, plain=True)
        yield case.apply(2, [case.plain(shape), case.plain(shape)], shape, "MulOptions", None, {})
    for dtype in ("int8", "uint8", "int16"):
        for operator in ("MEAN", "REDUCE_PROD", "REDUCE_MAX"):
            case = Integers(operator, dtype, plain=True)
            yield case.apply(2, [case.plain(shape), case.model.constant("axes", [1])], (2, 4), "ReducerOptions", None, {})
        for operator in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
            case = Integers(operator, dtype, plain=True)
            yield case.apply(2, [case.plain(image)], (1, 2, 2, 3), "Pool2DOptions", None, {}, filterHeight=2,
                             filterWidth=2, strideH=2, strideW=2)
        case = Integers("PAD", dtype, plain=True)
        paddings = case.model.constant("paddings", [[1, 1], [0, 1], [2, 0]])
        yield case.apply(2, [case.plain(shape), paddings], (4, 4, 6), "PadOptions", None, {})
        case = Integers("SPACE_TO_BATCH_ND", dtype, plain=True)
        sources = [case.plain(image), case.model.constant("blocks", [2, 2]),
                   case.model.constant("paddings", [[0, 0], [1, 1]])]
        yield case.apply(2, sources, (4, 2, 3, 3), "SpaceToBatchNDOptions", None, {})
        for operator in ("RELU", "DEQUANTIZE", "LEAKY_RELU"):
            case = Integers(operator, dtype, plain=True)
            yield case.apply(2, [case.plain(shape)], shape, {"DEQUANTIZE": "DequantizeOptions", "LEAKY_RELU":
                             "LeakyReluOptions"}.get(operator), "float32" if operator == "DEQUANTIZE" else None, {})
    for operator, options in (("ADD", "AddOptions"), ("MUL", "MulOptions")):
        for act in ("NONE", "RELU", "RELU6"):
            case = Integers(operator, "int16", plain=True, act=act)
            yield case.apply(2, [case.plain((3, 4)), case.plain((4,))], (3, 4), options, None, {},
                             fusedActivationFunction=activation(act))


def types():
    for dtype in ("int8", "int16"):
        case = Integers("NEG", dtype)
        yield case.apply(1, [case.input((2, 50), **case.quantization())], (2, 50), "NegOptions")
        for zero_point in (-128, -20) if dtype == "int8" else (0,):
            case = Integers("SQRT", dtype, zero_point=zero_point)
            values = case.random.integers(zero_point, np.iinfo(dtype).max + 1, (2, 50))
            source = case.input((2, 50), values=values, scale=0.01, zero_point=zero_point)
            yield case.apply(2, [source], (2, 50), None, None, case.quantization(None, -6, -2))
    for approximate in (False, True):
        case = Integers("GELU", "int16", approximate=approximate)
        yield case.apply(2, [case.input((2, 50), scale=0.0003)], (2, 50), "GeluOptions", None,
                         {"scale": 0.0002}, approximate=approximate)
    for dtype in ("int8", "uint8", "int16"):
        for divisors in ((2, 50), (50,), (1,)):
            case = Integers("DIV", dtype, divisors=divisors)
            by = case.quantization()
            values = case.stored(divisors, dtype)
            values[values == by["zero_point"]] ^= 1
            sources = [case.input((2, 50), **case.quantization()), case.input(divisors, values=values, **by)]
            yield case.apply(2, sources, (2, 50), "DivOptions", None, case.quantization(None, -5, 1))
    case = Integers("PRELU", "int16")
    slopes = case.model.tensor("slopes", (1, 5), "int8", 0.01, 4, data=case.stored((1, 5), "int8"))
    yield case.apply(1, [case.input((2, 3, 5), **case.quantization()), slopes], (2, 3, 5))
    case = Integers("QUANTIZE", "uint8", to="int16")
    yield case.apply(2, [case.input((2, 40), **case.quantization(None, -5, -2))], (2, 40), "QuantizeOptions", "int16",
                     {"scale": 0.0005, "zero_point": 11})
    for transposed in (False, True):
        case = Integers("BATCH_MATMUL", "int16", by="int8", transposed=transposed)
        sources = [case.input((2, 4, 9), scale=0.0002),
                   case.input((2, 6, 9) if transposed else (2, 9, 6), "int8", scale=0.01)]
        yield case.apply(4, sources, (2, 4, 6), "BatchMatMulOptions", None, {"scale": 0.0004}, adjY=transposed)
        for asymmetric in (False, True):
            case = Integers("BATCH_MATMUL", "float32", columns=11, transposed=transposed, asymmetric=asymmetric)
            shape = (11, 13) if transposed else (13, 11)
            matrix = case.model.tensor("matrix", shape, "int8", np.exp(case.random.uniform(-6, -2, 11)), 0,
                                       0 if transposed else 1, data=case.random.integers(-127, 128, shape))
            case.is_exact = True
            yield case.apply(4, [case.input((2, 3, 13)), matrix], (2, 3, 11), "BatchMatMulOptions", None, {},
                             adjY=transposed, asymmetricQuantizeInputs=asymmetric)
    # Sums so large that single precision rounds them.
    case = Integers("BATCH_MATMUL", "float32", deep=True)
    matrix = case.model.tensor("matrix", (1500, 3), "int8", 0.01, data=case.random.integers(90, 128, (1500, 3)))
    case.is_exact = True
    yield case.apply(4, [case.input((2, 1500), values=case.random.uniform(1, 3, (2, 1500))), matrix], (2, 3),
                     "BatchMatMulOptions", None, {}, asymmetricQuantizeInputs=True)
    for operator in ("REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM"):
        case = Integers(operator, "bool")
        yield case.apply(2 if operator in ("REDUCE_MAX", "REDUCE_MIN") else 1,
                         [case.plain((2, 3, 4)), case.model.constant("axes", [1])], (2, 4), "ReducerOptions", "bool", {})


def other_quantizations():
    """What the reference does not look at, or allows beside the usual."""
    shape = (2, 3, 4)
    for dtype in ("int8", "uint8", "int16"):
        for operator in ("MAXIMUM", "MINIMUM"):
            case = Integers(operator, dtype, other=True)
            sources = [case.input(shape, **case.quantization()) for _ in range(2)]
            yield case.apply(2, sources, shape, "MaximumMinimumOptions")
        case = Integers("QUANTIZE", "float32", to=dtype, channels=True)
        target = {"scale": [0.1, 0.02, 0.3], "zero_point": 0 if dtype == "int16" else 9, "channel_dimension": 1}
        yield case.apply(3, [case.input(shape)], shape, "QuantizeOptions", dtype, target)
    for dtype in ("int8", "uint8"):
        case = Integers("LOGISTIC", dtype, other=True)
        yield case.apply(2, [case.input((2, 40), scale=0.05, zero_point=3)], (2, 40), None, None,
                         {"scale": 1 / 256, "zero_point": 9})
    for dtype, to, scale, zero_point in (("int8", "int8", 1.0005 / 256, -128), ("uint8", "uint8", 0.09, 7),
                                         ("int8", "int16", 1 / 65536, 0), ("int16", "int16", 1.0005 / 32768, 0)):
        case = Integers("SOFTMAX", dtype, to=to, scale=scale)
        source = case.input(shape, scale=0.0005 if dtype == "int16" else 0.05)
        yield case.apply(3, [source], shape, "SoftmaxOptions", to, {"scale": scale, "zero_point": zero_point}, beta=1.0)


def quotient(dtype, scale, zero_points=(0, 0, 0)):
    """A quotient whose scales leave no shift to the right but that of its operands."""
    case = Integers("DIV", dtype, scale=float(scale), zero_points=zero_points)
    limits = np.iinfo(dtype)
    sources = []
    for zero_point in zero_points[:2]:
        values = case.stored((2, 40), dtype)
        # Nothing is divided by 0; the lowest 16-bit integer has no opposite.
        values = np.maximum(np.where(values == zero_point, zero_point + 1, values), limits.min + 1)
        sources.append(case.input((2, 40), values=values, scale=0.25, zero_point=zero_point))
    return case.apply(2, sources, (2, 40), "DivOptions", quantization={"scale": scale, "zero_point": zero_points[2]})


def extremes():
    for scale in (2.0 ** -14, 2.0 ** -15, 0.9 * 2.0 ** -15):
        yield quotient("int16", scale)
    yield quotient("int8", 2.0 ** -22, (3, -5, 1))
    yield quotient("uint8", 2.0 ** -22, (100, 128, 200))
    infinity = np.float32(np.inf)
    largest = np.finfo(np.float32).max
    # Products of matrices may be infinite; the sum of several tensors is not.
    case = Integers("BATCH_MATMUL", "float32")
    case.input((2, 3), values=[[infinity, 1, 2], [largest, largest, 1]])
    case.input((3, 2), values=[[1, -1], [2, 3], [1, 1]])
    yield case.apply(1, [0, 1], (2, 2), "BatchMatMulOptions", quantization={})
    for count in (2, 4):
        case = Integers("ADD_N", "float32", count=count)
        for index in range(count):
            case.input((5,), values=[infinity, -infinity, largest, -largest, index])
        yield case.apply(1, list(range(count)), (5,), quantization={})


FAMILIES = [detections, hybrids, channel_scales, ratios, without_quantization, types, other_quantizations, extremes]


def change(path, **fields):
    """Sets fields of a file of JSON."""
    with open(path) as file:
        row = json.load(file)
    with open(path, "w") as file:
        json.dump(row | fields, file)


def main():
    (cases_folder,) = sys.argv[1:]
    index, refused = [], 0
    for family in FAMILIES:
        for case in family():
            outputs, refusal = reference_outputs(case)
            if refusal is not None:
                print(f"REFUSED {case}: {refusal}")
                refused += 1
                continue
            getattr(case, "finish", lambda _: None)(outputs)
            declared = [tuple(case.model.tensors[i].shape) for i in case.model.outputs]
            if declared != [output.shape for output in outputs]:
                raise ValueError(f"{case}: declared {declared}, LiteRT made {[o.shape for o in outputs]}")
            name = f"case-{len(index)}"
            exact = write(case, outputs, os.path.join(cases_folder, name))
            if getattr(case, "is_exact", exact) != exact:
                exact = case.is_exact
                change(os.path.join(cases_folder, name, "case.json"), exact=exact)
            index.append({"case": name, "op": case.operator, "dtype": case.dtype, "seed": case.seed, "runs": 1,
                          "exact": exact})
    with open(os.path.join(cases_folder, "index.json"), "w") as file:
        json.dump({"cases": index}, file, indent=1)
    print(f"{len(index)} cases, {refused} refused")


if __name__ == "__main__":
    main()
