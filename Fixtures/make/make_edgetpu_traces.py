#!/usr/bin/env python3
"""Makes models with operators that were compiled for the Edge TPU, and the calls that LiteRT makes on them.

    make_edgetpu_traces.py [FOLDER]

The packages in the models are empty of instructions: no device could run them. The calls are recorded by the fake
libedgetpu in Tests/FakeEdgeTPU, which LiteRT gets as a delegate (in a process for each model, since it reads its knobs
from the environment). Each model is run twice; byte k of an input is k mod 251. Beside NAME.tflite lie NAME.trace, the
calls in their order, and NAME-output-I.bin, the outputs after the second run.

Needs ai-edge-litert, flatbuffers and numpy (requirements.txt), and clang as it comes with Swift.
"""
import os
import struct
import subprocess
import sys
import tempfile

import flatbuffers
import numpy as np

from flatbuffer_model import ModelBuilder

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# As executables number types.
LAYER_TYPES = {"uint8": 0, "int8": 8, "int16": 9}


def byte_vector(builder, data):
    """Writes a vector of bytes and returns its offset."""
    return builder.CreateByteVector(bytes(data))


def table(builder, fields):
    """Writes a table: slot -> (kind, value)."""
    builder.StartObject(max(fields) + 1)
    for slot, (kind, value) in fields.items():
        if kind == "offset":
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        else:
            getattr(builder, f"Prepend{kind}Slot")(slot, value, 0)
    return builder.EndObject()


def offsets(builder, values):
    """Writes a vector of offsets."""
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependUOffsetTRelative(value)
    return builder.EndVector()


def layer(builder, name, shape, dtype):
    """Writes an input or output of an executable; the batch is left out of its sizes."""
    sizes = ([1, 1, 1] + list(shape[1:]))[-3:]
    text = builder.CreateString(name)
    numerics = table(builder, {0: ("Int32", 0), 1: ("Float32", 1.0)})
    width = np.dtype(dtype).itemsize
    return table(builder, {
        0: ("offset", text), 1: ("Int32", int(np.prod(sizes)) * width), 2: ("Int32", sizes[0]), 3: ("Int32", sizes[1]),
        4: ("Int32", sizes[2]), 5: ("offset", numerics), 6: ("Int16", LAYER_TYPES[dtype])})


def executable(kind, inputs, outputs):
    """The bytes of an executable of that kind."""
    builder = flatbuffers.Builder(0)
    ins = offsets(builder, [layer(builder, *one) for one in inputs])
    outs = offsets(builder, [layer(builder, *one) for one in outputs])
    bitstream = table(builder, {0: ("offset", byte_vector(builder, b"\0" * 16))})
    pieces = offsets(builder, [bitstream])
    name, chip = builder.CreateString("model"), builder.CreateString("beagle")
    builder.Finish(table(builder, {
        1: ("offset", name), 3: ("Int32", 1), 5: ("offset", pieces), 8: ("offset", ins), 9: ("offset", outs),
        10: ("offset", chip), 13: ("Int16", kind), 14: ("Uint64", 77)}))
    return bytes(builder.Output())


def custom_options(inputs, outputs):
    """What an operator carries whose executable has these layers: (name, shape, type)."""
    builder = flatbuffers.Builder(0)
    texts = [builder.CreateString(executable(2, inputs, outputs)), builder.CreateString(executable(1, [], []))]
    builder.Finish(table(builder, {0: ("offset", offsets(builder, texts))}))
    executables = bytes(builder.Output())
    builder = flatbuffers.Builder(0)
    data = byte_vector(builder, executables)
    version = builder.CreateString("cl/")
    builder.Finish(table(builder, {0: ("Int32", 12), 1: ("offset", data), 4: ("offset", version)}), b"DWN1")
    package = bytes(builder.Output())
    return flex_map(bytes(builder.Output()))


def flex_map(package):
    """The FlexBuffers map {"1": 0, "4": package, "5": -1}, with 4 bytes a value: its writer for Python takes no bytes
    for a string."""
    out = bytearray(b"1\x004\x005\x00\0\0")

    def word(value):
        out.extend(struct.pack("<i", value))

    word(len(package))
    string = len(out)
    out.extend(package + b"\0")
    out.extend(b"\0" * (-len(out) % 4))
    word(3)
    keys = len(out)
    for key in (0, 2, 4):
        word(len(out) - key)
    word(len(out) - keys)
    word(4)
    word(3)
    values = len(out)
    word(0)
    word(len(out) - string)
    word(-1)
    # Types of the values, the offset to them, and the type of a map.
    out.extend([1 << 2 | 2, 5 << 2 | 2, 1 << 2 | 2])
    out.extend([len(out) - values, 9 << 2 | 2, 1])
    return bytes(out)


# MARK: Models


def single():
    """One compiled operator, from uint8 to int8."""
    model = ModelBuilder("compiled for the Edge TPU")
    image = model.input("image", [1, 4, 5, 3], np.uint8, 0.5, 3)
    scores = model.output("scores", [1, 10], np.int8, 0.25, -42)
    options = custom_options([("image", [1, 4, 5, 3], "uint8")], [("scores", [1, 10], "int8")])
    model.custom_operator("edgetpu-custom-op", [image], [scores], options)
    return model


def surrounded():
    """Two compiled operators with two outputs and inputs, and operators of the CPU before, between and after them."""
    model = ModelBuilder("partly compiled for the Edge TPU")
    image = model.input("image", [1, 4, 5, 3], np.uint8, 0.5, 3)
    twice = model.tensor("twice", [1, 4, 5, 3], np.uint8, 1.0, 6)
    left = model.tensor("left", [1, 4, 5, 2], np.uint8, 0.5, 0)
    right = model.tensor("right", [1, 4, 5, 2], np.uint8, 0.5, 0)
    joined = model.tensor("joined", [1, 4, 5, 4], np.uint8, 0.5, 0)
    scores = model.tensor("scores", [1, 8], np.uint8, 0.5, 100)
    highest = model.output("highest", [1, 8], np.uint8, 1 / 256, 0)
    model.operator("ADD", 1, [image, image], [twice], "AddOptions")
    model.custom_operator("edgetpu-custom-op", [twice], [left, right], custom_options(
        [("twice", [1, 4, 5, 3], "uint8")], [("left", [1, 4, 5, 2], "uint8"), ("right", [1, 4, 5, 2], "uint8")]))
    model.operator("CONCATENATION", 1, [left, right], [joined], "ConcatenationOptions", axis=3)
    model.custom_operator("edgetpu-custom-op", [joined], [scores], custom_options(
        [("joined", [1, 4, 5, 4], "uint8")], [("scores", [1, 8], "uint8")]))
    model.operator("SOFTMAX", 1, [scores], [highest], "SoftmaxOptions", beta=1.0)
    return model


def states():
    """A compiled operator with two states, which the device writes into its inputs, as for an LSTM."""
    model = ModelBuilder("an LSTM compiled for the Edge TPU")
    features = model.input("features", [1, 6, 4], np.uint8, 0.5, 3)
    hidden = model.tensor("hidden", [1, 5], np.int8, 0.25, -1)
    cell = model.tensor("cell", [1, 5], np.int16, 0.125, 0)
    for state in (hidden, cell):
        model.tensors[state].isVariable = True
    scores = model.output("scores", [1, 10], np.uint8, 0.25, 0)
    options = custom_options(
        [("features", [1, 6, 4], "uint8"), ("hidden", [1, 5], "int8"), ("cell", [1, 5], "int16")],
        [("scores", [1, 10], "uint8"), ("hidden_variable_output", [1, 5], "int8"),
         ("cell_variable_output", [1, 5], "int16")])
    model.custom_operator("edgetpu-custom-op", [features, hidden, cell], [scores], options)
    return model


MODELS = {"single": single, "surrounded": surrounded, "states": states}


# MARK: Traces


def build_fake(folder):
    """Builds the fake library as LiteRT wants it, with registrations of 88 bytes."""
    path = os.path.join(folder, "libedgetpu.so")
    source = os.path.join(ROOT, "Tests", "FakeEdgeTPU", "fake_edgetpu.c")
    subprocess.run(["clang", "-shared", "-fPIC", "-DREGISTRATION_EXTRA=24", "-o", path, source], check=True)
    return path


def run_litert(library, model, prefix):
    """Runs a model twice; called in a process of its own."""
    from ai_edge_litert.interpreter import Interpreter, load_delegate

    delegate = load_delegate(library)
    interpreter = Interpreter(model_path=model, experimental_delegates=[delegate])
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        count = int(np.prod(detail["shape"]))
        value = (np.arange(count) % 251).astype(detail["dtype"]).reshape(detail["shape"])
        interpreter.set_tensor(detail["index"], value)
    for _ in range(2):
        interpreter.invoke()
    for index, detail in enumerate(interpreter.get_output_details()):
        interpreter.get_tensor(detail["index"]).tofile(f"{prefix}-output-{index}.bin")


def main():
    if sys.argv[1:2] == ["--run"]:
        run_litert(*sys.argv[2:])
        return
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "Fixtures", "edgetpu")
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        library = build_fake(scratch)
        for name, make in MODELS.items():
            path = os.path.join(folder, f"{name}.tflite")
            with open(path, "wb") as file:
                file.write(make().pack())
            trace = os.path.join(folder, f"{name}.trace")
            if os.path.exists(trace):
                os.remove(trace)
            command = [sys.executable, os.path.abspath(__file__), "--run", library, path, os.path.join(folder, name)]
            subprocess.run(command, check=True, env=dict(os.environ, FAKE_EDGETPU_TRACE=trace))
            with open(trace) as file:
                print(f"{name}: {len(file.readlines())} calls")


if __name__ == "__main__":
    main()
