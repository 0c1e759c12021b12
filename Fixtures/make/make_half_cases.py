"""Makes the cases of Fixtures/cases-half: CAST to and from float16, with numbers around which conversions turn.

    python make_half_cases.py CASES_FOLDER

Each model runs under LiteRT's BUILTIN_REF kernels. The folder gets index.json and case-N/{model.tflite, input-0.bin,
output-0.bin, case.json}. All outputs are exact.
"""
import json
import os
import sys

import numpy as np

import litert
from make_elementwise_cases import Case
from make_extra_cases import tensor_row

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"]
# Ends of float16 and halves of its steps: of the largest, of those above 1 and 2048, and of subnormal numbers.
TURNS = [
    0.0, -0.0, 1.0, -1.0, 0.1, 65504.0, 65519.9, 65520.0, -65520.0, 1e5, -1e5, np.inf, -np.inf, np.nan, 2049.0, 2051.0,
    1 + 2**-11, 1 + 3 * 2**-11, 2**-14, 2**-14 - 2**-25, 2**-24, 2**-25, -(2**-25), 2**-25 + 2**-40, 3 * 2**-25, 1e-8]


def values(case, dtype):
    """Numbers of all sizes."""
    if dtype == "bool":
        return case.random.random(60) < 0.5
    if dtype in INTEGERS:
        limits = np.iinfo(dtype)
        return np.concatenate([
            case.random.integers(limits.min, limits.max, 60, dtype, endpoint=True),
            np.clip([limits.min, limits.max, 0, 2049, 2051, 65519, 65520, -65520], limits.min, limits.max).astype(dtype)])
    numbers = np.concatenate([TURNS, case.random.normal(0, 1, 300) * 2.0 ** case.random.integers(-26, 18, 300)])
    with np.errstate(over="ignore"):
        return numbers.astype(dtype)


def cases():
    for dtype in [*INTEGERS, "float32", "float64", "bool"]:
        for source, target in ((dtype, "float16"), ("float16", dtype)):
            case = Case("CAST", source, target=target)
            numbers = values(case, source)
            yield case.input(numbers).output(numbers.shape, target)


def main():
    (root,) = sys.argv[1:]
    rows = []
    for case in cases():
        name = f"case-{len(rows)}"
        folder = os.path.join(root, name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "model.tflite"), "wb") as file:
            file.write(case.model.pack())
        (output,) = litert.run(case.model.pack(), case.values)
        case.values[0].tofile(os.path.join(folder, "input-0.bin"))
        output.tofile(os.path.join(folder, "output-0.bin"))
        row = {"op": case.operator, "dtype": case.dtype, "seed": case.seed, "runs": 1, "exact": True}
        description = row | {
            "params": case.parameters, "notes": [], "inputs": [tensor_row(case.model, case.model.inputs[0])],
            "outputs": [tensor_row(case.model, case.model.outputs[0])]}
        with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as file:
            json.dump(description, file)
        rows.append({"case": name} | row)
    with open(os.path.join(root, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"cases": rows}, file, indent=1)
    print(f"{len(rows)} cases in {root}")


if __name__ == "__main__":
    main()
