"""Makes the float twin of a quantized model: the model that it could have been quantized from.

    python make_float_twin.py MODEL TWIN [--seed N]

Every quantized tensor becomes a float32 one of the same name.  A constant's numbers are what its integers stand for,
weights with a random part of at most half a step added, the same for the same seed: rounding them gives the integers
back.  Biases and integers at an end of their range get no such part.  QUANTIZE and DEQUANTIZE are left out: what they
write is what they read.
"""
import argparse

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from describe import load, operators
from flatbuffer_model import AlignedBuffer

TYPES = {schema.TensorType.INT8: np.int8, schema.TensorType.UINT8: np.uint8, schema.TensorType.INT16: np.int16,
         schema.TensorType.INT32: np.int32, schema.TensorType.INT64: np.int64}
WEIGHTS = {schema.TensorType.INT8, schema.TensorType.UINT8}


def scales(tensor):
    """The scales of a tensor in the shape that multiplies it, and its zero points; None without quantization."""
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None or len(quantization.scale) == 0:
        return None
    shape = [1] * len(tensor.shape)
    if len(quantization.scale) > 1:
        shape[quantization.quantizedDimension] = len(quantization.scale)
    zero_points = np.asarray(quantization.zeroPoint, np.float64)
    return np.asarray(quantization.scale, np.float64).reshape(shape), zero_points.reshape(shape)


def real(tensor, data, random):
    """The real numbers of a constant, with a part of a step added to weights."""
    stored = np.frombuffer(bytes(data), TYPES[tensor.type]).reshape(tensor.shape)
    scale, zero_point = scales(tensor)
    values = stored.astype(np.float64) - zero_point
    if tensor.type in WEIGHTS:
        limits = np.iinfo(stored.dtype)
        part = random.uniform(-0.49, 0.49, stored.shape)
        values += np.where((stored == limits.min) | (stored == limits.max), 0, part)
    return (values * scale).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("twin")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    model = load(arguments.model)
    graph = model.subgraphs[0]

    buffers = []
    for buffer in model.buffers:
        buffers.append(AlignedBuffer())
        buffers[-1].data = None if buffer.data is None or len(buffer.data) == 0 else bytes(buffer.data)
    for tensor in graph.tensors:
        if scales(tensor) is None:
            continue
        if buffers[tensor.buffer].data is not None:
            # A buffer of its own: another tensor may share the old one.
            twin = AlignedBuffer()
            twin.data = real(tensor, buffers[tensor.buffer].data, random).tobytes()
            tensor.buffer = len(buffers)
            buffers.append(twin)
        tensor.type = schema.TensorType.FLOAT32
        tensor.quantization = None
    used = {tensor.buffer for tensor in graph.tensors}
    used |= {entry.buffer for entry in model.metadata or []}
    for index, buffer in enumerate(buffers):
        if index not in used:
            buffer.data = None
    model.buffers = buffers

    source = {}
    kept = []
    for name, operator in zip(operators(model), graph.operators):
        operator.inputs = [source.get(int(tensor), int(tensor)) for tensor in operator.inputs]
        if name in ("QUANTIZE", "DEQUANTIZE"):
            source[int(operator.outputs[0])] = operator.inputs[0]
        else:
            kept.append(operator)
    graph.operators = kept
    graph.outputs = [source.get(int(tensor), int(tensor)) for tensor in graph.outputs]
    for signature in model.signatureDefs or []:
        for entry in signature.outputs:
            entry.tensorIndex = source.get(int(entry.tensorIndex), int(entry.tensorIndex))
    model.description = "float twin"

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    with open(arguments.twin, "wb") as file:
        file.write(bytes(builder.Output()))


if __name__ == "__main__":
    main()
