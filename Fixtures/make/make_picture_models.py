#!/usr/bin/env python3
"""Makes models that say of themselves what pictures they want and what their outputs are called.

    make_picture_models.py [FOLDER]

digits.tflite    models/mnist_cnn_int8.tflite with metadata: pixels are divided by 255, and the names of the ten digits
                 lie in a ZIP archive behind the model
objects.tflite   six boxes with two classes, whose places and scores are the pixels of a 4 x 4 picture, at the end
                 TFLite_Detection_PostProcess; with metadata and labels too
doubts.tflite    the same boxes, each with both of its classes
regions.tflite   the class of each pixel of a 4 x 4 picture is its largest colour: a map of int64
joints.tflite    a row of 17 pixels, each of them a joint: y, x and score
crowd.tflite     8 x 14 pixels are six people: y, x and score of 17 joints, four sides of a box and a score
maps.tflite      19 x 37 pixels are the maps of a PoseNet, 3 x 5 cells of each: scores before the logistic function,
                 offsets and displacements, in an order of its own; a byte v stands for (v - 128) / 12.75
person.tflite    the same without displacements, its scores behind LOGISTIC
colours.tflite   the mean of each colour of a picture of any sides; with labels that are compressed, in an archive that
                 was written by itself, so that its offsets count from its own beginning
planes.tflite    the mean of each colour of 3 x 5 pixels, channels first
rows.tflite      no picture: rows of a table, at three numbers that arrive, from the second row on
row.tflite       three pixels as they are stored: a number q stands for q / 64, from -2 to 1.984

Needs ai-edge-litert, flatbuffers and numpy (requirements.txt).
"""
import io
import os
import sys
import zipfile

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from flatbuffer_model import AlignedBuffer, ModelBuilder

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.dirname(HERE)
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
# Of TensorFlow Lite's metadata_schema.fbs.
NORMALIZATION, AXIS_LABELS, VALUE_LABELS, FEATURE, IMAGE, RGB = 1, 2, 3, 1, 2, 1


def table(builder, fields):
    """Writes a table: slot -> a text, ("table", offset) or (kind of scalar, value)."""
    fields = {slot: ("table", builder.CreateString(value)) if isinstance(value, str) else value
              for slot, value in fields.items()}
    builder.StartObject(max(fields, default=-1) + 1)
    for slot, (kind, value) in fields.items():
        if kind == "table":
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        else:
            getattr(builder, f"Prepend{kind}Slot")(slot, value, 0)
    return builder.EndObject()


def vector(builder, offsets):
    """Writes a vector of tables."""
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return ("table", builder.EndVector())


def floats(builder, values):
    """Writes a vector of floats."""
    return ("table", builder.CreateNumpyVector(np.asarray(values, np.float32)))


def content(builder, kind, fields):
    """What a tensor holds."""
    properties = table(builder, fields)
    return ("table", table(builder, {0: ("Uint8", kind), 1: ("table", properties)}))


def picture(builder, mean, deviation):
    """An input that is a picture."""
    options = table(builder, {0: floats(builder, [mean]), 1: floats(builder, [deviation])})
    unit = table(builder, {0: ("Uint8", NORMALIZATION), 1: ("table", options)})
    return table(builder, {
        0: "image", 1: "What is looked at.", 3: content(builder, IMAGE, {0: ("Uint8", RGB)}),
        4: vector(builder, [unit])})


def output(builder, name, labels=None, kind=0):
    """An output of numbers, with labels or without."""
    fields = {0: name, 3: content(builder, FEATURE, {})}
    if labels:
        fields[6] = vector(builder, [table(builder, {0: labels, 2: ("Uint8", kind)})])
    return table(builder, fields)


def metadata(name, mean, deviation, outputs):
    """The bytes of a model's metadata; outputs are lists of `output`'s arguments."""
    builder = flatbuffers.Builder(0)
    graph = table(builder, {
        2: vector(builder, [picture(builder, mean, deviation)]),
        3: vector(builder, [output(builder, *arguments) for arguments in outputs])})
    builder.Finish(table(builder, {0: name, 2: "1", 3: vector(builder, [graph])}), b"M001")
    return bytes(builder.Output())


def described(model, description, name=None, labels=()):
    """A model's bytes with a description in them and, where they have a name, labels behind them."""
    unpacked = schema.ModelT.InitFromPackedBuf(model, 0)
    # Aligned as the schema demands, which a buffer that was unpacked is not any more.
    for index, old in enumerate(unpacked.buffers):
        buffer = AlignedBuffer()
        buffer.data = None if old.data is None else bytes(bytearray(old.data))
        unpacked.buffers[index] = buffer
    buffer = AlignedBuffer()
    buffer.data = description
    unpacked.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(unpacked.buffers) - 1
    unpacked.metadata = [entry]
    builder = flatbuffers.Builder(1024)
    builder.Finish(unpacked.Pack(builder), b"TFL3")
    out = io.BytesIO()
    out.write(bytes(builder.Output()))
    if name is None:
        return out.getvalue()
    with zipfile.ZipFile(out, "a", zipfile.ZIP_STORED) as archive:
        # The time is that of the format's first day, so that the file is the same whenever it is made.
        archive.writestr(zipfile.ZipInfo(name), "".join(label + "\n" for label in labels))
    return out.getvalue()


def digits():
    """A network of digits."""
    with open(os.path.join(FIXTURES, "models", "mnist_cnn_int8.tflite"), "rb") as file:
        model = file.read()
    description = metadata("Digits", 0, 255, [("scores", "digits.txt", AXIS_LABELS)])
    return described(model, description, "digits.txt", DIGITS)


def objects(classes_of_box=1):
    """Boxes and scores straight from the pixels; a box may have several classes."""
    model = ModelBuilder("boxes from pixels")
    image = model.input("image", [1, 4, 4, 3], np.uint8, 1 / 255, 0)
    real = model.tensor("real", [1, 4, 4, 3], np.float32)
    rows = model.tensor("rows", [1, 6, 8], np.float32)
    boxes = model.tensor("boxes", [1, 6, 4], np.float32)
    scores = model.tensor("scores", [1, 6, 3], np.float32)
    anchors = model.constant(
        "anchors", [[(0.5 + row) / 2, (0.5 + column) / 3, 0.5, 0.3] for row in range(2) for column in range(3)],
        np.float32)
    model.operator("DEQUANTIZE", 2, [image], [real], "DequantizeOptions")
    model.operator("RESHAPE", 1, [real, model.constant("shape", [1, 6, 8])], [rows], "ReshapeOptions",
                   newShape=[1, 6, 8])
    for start, size, tensor in (([0, 0, 0], [1, 6, 4], boxes), ([0, 0, 4], [1, 6, 3], scores)):
        name = f"at {start[2]}"
        model.operator("SLICE", 1, [rows, model.constant(name, start), model.constant(f"size {name}", size)], [tensor],
                       "SliceOptions")
    flex = flexbuffers.Builder()
    with flex.Map():
        for key, value in (("max_detections", 6), ("max_classes_per_detection", classes_of_box),
                           ("num_classes", 2)):
            flex.Key(key)
            flex.Int(value)
        for key, value in (("nms_score_threshold", 0.1), ("nms_iou_threshold", 0.6), ("y_scale", 10.0),
                           ("x_scale", 10.0), ("h_scale", 5.0), ("w_scale", 5.0)):
            flex.Key(key)
            flex.Float(value)
    count = 6 * classes_of_box
    outputs = [model.output(name, shape, np.float32) for name, shape in (
        ("locations", [1, count, 4]), ("classes", [1, count]), ("confidence", [1, count]), ("found", [1]))]
    model.custom_operator("TFLite_Detection_PostProcess", [boxes, scores, anchors], outputs, bytes(flex.Finish()))
    description = metadata("Boxes", 0, 255, [
        ("locations",), ("classes", "things.txt", VALUE_LABELS), ("confidence",), ("found",)])
    return described(model.pack(), description, "things.txt", ["apple", "pear"])


def doubts():
    """The same, with both classes of each box."""
    return objects(classes_of_box=2)


def regions():
    """A map of classes."""
    model = ModelBuilder("the largest colour")
    image = model.input("image", [1, 4, 4, 3], np.uint8, 1 / 255, 0)
    classes = model.output("classes", [1, 4, 4], np.int64)
    model.operator("ARG_MAX", 2, [image, model.constant("axis", 3)], [classes], "ArgMaxOptions",
                   outputType=schema.TensorType.INT64)
    return model.pack()


def joints():
    """One person."""
    model = ModelBuilder("joints from pixels")
    image = model.input("image", [1, 1, 17, 3], np.uint8, 1 / 255, 0)
    people = model.output("people", [1, 1, 17, 3], np.float32)
    model.operator("DEQUANTIZE", 2, [image], [people], "DequantizeOptions")
    return model.pack()


def crowd():
    """Several people."""
    model = ModelBuilder("people from pixels")
    image = model.input("image", [1, 8, 14, 3], np.uint8, 1 / 255, 0)
    real = model.tensor("real", [1, 8, 14, 3], np.float32)
    people = model.output("people", [1, 6, 56], np.float32)
    model.operator("DEQUANTIZE", 2, [image], [real], "DequantizeOptions")
    model.operator("RESHAPE", 1, [real, model.constant("shape", [1, 6, 56])], [people], "ReshapeOptions",
                   newShape=[1, 6, 56])
    return model.pack()


def posenet(description, channels, outputs, with_scores):
    """Maps of 3 x 5 cells, one behind the other in the pixels; `outputs` names those in `channels` in their order."""
    rows, columns, height, width = 3, 5, 19, 37
    model = ModelBuilder(description)
    image = model.input("image", [1, height, width, 3], np.uint8, 1 / 12.75, 128)
    real = model.tensor("real", [1, height, width, 3], np.float32)
    row = model.tensor("row", [1, height * width * 3], np.float32)
    model.operator("DEQUANTIZE", 2, [image], [real], "DequantizeOptions")
    model.operator("RESHAPE", 1, [real, model.constant("row shape", [1, height * width * 3])], [row], "ReshapeOptions",
                   newShape=[1, height * width * 3])
    starts, start = {}, 0
    for name, depth in channels.items():
        starts[name] = start
        start += rows * columns * depth
    for name in outputs:
        shape = [1, rows, columns, channels[name]]
        part = model.tensor(f"part of {name}", [1, rows * columns * channels[name]], np.float32)
        model.operator(
            "SLICE", 1, [row, model.constant(f"start of {name}", [0, starts[name]]),
                         model.constant(f"size of {name}", [1, rows * columns * channels[name]])], [part],
            "SliceOptions")
        is_score = with_scores and name == "heatmap"
        logits = model.tensor(f"{name} logits", shape, np.float32) if is_score else model.output(
            name, shape, np.float32)
        model.operator("RESHAPE", 1, [part, model.constant(f"shape of {name}", shape)], [logits], "ReshapeOptions",
                       newShape=shape)
        if is_score:
            model.operator("LOGISTIC", 1, [logits], [model.output(name, shape, np.float32)])
    return described(model.pack(), metadata(description, 128, 12.75, [(name,) for name in outputs]))


def maps():
    """Several people, to be told apart by displacements."""
    return posenet(
        "maps from pixels", {"heatmap": 17, "offset": 34, "displacement_fwd": 32, "displacement_bwd": 32},
        ["displacement_bwd", "heatmap", "displacement_fwd", "offset"], False)


def person():
    """One person."""
    return posenet("scores from pixels", {"heatmap": 17, "offset": 34}, ["offset", "heatmap"], True)


def mean_of_colours(description, shape, axes):
    """A model of a picture's mean colours."""
    model = ModelBuilder(description)
    image = model.input("image", shape, np.uint8, 1 / 255, 0)
    shares = model.output("shares", [1, 3], np.uint8, 1 / 255, 0)
    model.operator("MEAN", 2, [image, model.constant("axes", axes)], [shares], "ReducerOptions", keepDims=False)
    return model


def colours():
    """Sides that are free."""
    model = mean_of_colours("mean colours", [1, 1, 1, 3], [1, 2])
    model.tensors[0].shapeSignature = [1, -1, -1, 3]
    description = metadata("Colours", 0, 255, [("shares", "colours.txt", AXIS_LABELS)])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("colours.txt")
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, "".join(f"{name} of all colours\n" for name in ("red", "green", "blue")))
    return described(model.pack(), description) + out.getvalue()


def planes():
    """Channels first."""
    return mean_of_colours("mean colours of planes", [1, 3, 3, 5], [2, 3]).pack()


def row():
    """Numbers of an unusual range."""
    model = ModelBuilder("pixels as they are stored")
    image = model.input("image", [1, 1, 3, 3], np.int8, 1 / 64, 0)
    stored = model.output("stored", [1, 9], np.int8, 1 / 64, 0)
    model.operator("RESHAPE", 1, [image, model.constant("shape", [1, 9])], [stored], "ReshapeOptions", newShape=[1, 9])
    return model.pack()


def rows():
    """Indices that arrive."""
    model = ModelBuilder("rows of a table")
    numbers = model.input("numbers", [3], np.int32)
    following = model.tensor("following", [3], np.int32)
    found = model.output("found", [3, 2], np.float32)
    table_of_rows = model.constant("table", np.arange(10, 18).reshape(4, 2), np.float32)
    model.operator("ADD", 1, [numbers, model.constant("one", [1, 1, 1])], [following], "AddOptions")
    model.operator("GATHER", 1, [table_of_rows, following], [found], "GatherOptions")
    return model.pack()


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(FIXTURES, "described")
    os.makedirs(folder, exist_ok=True)
    for name, make in (("digits", digits), ("objects", objects), ("doubts", doubts), ("regions", regions),
                       ("joints", joints), ("crowd", crowd), ("maps", maps), ("person", person),
                       ("colours", colours), ("planes", planes), ("row", row), ("rows", rows)):
        data = make()
        with open(os.path.join(folder, f"{name}.tflite"), "wb") as file:
            file.write(data)
        print(f"{name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
