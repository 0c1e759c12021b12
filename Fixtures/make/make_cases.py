"""Makes the one-operator and small-network cases of Fixtures/cases.

    python make_cases.py MAKE_OP CASES_FOLDER

MAKE_OP is the path of the conformance generator make_op.py, which is developed
outside this repository.  It is run once for int8 and once for uint8; the cases
of both runs are numbered on into one folder with one index.json: the first six
of each operator and type that have no int16 input or output and no large output
of one or two values only.  Cases that LiteRT refuses are left out.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

import numpy as np

SEED = 20260
DRAWN, KEPT = 30, 6
DTYPES = ["int8", "uint8"]
OPERATORS = [
    "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D", "SOFTMAX",
    "ADD", "MUL", "RELU", "RELU6", "LOGISTIC", "PAD", "MEAN", "CONCATENATION", "RESHAPE", "SQUEEZE",
    "QUANTIZE", "DEQUANTIZE", "NETWORK",
]


def generate(tool, dtype, folder):
    """Runs the generator for all operators with one dtype and returns its index."""
    command = [sys.executable, tool, "--dtype", dtype, "--count", str(DRAWN), "--seed", str(SEED),
               "--no-compare", "--out", folder]
    for operator in OPERATORS:
        command += ["--op", operator]
    subprocess.run(command, check=True)
    with open(os.path.join(folder, "index.json")) as file:
        return json.load(file)


def is_wanted(folder):
    """False for int16 ends, and if an output of eight values or more holds only one or two different ones."""
    with open(os.path.join(folder, "case.json")) as file:
        case = json.load(file)
    if any(tensor["dtype"] == "int16" for tensor in case["inputs"] + case["outputs"]):
        return False
    for index, output in enumerate(case["outputs"]):
        values = np.fromfile(os.path.join(folder, f"output-{index}.bin"), output["dtype"])
        if values.size >= 8 and np.unique(values).size <= 2:
            return False
    return True


def main():
    tool, cases_folder = sys.argv[1:]
    cases, kept = [], Counter()
    for dtype in DTYPES:
        with tempfile.TemporaryDirectory() as folder:
            for row in generate(tool, dtype, folder)["cases"]:
                source = os.path.join(folder, row["case"])
                if kept[row["op"], dtype] == KEPT or not is_wanted(source):
                    continue
                kept[row["op"], dtype] += 1
                name = f"case-{len(cases)}"
                shutil.copytree(source, os.path.join(cases_folder, name))
                cases.append(row | {"case": name})
    with open(os.path.join(cases_folder, "index.json"), "w") as file:
        json.dump({"seed": SEED, "count": KEPT, "cases": cases}, file, indent=1)


if __name__ == "__main__":
    main()
