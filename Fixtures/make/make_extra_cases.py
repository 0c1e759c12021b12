"""Makes the cases of Fixtures/cases-extra: what the general generator does not draw.

    python make_extra_cases.py CASES_FOLDER

Absent biases, four groups, dilated SAME windows, multipliers above one, 5-D and
6-D broadcasting, axis sets of MEAN, ranks and betas of SOFTMAX, pads of every
rank, concatenation on every axis, requantization between int8 and uint8, every
input value (and every pair of values) of the elementwise operators, and small
networks with float32 ends.  Each model runs under LiteRT's BUILTIN_REF kernels;
a case that they refuse is printed with its parameters and left out.

The folder gets index.json and case-N/{model.tflite, input-I.bin, output-I.bin,
case.json}.  Values and quantization are drawn from a seed made of the case's own
parameters, so no case depends on another.
"""
import json
import os
import sys
import zlib
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import numpy as np

import litert
from flatbuffer_model import ModelBuilder, schema

DTYPES = ["int8", "uint8"]
SAME, VALID = "SAME", "VALID"
VERSIONS = {
    "int8": {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4, "RESHAPE": 1, "SQUEEZE": 1, "QUANTIZE": 1},
    "uint8": {},
}
DEFAULT_VERSION = {"int8": 2, "uint8": 1}
UNIT_ZERO_POINT = {"int8": -128, "uint8": 0}
SPREAD = 74     # standard deviation of the uniform distribution over 256 values
# Standard deviation of the real sums that a layer with this activation is given, so that it clamps some and not all.
DEVIATION = {"NONE": 5.0, "RELU": 5.0, "RELU6": 4.0, "RELU_N1_TO_1": 1.0}


class Case:
    """One model under construction, with the values of its inputs."""

    def __init__(self, operator, dtype, **parameters):
        self.operator, self.dtype, self.parameters = operator, dtype, parameters
        text = json.dumps([operator, dtype, parameters])
        self.seed = zlib.crc32(text.encode())
        self.random = np.random.default_rng(self.seed)
        self.model = ModelBuilder("TinyTensor fixture")
        self.values = []

    def __str__(self):
        return f"{self.operator} {self.dtype} {self.parameters}"

    def scale(self, low=0.01, high=0.1):
        """Draws a scale, logarithmically."""
        return np.float32(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def zero_point(self, dtype=None):
        """Draws a zero point from the middle half of the type's range."""
        limits = np.iinfo(dtype or self.dtype)
        return int(self.random.integers(limits.min + 64, limits.max - 63))

    def quantization(self):
        """Draws a (scale, zero point)."""
        return self.scale(), self.zero_point()

    def bytes(self, shape, dtype=None):
        """Draws stored values over the whole range of the type."""
        dtype = dtype or self.dtype
        limits = np.iinfo(dtype)
        return self.random.integers(limits.min, limits.max + 1, shape).astype(dtype)

    def every_value(self):
        """All 256 values of the type in order."""
        limits = np.iinfo(self.dtype)
        return np.arange(limits.min, limits.max + 1).astype(self.dtype)

    def input(self, shape, quantization, dtype=None, values=None):
        """Adds a model input; values are drawn unless given."""
        dtype = dtype or self.dtype
        self.values.append(self.bytes(shape, dtype) if values is None else values)
        return self.model.input(f"input{len(self.model.inputs)}", shape, dtype, *quantization)

    def output(self, shape, quantization, dtype=None):
        """Adds a model output."""
        return self.model.output(f"output{len(self.model.outputs)}", shape, dtype or self.dtype, *quantization)

    def apply(self, operator, sources, targets, options=None, **fields):
        """Adds an operator in the version that first took the case's type."""
        version = VERSIONS[self.dtype].get(operator, DEFAULT_VERSION[self.dtype])
        self.model.operator(operator, version, sources, targets, options, **fields)

    def around(self, zero_point, distance, shape):
        """Draws stored values at most `distance` from the zero point."""
        limits = np.iinfo(self.dtype)
        values = self.random.integers(zero_point - distance, zero_point + distance + 1, shape)
        return np.clip(values, limits.min, limits.max).astype(self.dtype)

    def weights(self, shape, channel_dimension, input_scale, deviation, per_channel=True, small=False):
        """Adds weights and bias tensors such that a sum of products has about the given real deviation.

        int8: symmetric, a scale for each channel or one for all; uint8: one scale, one zero point.
        `small` draws weights of at most 2 and small biases, for requantization multipliers above one.
        """
        channels = shape[channel_dimension]
        products = np.sqrt(np.prod(shape) / channels)
        scale = deviation / (float(input_scale) * SPREAD * SPREAD * products)
        if self.dtype == "int8" and per_channel:
            scale = scale * np.exp(self.random.uniform(-0.5, 0.5, channels))
        scales = np.atleast_1d(np.float32(scale))
        zero_point = int(self.random.integers(120, 137)) if self.dtype == "uint8" else 0
        reach = int((3 if small else SPREAD * SPREAD) * products)
        kernel = self.model.tensor("weights", shape, self.dtype, scales, zero_point, channel_dimension,
                                   data=self.around(zero_point, 2 if small else 127, shape))
        bias = self.model.tensor("bias", [channels], np.int32, np.float32(input_scale) * scales,
                                 data=self.random.integers(-reach, reach + 1, channels))
        return kernel, bias, float(np.mean(scales))

    def layer(self, operator, source_shape, weights_shape, channel_dimension, target_shape, per_channel, bias, small,
              act, options, **fields):
        """Adds a whole layer with weights: its input, constants, output and the operator.

        `bias` is present, absent (index -1) or omitted (one operator input less).
        """
        scale, zero_point = self.quantization()
        values = self.around(zero_point, 3, source_shape) if small else None
        source = self.input(source_shape, (scale, zero_point), values=values)
        kernel, bias_tensor, weight_scale = self.weights(weights_shape, channel_dimension, scale, DEVIATION[act],
                                                         per_channel, small)
        target_scale = float(scale) * weight_scale / 1.5 if small else 6 * DEVIATION[act] / 255
        target = self.output(target_shape, (target_scale, self.zero_point()))
        third = {"present": [bias_tensor], "absent": [-1], "omitted": []}[bias]
        self.apply(operator, [source, kernel, *third], [target], options, fusedActivationFunction=activation(act),
                   **fields)


def activation(name):
    return getattr(schema.ActivationFunctionType, name)


def window_size(size, kernel, stride, dilation, padding):
    """Output size of a window along one dimension."""
    if padding == SAME:
        return -(-size // stride)
    return (size - (kernel - 1) * dilation - 1) // stride + 1


def convolution(operator, dtype, *, size=(7, 9), channels=4, filters=8, kernel=(3, 3), stride=(1, 1), dilation=(1, 1),
                padding=SAME, groups=1, bias="present", act="NONE", per_channel=True, small=False):
    """CONV_2D, or DEPTHWISE_CONV_2D with filters / channels as its multiplier."""
    case = Case(operator, dtype, size=size, channels=channels, filters=filters, kernel=kernel, stride=stride,
                dilation=dilation, padding=padding, groups=groups, bias=bias, act=act, per_channel=per_channel,
                small=small)
    sizes = [window_size(*each, padding) for each in zip(size, kernel, stride, dilation)]
    fields = {"padding": getattr(schema.Padding, padding), "strideH": stride[0], "strideW": stride[1],
              "dilationHFactor": dilation[0], "dilationWFactor": dilation[1]}
    if operator == "DEPTHWISE_CONV_2D":
        case.layer(operator, (1, *size, channels), (1, *kernel, filters), 3, (1, *sizes, filters), per_channel, bias,
                   small, act, "DepthwiseConv2DOptions", depthMultiplier=filters // channels, **fields)
    else:
        case.layer(operator, (1, *size, channels), (filters, *kernel, channels // groups), 0, (1, *sizes, filters),
                   per_channel, bias, small, act, "Conv2DOptions", **fields)
    return case


def convolutions():
    conv, depthwise = "CONV_2D", "DEPTHWISE_CONV_2D"
    for dtype in DTYPES:
        for bias in ("absent", "omitted"):
            yield convolution(conv, dtype, bias=bias)
            yield convolution(depthwise, dtype, filters=4, bias=bias)
        yield convolution(depthwise, dtype, filters=12, bias="omitted", padding=VALID, act="RELU")
        yield convolution(conv, dtype, channels=8, filters=8, groups=4)
        yield convolution(conv, dtype, channels=12, filters=16, groups=4, stride=(2, 1), padding=VALID, act="RELU6")
        yield convolution(conv, dtype, channels=6, filters=6, groups=6, kernel=(1, 1))
        for operator, filters in ((conv, 5), (depthwise, 8)):
            yield convolution(operator, dtype, filters=filters, dilation=(2, 3))
            yield convolution(operator, dtype, filters=filters, dilation=(2, 3), stride=(2, 2), act="RELU")
            yield convolution(operator, dtype, filters=filters, dilation=(2, 3), padding=VALID)
            yield convolution(operator, dtype, filters=filters, size=(2, 2), kernel=(5, 5))
            yield convolution(operator, dtype, filters=filters, stride=(3, 2), kernel=(2, 4))
            yield convolution(operator, dtype, filters=filters, kernel=(1, 1), stride=(2, 3))
            yield convolution(operator, dtype, filters=filters, small=True)
            yield convolution(operator, dtype, filters=filters, act="RELU_N1_TO_1")
            yield convolution(operator, dtype, filters=filters, size=(1, 1))
        if dtype == "int8":
            yield convolution(conv, dtype, per_channel=False)
            yield convolution(depthwise, dtype, per_channel=False)
        yield convolution(conv, dtype, size=(4, 4), channels=67, filters=19, kernel=(1, 1), act="RELU")


def fully_connected(dtype, *, shape=(1, 20), units=6, bias="present", keep=False, per_channel=True, act="NONE",
                    small=False):
    case = Case("FULLY_CONNECTED", dtype, shape=shape, units=units, bias=bias, keep=keep, per_channel=per_channel,
                act=act, small=small)
    rows = list(shape[:-1]) if keep else [int(np.prod(shape[:-1]))]
    case.layer("FULLY_CONNECTED", shape, (units, shape[-1]), 0, (*rows, units), per_channel, bias, small, act,
               "FullyConnectedOptions", keepNumDims=keep)
    return case


def fully_connecteds():
    for dtype in DTYPES:
        for bias in ("absent", "omitted"):
            yield fully_connected(dtype, bias=bias)
            yield fully_connected(dtype, bias=bias, shape=(3, 33), act="RELU")
        yield fully_connected(dtype, shape=(2, 3, 17), keep=True)
        yield fully_connected(dtype, shape=(2, 3, 17), keep=False, act="RELU6")
        yield fully_connected(dtype, shape=(1, 1))
        yield fully_connected(dtype, shape=(4, 20), small=True)
        yield fully_connected(dtype, shape=(5, 700), units=3)
        if dtype == "int8":
            yield fully_connected(dtype, per_channel=False, shape=(4, 64))


def binary(operator, dtype, first, second, act="NONE", constant=False, every_pair=False):
    """ADD or MUL; `constant` makes the second operand a constant, `every_pair` takes all 65,536 pairs."""
    case = Case(operator, dtype, first=first, second=second, act=act, constant=constant, every_pair=every_pair)
    quantizations = [case.quantization(), case.quantization()]
    (first_scale, _), (second_scale, _) = quantizations
    values = [case.every_value().reshape(shape) if every_pair else None for shape in (first, second)]
    sources = [case.input(first, quantizations[0], values=values[0])]
    if constant:
        sources.append(case.model.tensor("constant", second, dtype, *quantizations[1], data=case.bytes(second)))
    else:
        sources.append(case.input(second, quantizations[1], values=values[1]))
    scale = first_scale + second_scale if operator == "ADD" else first_scale * second_scale * np.float32(100)
    target = case.output(np.broadcast_shapes(first, second), (scale, case.zero_point()))
    case.apply(operator, sources, [target], f"{operator.capitalize()}Options",
               fusedActivationFunction=activation(act))
    return case


def binaries():
    for operator in ("ADD", "MUL"):
        for dtype in DTYPES:
            yield binary(operator, dtype, (256, 1), (1, 256), every_pair=True)
            yield binary(operator, dtype, (2, 1, 3, 1, 4), (1, 2, 3, 2, 1))
            yield binary(operator, dtype, (2, 3, 2, 3, 2), (3, 2), act="RELU")
            yield binary(operator, dtype, (1, 2, 1, 3, 1, 2), (2, 2, 2, 1, 2, 1))
            yield binary(operator, dtype, (2, 2, 2, 2, 2, 3), (2, 2, 2, 2, 2, 3))
            yield binary(operator, dtype, (2, 2, 2, 2, 2, 3), (1,), act="RELU6")
            yield binary(operator, dtype, (3,), (2, 4, 3))
            yield binary(operator, dtype, (1, 5, 1, 7), (1, 1, 4, 7), act="RELU_N1_TO_1")
            yield binary(operator, dtype, (1, 4, 5, 8), (8,), constant=True)
            yield binary(operator, dtype, (4, 5), (), constant=True)


def mean(dtype, shape, axes, keep):
    case = Case("MEAN", dtype, shape=shape, axes=axes, keep=keep)
    source_quantization = case.quantization()
    source = case.input(shape, source_quantization)
    reduced = {axis % len(shape) for axis in axes}
    kept = [1 if i in reduced else size for i, size in enumerate(shape) if keep or i not in reduced]
    target = case.output(kept, (source_quantization[0] * np.float32(case.random.uniform(0.2, 1.2)), case.zero_point()))
    case.apply("MEAN", [source, case.model.constant("axes", axes)], [target], "ReducerOptions", keepDims=keep)
    return case


def means():
    for dtype in DTYPES:
        for keep in (False, True):
            for axes in ((1, 2), (-3, -2), (0,), (-1,), (3, 1), (0, 1, 2, 3), (1, -3, 1)):
                yield mean(dtype, (2, 4, 3, 5), axes, keep)
        yield mean(dtype, (7,), (0,), False)
        yield mean(dtype, (6, 11), (-1,), False)
        yield mean(dtype, (2, 3, 2, 3, 2), (1, -1), False)
        yield mean(dtype, (1, 33, 31, 2), (1, 2), False)


def softmax(dtype, shape, beta, scale=None):
    case = Case("SOFTMAX", dtype, shape=shape, beta=beta, scale=scale)
    drawn = case.quantization()
    source = case.input(shape, drawn if scale is None else (np.float32(scale), drawn[1]))
    target = case.output(shape, (1 / 256, UNIT_ZERO_POINT[dtype]))
    case.apply("SOFTMAX", [source], [target], "SoftmaxOptions", beta=beta)
    return case


def softmaxes():
    for dtype in DTYPES:
        for shape in ((10,), (3, 7), (2, 3, 5), (2, 2, 3, 4)):
            for beta in (1.0, 0.5, 2.25):
                yield softmax(dtype, shape, beta)
        yield softmax(dtype, (4, 1), 1.0)
        yield softmax(dtype, (1, 1001), 1.0, scale=0.08)
        yield softmax(dtype, (4, 16), 1.0, scale=1e-3)
        yield softmax(dtype, (4, 16), 10.0, scale=1.0)


def pad(dtype, shape, pads, pad_type=np.int32):
    case = Case("PAD", dtype, shape=shape, pads=pads, pad_type=np.dtype(pad_type).name)
    quantization = case.quantization()
    source = case.input(shape, quantization)
    target = case.output([before + size + after for size, (before, after) in zip(shape, pads)], quantization)
    case.apply("PAD", [source, case.model.constant("pads", pads, pad_type)], [target], "PadOptions")
    return case


def pads():
    for dtype in DTYPES:
        yield pad(dtype, (5,), ((2, 1),))
        yield pad(dtype, (3, 4), ((0, 1), (2, 0)))
        yield pad(dtype, (2, 3, 4), ((1, 0), (0, 0), (3, 2)))
        yield pad(dtype, (1, 4, 5, 3), ((0, 0), (1, 1), (1, 1), (0, 0)))
        yield pad(dtype, (2, 2, 3, 2), ((1, 2), (0, 1), (2, 0), (1, 3)))
        yield pad(dtype, (1, 2, 2, 2, 3), ((0, 0), (1, 0), (0, 2), (1, 1), (0, 1)))
        yield pad(dtype, (2, 3), ((0, 0), (0, 0)))
        yield pad(dtype, (2, 3), ((1, 2), (3, 4)), np.int64)


def concatenation(dtype, shapes, axis, own_quantization=False):
    """CONCATENATION; with `own_quantization` every input has another scale and zero point."""
    case = Case("CONCATENATION", dtype, shapes=shapes, axis=axis, own_quantization=own_quantization)
    common = case.quantization()
    sources = [case.input(shape, case.quantization() if own_quantization else common) for shape in shapes]
    shape = list(shapes[0])
    shape[axis] = sum(each[axis] for each in shapes)
    case.apply("CONCATENATION", sources, [case.output(shape, common)], "ConcatenationOptions", axis=axis)
    return case


def concatenations():
    def along(axis):
        shape = (2, 3, 2, 4)
        return [tuple(length if i == axis % 4 else size for i, size in enumerate(shape)) for length in (1, 3, 2, 4)]

    for dtype in DTYPES:
        for axis in (0, 1, 2, 3, -1, -2, -3, -4):
            yield concatenation(dtype, along(axis), axis)
        yield concatenation(dtype, [(3,), (1,), (2,), (5,)], 0)
        yield concatenation(dtype, [(2, 3, 1), (2, 3, 4)], -1)
        yield concatenation(dtype, [(4, 5)], 1)
    for axis in (1, -1):
        yield concatenation("uint8", along(axis), axis, own_quantization=True)
    yield concatenation("uint8", [(1, 256), (1, 256)], 1, own_quantization=True)


def pool(operator, dtype, size, channels, kernel, stride, padding, act):
    case = Case(operator, dtype, size=size, channels=channels, kernel=kernel, stride=stride, padding=padding, act=act)
    quantization = ({"RELU6": 0.12, "RELU_N1_TO_1": 0.04}.get(act, case.scale()), case.zero_point())
    shape = (1, *size, channels)
    source = case.input(shape, quantization, values=case.around(quantization[1], 60, shape))
    sizes = [window_size(*each, 1, padding) for each in zip(size, kernel, stride)]
    target = case.output((1, *sizes, channels), quantization)
    case.apply(operator, [source], [target], "Pool2DOptions", padding=getattr(schema.Padding, padding),
               filterHeight=kernel[0], filterWidth=kernel[1], strideH=stride[0], strideW=stride[1],
               fusedActivationFunction=activation(act))
    return case


def pools():
    for operator in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        for dtype in DTYPES:
            for act in ("NONE", "RELU6"):
                yield pool(operator, dtype, (7, 9), 5, (3, 3), (2, 2), SAME, act)
                yield pool(operator, dtype, (5, 3), 3, (2, 4), (3, 1), SAME, act)
            yield pool(operator, dtype, (11, 7), 9, (5, 2), (2, 3), SAME, "RELU")
            yield pool(operator, dtype, (3, 3), 4, (7, 7), (1, 1), SAME, "RELU_N1_TO_1")
            yield pool(operator, dtype, (7, 7), 33, (7, 7), (1, 1), VALID, "NONE")


def unary(operator, dtype, shape):
    """An elementwise operator of one input on every value of the type."""
    case = Case(operator, dtype, shape=shape)
    scale, zero_point = case.quantization()
    source = case.input(shape, (scale, zero_point), values=case.every_value().reshape(shape))
    if operator == "LOGISTIC":
        quantization = (1 / 256, UNIT_ZERO_POINT[dtype])
    else:
        low = np.iinfo(dtype).min
        quantization = (scale * np.float32(case.random.uniform(0.5, 1.2)), case.random.integers(low, low + 60))
    case.apply(operator, [source], [case.output(shape, quantization)])
    return case


def unaries():
    for dtype in DTYPES:
        for shape in ((256,), (4, 64), (2, 8, 16), (1, 4, 8, 8), (2, 2, 4, 4, 4)):
            for operator in ("RELU", "RELU6", "LOGISTIC"):
                yield unary(operator, dtype, shape)


def quantize(source_type, dtype, same_scale, shift):
    """QUANTIZE of every value of one 8-bit type to another; the zero point moves by `shift` or is drawn."""
    case = Case("QUANTIZE", dtype, source_type=source_type, same_scale=same_scale, shift=shift)
    limits = np.iinfo(source_type)
    scale = case.scale()
    source_zero = case.zero_point(source_type)
    values = np.arange(limits.min, limits.max + 1).astype(source_type).reshape(1, 16, 16)
    source = case.input((1, 16, 16), (scale, source_zero), source_type, values)
    target_zero = case.zero_point() if shift is None else source_zero + shift
    target = case.output((1, 16, 16), (scale if same_scale else case.scale(), target_zero))
    case.apply("QUANTIZE", [source], [target], "QuantizeOptions")
    return case


def quantize_float(dtype):
    """QUANTIZE of float32: ties, values beyond the range, negative zero."""
    case = Case("QUANTIZE", dtype, source_type="float32")
    scale = case.scale()
    steps = np.arange(-300, 301, dtype=np.float32) / np.float32(2)
    values = np.concatenate([steps * scale, np.float32([-0.0, 1e9 * scale, -1e9 * scale]),
                             case.random.normal(0, 60 * scale, 100).astype(np.float32)]).astype(np.float32)
    source = case.input(values.shape, (), "float32", values)
    case.apply("QUANTIZE", [source], [case.output(values.shape, (scale, case.zero_point()))], "QuantizeOptions")
    return case


def dequantize(dtype):
    """DEQUANTIZE of every value of the type."""
    case = Case("DEQUANTIZE", dtype)
    source = case.input((256,), case.quantization(), values=case.every_value())
    case.apply("DEQUANTIZE", [source], [case.output((256,), (), "float32")], "DequantizeOptions")
    return case


def quantizes():
    for source_type, dtype, shift in (("int8", "uint8", 128), ("uint8", "int8", -128)):
        yield quantize(source_type, dtype, True, shift)
        yield quantize(source_type, dtype, True, None)
        yield quantize(source_type, dtype, False, None)
        yield quantize(source_type, dtype, False, shift)
    for dtype in DTYPES:
        yield quantize(dtype, dtype, False, None)
        yield quantize_float(dtype)
        yield dequantize(dtype)


def reshape(dtype, shape, wanted, result, how):
    """RESHAPE with its shape in a `tensor`, in the `options` or in both."""
    case = Case("RESHAPE", dtype, shape=shape, wanted=wanted, how=how)
    quantization = case.quantization()
    sources = [case.input(shape, quantization)]
    if how != "options":
        sources.append(case.model.constant("shape", wanted))
    target = [case.output(result, quantization)]
    if how == "tensor":
        case.apply("RESHAPE", sources, target)
    else:
        case.apply("RESHAPE", sources, target, "ReshapeOptions", newShape=wanted)
    return case


def squeeze(dtype, shape, dimensions, result):
    case = Case("SQUEEZE", dtype, shape=shape, dimensions=dimensions)
    quantization = case.quantization()
    source = case.input(shape, quantization)
    case.apply("SQUEEZE", [source], [case.output(result, quantization)], "SqueezeOptions", squeezeDims=dimensions)
    return case


def movements():
    for dtype in DTYPES:
        for how in ("tensor", "options", "both"):
            yield reshape(dtype, (2, 3, 4), (4, -1), (4, 6), how)
        yield reshape(dtype, (1, 2, 3, 4), (24,), (24,), "tensor")
        yield reshape(dtype, (6,), (1, 1, 2, 1, 3), (1, 1, 2, 1, 3), "tensor")
        yield squeeze(dtype, (1, 3, 1, 4), (), (3, 4))
        yield squeeze(dtype, (1, 3, 1, 4), (-2,), (1, 3, 4))
        yield squeeze(dtype, (1, 3, 1, 4), (0, 2), (3, 4))


def float_ends(dtype, size):
    """QUANTIZE, a convolution, MEAN, FULLY_CONNECTED, DEQUANTIZE: float32 outside, no activation inside."""
    case = Case("NETWORK", dtype, size=size)
    shape = (1, *size, 2)
    real = case.random.normal(0, 1, shape).astype(np.float32)
    source = case.input(shape, (), "float32", real)
    quantization = (np.float32(0.03), case.zero_point())
    quantized = case.model.tensor("quantized", shape, dtype, *quantization)
    case.apply("QUANTIZE", [source], [quantized], "QuantizeOptions")

    kernel, bias, _ = case.weights((6, 3, 3, 2), 0, quantization[0], 2.0)
    features = case.model.tensor("features", (1, *size, 6), dtype, 0.05, case.zero_point())
    case.apply("CONV_2D", [quantized, kernel, bias], [features], "Conv2DOptions", padding=schema.Padding.SAME,
               strideH=1, strideW=1)

    averages = case.model.tensor("averages", (1, 6), dtype, 0.03, case.zero_point())
    case.apply("MEAN", [features, case.model.constant("axes", (1, 2))], [averages], "ReducerOptions")

    kernel, bias, _ = case.weights((4, 6), 0, 0.03, 2.0)
    logits = case.model.tensor("logits", (1, 4), dtype, 0.05, case.zero_point())
    case.apply("FULLY_CONNECTED", [averages, kernel, bias], [logits], "FullyConnectedOptions")
    case.apply("DEQUANTIZE", [logits], [case.output((1, 4), (), "float32")], "DequantizeOptions")
    return case


def networks():
    for dtype in DTYPES:
        yield float_ends(dtype, (5, 5))
        yield float_ends(dtype, (8, 6))


def reference_outputs(case):
    """The BUILTIN_REF outputs, or the text of LiteRT's refusal; in a process of its own, as LiteRT may abort."""
    with ProcessPoolExecutor(1, get_context("fork")) as pool_of_one:
        try:
            return pool_of_one.submit(litert.run, case.model.pack(), case.values).result(), None
        except (BrokenProcessPool, RuntimeError, ValueError) as error:
            return None, " ".join(str(error).split())


def tensor_row(model, index):
    """What case.json says about an input or output."""
    tensor = model.tensors[index]
    quantization = tensor.quantization
    names = {value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
    return {
        "tensor": index, "name": tensor.name, "dtype": names[tensor.type].lower(), "shape": tensor.shape,
        "scale": quantization and quantization.scale, "zero_point": quantization and quantization.zeroPoint,
    }


def write(case, outputs, folder):
    """Writes the files of one case."""
    os.makedirs(folder)
    with open(os.path.join(folder, "model.tflite"), "wb") as file:
        file.write(case.model.pack())
    for kind, arrays in (("input", case.values), ("output", outputs)):
        for index, array in enumerate(arrays):
            np.ascontiguousarray(array).tofile(os.path.join(folder, f"{kind}-{index}.bin"))
    row = {
        "op": case.operator, "dtype": case.dtype, "seed": case.seed, "params": case.parameters, "runs": 1,
        "exact": True, "notes": [],
        "inputs": [tensor_row(case.model, index) for index in case.model.inputs],
        "outputs": [tensor_row(case.model, index) for index in case.model.outputs],
    }
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(row, file, indent=1)


FAMILIES = [convolutions, fully_connecteds, pools, binaries, means, softmaxes, pads, concatenations, unaries,
            quantizes, movements, networks]


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
            declared = [tuple(case.model.tensors[i].shape) for i in case.model.outputs]
            if declared != [output.shape for output in outputs]:
                raise ValueError(f"{case}: declared {declared}, LiteRT made {[o.shape for o in outputs]}")
            name = f"case-{len(index)}"
            write(case, outputs, os.path.join(cases_folder, name))
            index.append({"case": name, "op": case.operator, "dtype": case.dtype, "seed": case.seed, "runs": 1,
                          "exact": True})
    with open(os.path.join(cases_folder, "index.json"), "w") as file:
        json.dump({"cases": index}, file, indent=1)
    print(f"{len(index)} cases, {refused} refused")


if __name__ == "__main__":
    main()
