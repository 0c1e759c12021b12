"""Makes the one-operator and small-network cases of Fixtures/cases.

    python make_cases.py MAKE_OP CASES_FOLDER

MAKE_OP is the path of the conformance generator make_op.py, which is developed
outside this repository.  It is run once for int8 and once for uint8; the cases
of both runs are numbered on into one folder with one index.json.  Cases that
LiteRT refuses are left out.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

SEED = 20260
COUNT = 6
DTYPES = ["int8", "uint8"]
OPERATORS = [
    "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D", "SOFTMAX",
    "ADD", "MUL", "RELU", "RELU6", "LOGISTIC", "PAD", "MEAN", "CONCATENATION", "RESHAPE", "SQUEEZE",
    "QUANTIZE", "DEQUANTIZE", "NETWORK",
]


def generate(tool, dtype, folder):
    """Runs the generator for all operators with one dtype and returns its index."""
    command = [sys.executable, tool, "--dtype", dtype, "--count", str(COUNT), "--seed", str(SEED),
               "--no-compare", "--out", folder]
    for operator in OPERATORS:
        command += ["--op", operator]
    subprocess.run(command, check=True)
    with open(os.path.join(folder, "index.json")) as file:
        return json.load(file)


def main():
    tool, cases_folder = sys.argv[1:]
    cases = []
    for dtype in DTYPES:
        with tempfile.TemporaryDirectory() as folder:
            for row in generate(tool, dtype, folder)["cases"]:
                name = f"case-{len(cases)}"
                shutil.copytree(os.path.join(folder, row["case"]), os.path.join(cases_folder, name))
                cases.append(row | {"case": name})
    with open(os.path.join(cases_folder, "index.json"), "w") as file:
        json.dump({"seed": SEED, "count": COUNT, "cases": cases}, file, indent=1)


if __name__ == "__main__":
    main()
