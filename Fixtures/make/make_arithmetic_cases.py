"""Makes the cases of Fixtures/cases-arithmetic: what quantization decides in corners that the other folders leave out.

    python make_arithmetic_cases.py CASES_FOLDER

Detections with several classes a box.  Each model runs under LiteRT's BUILTIN_REF kernels; a case that they refuse is
printed with its parameters and left out.

The folder gets what make_extra_cases.py describes; `exact` is false where an output is float32.
"""
import json
import os
import sys

import numpy as np
from flatbuffers import flexbuffers

from make_extra_cases import reference_outputs
from make_float_cases import Case, write


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


FAMILIES = [detections]


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
            index.append({"case": name, "op": case.operator, "dtype": case.dtype, "seed": case.seed, "runs": 1,
                          "exact": exact})
    with open(os.path.join(cases_folder, "index.json"), "w") as file:
        json.dump({"cases": index}, file, indent=1)
    print(f"{len(index)} cases, {refused} refused")


if __name__ == "__main__":
    main()
