"""Writes cases of models that keep something from run to run: each runs three times in one interpreter.

The folder of all cases gets index.json and case-N/{model.tflite, input-0.bin, output-0.bin, input-0-run1.bin, ...,
case.json}.
"""
import json
import os

import numpy as np

import litert

RUNS = 3


def describe(tensor):
    """A tensor of an interpreter as case.json tells of it."""
    return {
        "name": tensor["name"], "dtype": np.dtype(tensor["dtype"]).name,
        "shape": [int(size) for size in tensor["shape"]]}


def write_case(folder, model, operator, seed, parameters, random, deviation):
    """Runs a model of one input on normally distributed numbers and writes its case; returns its row of the index."""
    interpreter = litert.reference_interpreter(model)
    details, results = interpreter.get_input_details()[0], interpreter.get_output_details()
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.tflite"), "wb") as file:
        file.write(model)
    for run in range(RUNS):
        tail = f"-run{run}" if run else ""
        values = random.normal(0, deviation, details["shape"])
        if np.issubdtype(details["dtype"], np.integer):
            limits = np.iinfo(details["dtype"])
            values = np.clip(values, limits.min, limits.max)
        values = values.astype(details["dtype"])
        interpreter.set_tensor(details["index"], values)
        interpreter.invoke()
        values.tofile(os.path.join(folder, f"input-0{tail}.bin"))
        for index, result in enumerate(results):
            interpreter.get_tensor(result["index"]).tofile(os.path.join(folder, f"output-{index}{tail}.bin"))
    description = {
        "op": operator, "dtype": np.dtype(details["dtype"]).name, "seed": seed, "params": parameters, "runs": RUNS,
        "exact": False, "notes": [], "inputs": [describe(details)],
        "outputs": [describe(result) for result in results],
    }
    with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as file:
        json.dump(description, file, indent=1)
    return {key: description[key] for key in ("op", "dtype", "seed", "runs", "exact")}


def write_folder(root, subjects, write):
    """Writes a case for each subject by `write(subject, folder)`; what is refused is printed and left out."""
    rows = []
    for subject in subjects:
        name = f"case-{len(rows)}"
        try:
            rows.append({"case": name} | write(subject, os.path.join(root, name)))
        except (RuntimeError, ValueError) as error:
            print(f"refused: {subject}: {str(error).strip().splitlines()[0]}")
    with open(os.path.join(root, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"cases": rows}, file, indent=1)
    print(f"{len(rows)} cases in {root}")
