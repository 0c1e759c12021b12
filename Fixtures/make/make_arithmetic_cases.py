"""Makes the cases of Fixtures/cases-arithmetic: what quantization decides in corners that the other folders leave out.

    python make_arithmetic_cases.py CASES_FOLDER

Detections with several classes a box; layers of float32 activations and integer weights whose activations lie between
two integers when they are quantized in a run.  Each model runs under LiteRT's BUILTIN_REF kernels; a case that they refuse is
printed with its parameters and left out.

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


FAMILIES = [detections, hybrids]


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
