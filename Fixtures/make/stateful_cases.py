"""Writes cases of models that keep something from run to run: each runs three times in one interpreter.

The folder of all cases gets index.json and case-N/{model.tflite, input-0.bin, output-0.bin, input-0-run1.bin, ...,
case.json}.
"""
import json
import os

import numpy as np

import litert

RUNS = 3
# Numbers between two that a layer of integer weights makes of them in a run.
HALVES = "halves"


def halves(shape, random):
    """Odd multiples of half a step, and their neighbours, in rows whose range is 127 steps on each side of 0, or 255 on
    both: a step is what 1 stands for when a row is quantized."""
    middles = ((random.integers(-126, 126, shape) + 0.5) / 64).astype(np.float32)
    # The number below one half, which the reference rounds up where it rounds eight numbers at once.
    middles = np.where(random.random(shape) < 0.3, np.sign(middles) * np.float32(0.5 / 64), middles).astype(np.float32)
    neighbours = np.nextafter(middles, np.where(random.random(shape) < 0.5, 0, np.inf).astype(np.float32))
    values = np.where(random.random(shape) < 0.5, middles, neighbours).astype(np.float32)
    values[..., 0] = 127 / 64
    values[..., -1] = np.where(random.random(shape[:-1]) < 0.5, -128 / 64, values[..., -1])
    return values


def describe(tensor):
    """A tensor of an interpreter as case.json tells of it."""
    return {
        "name": tensor["name"], "dtype": np.dtype(tensor["dtype"]).name,
        "shape": [int(size) for size in tensor["shape"]]}


def draw(tensor, random, deviation):
    """Normally distributed numbers for a tensor of an interpreter, or its type's integers, all as often; or `HALVES`."""
    if deviation == HALVES:
        return halves(tensor["shape"], random)
    if not np.issubdtype(tensor["dtype"], np.integer):
        return random.normal(0, deviation, tensor["shape"]).astype(tensor["dtype"])
    limits = np.iinfo(tensor["dtype"])
    if deviation is None:
        return random.integers(limits.min, limits.max + 1, tensor["shape"]).astype(tensor["dtype"])
    return np.clip(random.normal(0, deviation, tensor["shape"]), limits.min, limits.max).astype(tensor["dtype"])


def write_case(folder, model, operator, seed, parameters, random, deviation):
    """Runs a model on numbers of that deviation, or on any integers if it is None, and writes its case; returns its row
    of the index."""
    interpreter = litert.reference_interpreter(model)
    images, results = interpreter.get_input_details(), interpreter.get_output_details()
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.tflite"), "wb") as file:
        file.write(model)
    for run in range(RUNS):
        tail = f"-run{run}" if run else ""
        for index, image in enumerate(images):
            values = draw(image, random, deviation)
            interpreter.set_tensor(image["index"], values)
            values.tofile(os.path.join(folder, f"input-{index}{tail}.bin"))
        interpreter.invoke()
        for index, result in enumerate(results):
            interpreter.get_tensor(result["index"]).tofile(os.path.join(folder, f"output-{index}{tail}.bin"))
    description = {
        "op": operator, "dtype": np.dtype(images[0]["dtype"]).name, "seed": seed, "params": parameters, "runs": RUNS,
        "exact": False, "notes": [], "inputs": [describe(image) for image in images],
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
