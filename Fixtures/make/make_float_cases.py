"""Makes the cases of Fixtures/cases-float: layers, pools and resizes of real numbers.

    python make_float_cases.py CASES_FOLDER

float32 operators, weights of float16 behind a DEQUANTIZE, hybrid layers (float32 activations with int8, int4 or int2
weights), and the integer forms that the other folders lack: 4-bit weights with 16-bit activations, 16-bit outputs of
uint8 layers, matrices of four axes.  Each model runs under LiteRT's BUILTIN_REF kernels; a case that they refuse is
printed with its parameters and left out.

The folder gets what make_extra_cases.py describes; `exact` is false where an output is float32.
"""
import json
import os
import sys
import zlib

import numpy as np

from flatbuffer_model import ModelBuilder, schema
from make_extra_cases import SAME, VALID, activation, reference_outputs, tensor_row, window_size

INTEGER_SCALE = {"int8": 0.02, "uint8": 0.02, "int16": 0.0003}
ACTIVATIONS = ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"]
PACKED_BITS = {"int4": 4, "int2": 2}


class Case:
    """One model under construction, with the values of its inputs."""

    def __init__(self, operator, dtype, **parameters):
        self.operator, self.dtype, self.parameters = operator, dtype, parameters
        self.seed = zlib.crc32(json.dumps([operator, dtype, parameters]).encode())
        self.random = np.random.default_rng(self.seed)
        self.model = ModelBuilder("TinyTensor fixture")
        self.values = []

    def __str__(self):
        return f"{self.operator} {self.dtype} {self.parameters}"

    def real(self, shape, deviation=1.0):
        return self.random.normal(0, deviation, shape).astype(np.float32)

    def stored(self, shape, dtype):
        limits = np.iinfo(dtype)
        return self.random.integers(limits.min, limits.max + 1, shape).astype(dtype)

    def input(self, shape, dtype=None, values=None, scale=None, zero_point=0):
        dtype = dtype or self.dtype
        if values is None:
            values = self.real(shape) if dtype == "float32" else self.stored(shape, dtype)
        self.values.append(np.asarray(values, dtype))
        if scale is None and dtype in INTEGER_SCALE:
            scale = INTEGER_SCALE[dtype]
        return self.model.input(f"input{len(self.model.inputs)}", shape, dtype, scale, zero_point)

    def output(self, shape, dtype=None, scale=None, zero_point=0):
        dtype = dtype or self.dtype
        if scale is None and dtype in INTEGER_SCALE:
            scale = INTEGER_SCALE[dtype]
        return self.model.output(f"output{len(self.model.outputs)}", shape, dtype, scale, zero_point)

    def weights(self, shape, dtype, channel_dimension=0, per_channel=False):
        """Adds constant weights of any of the types; float16 ones behind a DEQUANTIZE."""
        if dtype == "float32":
            return self.model.constant("weights", self.real(shape), np.float32)
        if dtype == "float16":
            half = self.model.constant("half", self.real(shape), np.float16)
            full = self.model.tensor("weights", shape, "float32")
            self.model.operator("DEQUANTIZE", 3, [half], [full], "DequantizeOptions")
            return full
        scale = np.float32(0.02)
        if per_channel:
            scale = 0.02 * np.exp(self.random.uniform(-1, 1, shape[channel_dimension]))
        self.weight_scale = scale
        if dtype == "uint8":
            zero_point = 0 if self.dtype == "float32" else 121
            return self.model.tensor("weights", shape, dtype, scale, zero_point, data=self.stored(shape, dtype))
        bits = PACKED_BITS.get(dtype, 8)
        limit = 2 ** (bits - 1)
        self.weight_scale = scale * (127 / limit)
        values = self.random.integers(-limit + (bits == 8), limit, shape).astype(np.int8)
        index = self.model.tensor("weights", shape, "int8", self.weight_scale, 0, channel_dimension, data=values)
        if bits < 8:
            tensor = self.model.tensors[index]
            tensor.type = getattr(schema.TensorType, dtype.upper())
            self.model.buffers[tensor.buffer].data = pack(values, bits)
        return index

    def bias(self, count, dtype="float32"):
        if dtype == "float32":
            return self.model.constant("bias", self.real(count), np.float32)
        scale = INTEGER_SCALE[self.dtype] * np.atleast_1d(self.weight_scale)
        return self.model.tensor("bias", [count], dtype, scale, data=self.random.integers(-3000, 3000, count))


def pack(values, bits):
    """Packs signed integers into bytes from the low bits on."""
    per_byte = 8 // bits
    flat = values.reshape(-1).astype(np.int64) & (2**bits - 1)
    flat = np.concatenate([flat, np.zeros(-len(flat) % per_byte, np.int64)]).reshape(-1, per_byte)
    return (flat << (bits * np.arange(per_byte))).sum(1).astype(np.uint8).tobytes()


def convolution(operator, weights, *, batch=1, size=(5, 6), channels=3, filters=4, kernel=(3, 2), stride=(1, 1),
                dilation=(1, 1), padding=SAME, groups=1, act="NONE", per_channel=False, zeros=False, dtype="float32"):
    case = Case(operator, dtype, weights=weights, batch=batch, size=size, channels=channels, filters=filters,
                kernel=kernel, stride=stride, dilation=dilation, padding=padding, groups=groups, act=act,
                per_channel=per_channel, zeros=zeros)
    sizes = [window_size(*each, padding) for each in zip(size, kernel, stride, dilation)]
    shape = (batch, *size, channels)
    source = case.input(shape, values=np.zeros(shape) if zeros else None)
    depthwise = operator == "DEPTHWISE_CONV_2D"
    axis = 3 if depthwise else 0
    kernel_shape = (1, *kernel, filters) if depthwise else (filters, *kernel, channels // groups)
    kernel_tensor = case.weights(kernel_shape, weights, axis, per_channel)
    bias = case.bias(filters, {"float32": "float32", "int8": "int32", "int16": "int64"}[dtype])
    fields = {"depthMultiplier": filters // channels} if depthwise else {}
    case.model.operator(
        operator, 6 if depthwise else 5, [source, kernel_tensor, bias], [case.output((batch, *sizes, filters))],
        "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions", padding=getattr(schema.Padding, padding),
        strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1],
        fusedActivationFunction=activation(act), **fields)
    return case


def convolutions():
    conv, depthwise = "CONV_2D", "DEPTHWISE_CONV_2D"
    for operator, filters in ((conv, 4), (depthwise, 6)):
        for act in ACTIVATIONS:
            yield convolution(operator, "float32", filters=filters, act=act)
        yield convolution(operator, "float32", filters=filters, batch=2, stride=(2, 1), padding=VALID)
        yield convolution(operator, "float32", filters=filters, dilation=(2, 2))
        yield convolution(operator, "float16", filters=filters)
        # Hybrid depthwise filters have int8 weights and a scale for each channel, nothing else.
        for weights in ("int8", "int4") if operator == conv else ("int8",):
            for per_channel in (False, True) if operator == conv else (True,):
                yield convolution(operator, weights, filters=filters, batch=2, per_channel=per_channel)
                yield convolution(operator, weights, filters=filters, stride=(2, 2), padding=VALID, act="RELU6",
                                  per_channel=per_channel)
        yield convolution(operator, "int8", filters=filters, zeros=True, per_channel=True)
        yield convolution(operator, "int4", filters=filters, dtype="int8", per_channel=True)
    yield convolution(conv, "int8", zeros=True)
    yield convolution(conv, "uint8")
    yield convolution(conv, "int4", dtype="int16", per_channel=True)
    # Groups need a scale for each channel in a hybrid filter.
    yield convolution(conv, "int8", channels=4, groups=2, per_channel=True)
    yield convolution(conv, "float32", channels=4, groups=2)


def transpose_convolution(*, size=(3, 4), channels=3, filters=2, kernel=(3, 3), stride=(2, 2), padding=SAME,
                          bias=True, act="NONE", weights="float32"):
    case = Case("TRANSPOSE_CONV", "float32", size=size, channels=channels, filters=filters, kernel=kernel,
                stride=stride, padding=padding, bias=bias, act=act, weights=weights)
    if padding == SAME:
        sizes = [each * step for each, step in zip(size, stride)]
    else:
        sizes = [(each - 1) * step + extent for each, step, extent in zip(size, stride, kernel)]
    shape = (2, *sizes, filters)
    sources = [case.model.constant("shape", shape), case.weights((filters, *kernel, channels), weights),
               case.input((2, *size, channels))]
    if bias:
        sources.append(case.bias(filters))
    case.model.operator(
        "TRANSPOSE_CONV", 4, sources, [case.output(shape)], "TransposeConvOptions",
        padding=getattr(schema.Padding, padding), strideH=stride[0], strideW=stride[1],
        fusedActivationFunction=activation(act))
    return case


def transpose_convolutions():
    for padding in (SAME, VALID):
        yield transpose_convolution(padding=padding)
        yield transpose_convolution(padding=padding, stride=(3, 1), kernel=(2, 4), bias=False)
    yield transpose_convolution(act="RELU")
    yield transpose_convolution(weights="float16", stride=(1, 1))


def fully_connected(weights, *, shape=(3, 10), units=4, bias=True, keep=False, act="NONE", per_channel=False,
                    asymmetric=False, zeros=False, dtype="float32", target=None):
    case = Case("FULLY_CONNECTED", dtype, weights=weights, shape=shape, units=units, bias=bias, keep=keep, act=act,
                per_channel=per_channel, asymmetric=asymmetric, zeros=zeros, target=target)
    source = case.input(shape, values=np.zeros(shape) if zeros else None, zero_point=119 if dtype == "uint8" else 0)
    kernel = case.weights((units, shape[-1]), weights, 0, per_channel)
    third = -1
    if bias:
        third = case.bias(units, {"float32": "float32", "int16": "int64"}.get(dtype, "int32"))
    rows = shape[:-1] if keep else (int(np.prod(shape[:-1])),)
    target_zero_point = 3 if target == "int16" else 0
    case.model.operator(
        "FULLY_CONNECTED", 12, [source, kernel, third],
        [case.output((*rows, units), target, zero_point=target_zero_point)], "FullyConnectedOptions",
        keepNumDims=keep, asymmetricQuantizeInputs=asymmetric, fusedActivationFunction=activation(act))
    return case


def fully_connecteds():
    for act in ACTIVATIONS:
        yield fully_connected("float32", act=act)
    yield fully_connected("float32", shape=(2, 3, 5), keep=True, bias=False)
    yield fully_connected("float16")
    for asymmetric in (False, True):
        for per_channel in (False, True):
            for weights in ("int8", "int4"):
                yield fully_connected(weights, asymmetric=asymmetric, per_channel=per_channel)
            yield fully_connected("int8", asymmetric=asymmetric, per_channel=per_channel, zeros=True)
            yield fully_connected("int8", asymmetric=asymmetric, per_channel=per_channel, shape=(2, 3, 37), keep=True,
                                  bias=False, act="RELU")
        yield fully_connected("int8", asymmetric=asymmetric, act="TANH")
        yield fully_connected("int2", asymmetric=asymmetric)
        # Old files declare int8 weights as uint8; their zero point is 0.
        yield fully_connected("uint8", asymmetric=asymmetric)
    for weights in ("int4", "int2"):
        yield fully_connected(weights, dtype="int8", shape=(2, 9))
        yield fully_connected(weights, dtype="int16", shape=(2, 9), per_channel=True)
    for act in ("NONE", "RELU"):
        yield fully_connected("uint8", dtype="uint8", target="int16", act=act)


def matrix_multiply(dtype, first, second, adjoint_first=False, adjoint_second=False):
    case = Case("BATCH_MATMUL", dtype, first=first, second=second, adjoint_first=adjoint_first,
                adjoint_second=adjoint_second)
    left = (*first[:-2], first[-1], first[-2]) if adjoint_first else first
    right = (*second[:-2], second[-1], second[-2]) if adjoint_second else second
    shape = (*np.broadcast_shapes(left[:-2], right[:-2]), left[-2], right[-1])
    case.model.operator(
        "BATCH_MATMUL", 4, [case.input(first), case.input(second)],
        [case.output(shape, scale=None if dtype == "float32" else INTEGER_SCALE[dtype] * 20)], "BatchMatMulOptions",
        adjX=adjoint_first, adjY=adjoint_second)
    return case


def matrix_multiplies():
    for dtype in ("float32", "int8", "int16"):
        yield matrix_multiply(dtype, (3, 5), (5, 4))
        yield matrix_multiply(dtype, (2, 3, 5), (2, 5, 4))
        yield matrix_multiply(dtype, (2, 1, 3, 5), (3, 5, 2))
        yield matrix_multiply(dtype, (2, 3, 5, 3), (1, 3, 5, 2), adjoint_first=True)
        yield matrix_multiply(dtype, (3, 5), (2, 4, 5), adjoint_second=True)
        yield matrix_multiply(dtype, (2, 5, 3), (4, 5), adjoint_first=True, adjoint_second=True)
    yield matrix_multiply("float32", (2, 1, 2, 2, 3), (2, 2, 1, 3, 4))


def hybrid_matrix_multiply(first, second, adjoint_first=False, adjoint_second=False, asymmetric=False):
    case = Case("BATCH_MATMUL", "float32", first=first, second=second, adjoint_first=adjoint_first,
                adjoint_second=adjoint_second, asymmetric=asymmetric, weights="int8")
    left = (*first[:-2], first[-1], first[-2]) if adjoint_first else first
    right = (*second[:-2], second[-1], second[-2]) if adjoint_second else second
    shape = (*np.broadcast_shapes(left[:-2], right[:-2]), left[-2], right[-1])
    case.model.operator(
        "BATCH_MATMUL", 4, [case.input(first), case.weights(second, "int8")], [case.output(shape)],
        "BatchMatMulOptions", adjX=adjoint_first, adjY=adjoint_second, asymmetricQuantizeInputs=asymmetric)
    return case


def hybrid_matrix_multiplies():
    for asymmetric in (False, True):
        yield hybrid_matrix_multiply((3, 5), (5, 4), asymmetric=asymmetric)
        yield hybrid_matrix_multiply((2, 3, 5), (2, 5, 4), asymmetric=asymmetric)
        yield hybrid_matrix_multiply((2, 3, 5), (4, 5), adjoint_second=True, asymmetric=asymmetric)
        yield hybrid_matrix_multiply((2, 5, 3), (1, 5, 4), adjoint_first=True, asymmetric=asymmetric)
        yield hybrid_matrix_multiply((2, 1, 5, 3), (3, 4, 5), True, True, asymmetric=asymmetric)


def convolution_3d(*, size=(4, 3, 5), channels=2, filters=3, kernel=(2, 3, 2), stride=(1, 1, 1), dilation=(1, 1, 1),
                   padding=SAME, bias=True, act="NONE"):
    case = Case("CONV_3D", "float32", size=size, channels=channels, filters=filters, kernel=kernel, stride=stride,
                dilation=dilation, padding=padding, bias=bias, act=act)
    sizes = [window_size(*each, padding) for each in zip(size, kernel, stride, dilation)]
    sources = [case.input((2, *size, channels)), case.weights((*kernel, channels, filters), "float32")]
    if bias:
        sources.append(case.bias(filters))
    case.model.operator(
        "CONV_3D", 1, sources, [case.output((2, *sizes, filters))], "Conv3DOptions",
        padding=getattr(schema.Padding, padding), strideD=stride[0], strideH=stride[1], strideW=stride[2],
        dilationDFactor=dilation[0], dilationHFactor=dilation[1], dilationWFactor=dilation[2],
        fusedActivationFunction=activation(act))
    return case


def convolutions_3d():
    yield convolution_3d()
    yield convolution_3d(padding=VALID, stride=(2, 1, 2), act="RELU")
    yield convolution_3d(dilation=(2, 1, 3), bias=False)
    yield convolution_3d(stride=(3, 2, 1), act="RELU6")


def pool(operator, *, size=(5, 6), channels=3, window=(2, 3), stride=(2, 2), padding=SAME, act="NONE"):
    case = Case(operator, "float32", size=size, channels=channels, window=window, stride=stride, padding=padding,
                act=act)
    sizes = [window_size(*each, 1, padding) for each in zip(size, window, stride)]
    case.model.operator(
        operator, 1, [case.input((2, *size, channels))], [case.output((2, *sizes, channels))], "Pool2DOptions",
        padding=getattr(schema.Padding, padding), filterHeight=window[0], filterWidth=window[1], strideH=stride[0],
        strideW=stride[1], fusedActivationFunction=activation(act))
    return case


def pools():
    for operator in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"):
        yield pool(operator)
        yield pool(operator, padding=VALID, stride=(1, 2), act="RELU_N1_TO_1")
        yield pool(operator, window=(5, 6), stride=(1, 1), act="RELU")


def resize(operator, dtype, size, target, corners=False, centers=False):
    case = Case(operator, dtype, size=size, target=target, corners=corners, centers=centers)
    name = "ResizeBilinearOptions" if operator == "RESIZE_BILINEAR" else "ResizeNearestNeighborOptions"
    case.model.operator(
        operator, 4, [case.input((2, *size, 3)), case.model.constant("size", target)], [case.output((2, *target, 3))],
        name, alignCorners=corners, halfPixelCenters=centers)
    return case


def resizes():
    for corners, centers in ((False, False), (True, False), (False, True)):
        for size, target in (((3, 4), (7, 5)), ((6, 5), (2, 3)), ((1, 1), (3, 2)), ((4, 3), (1, 1))):
            yield resize("RESIZE_BILINEAR", "float32", size, target, corners, centers)
            yield resize("RESIZE_NEAREST_NEIGHBOR", "float32", size, target, corners, centers)
            yield resize("RESIZE_BILINEAR", "uint8", size, target, corners, centers)


def half_precision():
    """Every kind of float16 number."""
    case = Case("DEQUANTIZE", "float16")
    bits = np.array([0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x3C00, 0xC000, 0x7BFF, 0x7C00, 0xFC00, 0x3555], "<u2")
    case.model.operator("DEQUANTIZE", 3, [case.input(bits.shape, "float16", bits.view(np.float16))],
                        [case.output(bits.shape, "float32")], "DequantizeOptions")
    return case


def dequantize(dtype, shape, axis, zero_points=False):
    """DEQUANTIZE with a scale for each slice along an axis."""
    case = Case("DEQUANTIZE", dtype, shape=shape, axis=axis, zero_points=zero_points)
    source = case.input(shape, scale=np.exp(case.random.uniform(-4, 0, shape[axis])))
    quantization = case.model.tensors[source].quantization
    quantization.quantizedDimension = axis
    if zero_points:
        quantization.zeroPoint = [int(value) for value in case.random.integers(-9, 9, shape[axis])]
    case.model.operator("DEQUANTIZE", 5, [source], [case.output(shape, "float32")], "DequantizeOptions")
    return case


def conversions():
    yield half_precision()
    for axis in range(3):
        yield dequantize("int8", (2, 3, 4), axis)
        yield dequantize("int8", (2, 3, 4), axis, zero_points=True)


FAMILIES = [convolutions, transpose_convolutions, fully_connecteds, matrix_multiplies, hybrid_matrix_multiplies,
            convolutions_3d, pools, resizes, conversions]


def write(case, outputs, folder):
    """Writes the files of one case; returns whether its outputs must match in every byte."""
    os.makedirs(folder)
    with open(os.path.join(folder, "model.tflite"), "wb") as file:
        file.write(case.model.pack())
    for kind, arrays in (("input", case.values), ("output", outputs)):
        for index, array in enumerate(arrays):
            np.ascontiguousarray(array).tofile(os.path.join(folder, f"{kind}-{index}.bin"))
    exact = all(output.dtype != np.float32 for output in outputs) or case.operator == "DEQUANTIZE"
    row = {
        "op": case.operator, "dtype": case.dtype, "seed": case.seed, "params": case.parameters, "runs": 1,
        "exact": exact, "notes": [],
        "inputs": [tensor_row(case.model, index) for index in case.model.inputs],
        "outputs": [tensor_row(case.model, index) for index in case.model.outputs],
    }
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(row, file)
    return exact


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
            exact = write(case, outputs, os.path.join(cases_folder, name))
            index.append({"case": name, "op": case.operator, "dtype": case.dtype, "seed": case.seed, "runs": 1,
                          "exact": exact})
    with open(os.path.join(cases_folder, "index.json"), "w") as file:
        json.dump({"cases": index}, file, indent=1)
    print(f"{len(index)} cases, {refused} refused")


if __name__ == "__main__":
    main()
