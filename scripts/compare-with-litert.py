#!/usr/bin/env python3
"""Runs every .tflite file below some folders through LiteRT's reference kernels and through tinyrun, on the same seeded
inputs, and prints what came of each.

    compare-with-litert.py [--seed N] [--runs N] [--tinyrun PATH] [--verbose] FOLDER_OR_FILE...

Needs ai-edge-litert and numpy (PyPI). LiteRT's interpreter has a graph's inputs and outputs in the graph's order,
tinyrun in that of its signature: they are matched by their tensors' names, not by their places. A file is

    equal    all outputs of all runs are the same bytes (numbers of float32: within 1e-5 of their size, or 1e-6)
    differs  an output is not; the first tensor that differs, in the order of execution, and its largest difference are
             named
    refused  tinyrun refuses the file; its reason is shown
    unknown  LiteRT itself does not run the file

The last line is `N equal, N differ, N refused`; the exit status is 1 if any file differs. A line before it counts the
unknown ones, if there are any.
"""
import argparse
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import numpy as np


def random_input(rng, detail):
    """Elements for an input: integers over the whole type, floats from -1 to 1."""
    dtype = np.dtype(detail["dtype"])
    shape = detail["shape"]
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        # Wide integers are mostly indices and counts.
        low, high = (0, 4) if dtype.itemsize >= 4 else (np.iinfo(dtype).min, int(np.iinfo(dtype).max) + 1)
        return rng.integers(low, high, shape).astype(dtype)
    return rng.uniform(-1, 1, shape).astype(dtype)


def keep_tensors(interpreter, folder):
    """Writes every tensor of the first run, as the kernels left it; none where LiteRT cannot keep them."""
    try:
        keeping = interpreter(True)
        for index, detail in enumerate(keeping.get_input_details()):
            data = np.fromfile(f"{folder}/in-0-{index}.bin", detail["dtype"]).reshape(detail["shape"])
            keeping.set_tensor(detail["index"], data)
        keeping.invoke()
    except (RuntimeError, ValueError):
        return
    for detail in keeping.get_tensor_details():
        try:
            value = np.ascontiguousarray(keeping.get_tensor(detail["index"]))
        except ValueError:
            continue
        if value.dtype != object:
            value.tofile(f"{folder}/tensor-{detail['index']}.bin")


def run_litert(path, seed, runs, folder):
    """Runs the reference kernels in a child process, since a model may end it. Returns a description, or None.

    Writes in-R-I.bin and out-R-I.bin for run R, and tensor-N.bin for every tensor of the first run.
    """
    child = os.fork()
    if child == 0:
        signal.alarm(600)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        status = 1
        try:
            from ai_edge_litert.interpreter import Interpreter, OpResolverType

            def interpreter(preserve):
                made = Interpreter(
                    path, num_threads=1, experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
                    experimental_preserve_all_tensors=preserve)
                made.allocate_tensors()
                return made

            plain = interpreter(False)
            rng = np.random.default_rng(seed)
            for run in range(runs):
                for index, detail in enumerate(plain.get_input_details()):
                    data = random_input(rng, detail)
                    plain.set_tensor(detail["index"], data)
                    data.tofile(f"{folder}/in-{run}-{index}.bin")
                plain.invoke()
                for index, detail in enumerate(plain.get_output_details()):
                    value = plain.get_tensor(detail["index"])
                    np.ascontiguousarray(value).tofile(f"{folder}/out-{run}-{index}.bin")
            def places(details):
                return [
                    {"tensor": int(d["index"]), "name": d["name"], "type": np.dtype(d["dtype"]).name} for d in details]

            with open(f"{folder}/litert.json", "w", encoding="utf-8") as file:
                json.dump({
                    "inputs": places(plain.get_input_details()), "outputs": places(plain.get_output_details())}, file)
            # Last, since it may end the process.
            keep_tensors(interpreter, folder)
            status = 0
        except BaseException:  # a child that must not go on as its parent
            status = 1
        finally:
            os._exit(status)
    os.waitpid(child, 0)
    if not os.path.exists(f"{folder}/litert.json"):
        return None
    return json.load(open(f"{folder}/litert.json"))


def difference(given, expected, dtype):
    """The largest difference of two outputs, or None if they agree."""
    if len(given) != len(expected):
        return f"{len(given)} bytes instead of {len(expected)}"
    if given == expected:
        return None
    kind = np.dtype(dtype)
    if kind.itemsize == 0 or len(given) % kind.itemsize:
        return "bytes differ"
    left, right = np.frombuffer(given, kind), np.frombuffer(expected, kind)
    if kind.kind == "f" and np.allclose(left, right, rtol=1e-5, atol=1e-6, equal_nan=True):
        return None
    if kind == np.bool_:
        return f"{np.count_nonzero(left != right)} of {left.size} truth values"
    gaps = np.abs(left.astype(np.float64) - right.astype(np.float64))
    return f"by at most {np.nanmax(gaps):.6g} in {np.count_nonzero(left != right)} of {left.size} elements"


def first_difference(path, tinyrun, folder, inputs):
    """The first tensor that differs in the first run, in the order of execution, and by how much."""
    dump = f"{folder}/dump"
    done = subprocess.run(
        [tinyrun, "run", path, *inputs, "--dump-tensors", dump], capture_output=True, text=True)
    report = inspected(path, tinyrun)
    if done.returncode or report is None:
        return None
    tensors = {entry["tensor"]: entry for entry in json.load(open(f"{dump}/tensors.json"))}
    for operator in report["subgraphs"][report["main_subgraph"]]["operators"]:
        for tensor in operator["outputs"]:
            entry, expected = tensors.get(tensor), f"{folder}/tensor-{tensor}.bin"
            if entry is None or not os.path.exists(expected):
                continue
            given = open(f"{dump}/{entry['file']}", "rb").read()
            gap = difference(given, open(expected, "rb").read(), entry["type"])
            if gap:
                return f"first in tensor {tensor} ({entry['name']}) of {operator['name']}: {gap}"
    return None


def inspected(path, tinyrun):
    """What `tinyrun inspect --json` says of a file; None where it does not open it."""
    done = subprocess.run([tinyrun, "inspect", path, "--json"], capture_output=True, text=True)
    return None if done.returncode else json.loads(done.stdout)


def matched(places, report, side):
    """For each of tinyrun's inputs or outputs the place of the tensor of that name in LiteRT's list; None for none.

    Of tensors with one name, the one with the same index is meant."""
    tensors = report["subgraphs"][report["main_subgraph"]]["tensors"]
    found = []
    for own in report[side]:
        name = tensors[own["tensor"]]["name"]
        same = [place for place, other in enumerate(places) if other["name"] == name]
        exact = [place for place in same if places[place]["tensor"] == own["tensor"]]
        found.append((exact or same or [None])[0])
    return found


def compare(path, tinyrun, seed, runs):
    """What came of a file: its class and a remark."""
    with tempfile.TemporaryDirectory() as folder:
        litert = run_litert(path, seed, runs, folder)
        report = inspected(path, tinyrun)
        inputs, outputs = [], []
        if litert and report and report["runnable"]:
            order = matched(litert["inputs"], report, "inputs")
            outputs = matched(litert["outputs"], report, "outputs")
            if None in order or sorted(order) != list(range(len(litert["inputs"]))):
                return "differs", "its inputs are not LiteRT's: another subgraph, or a signature that leaves some out"
            inputs = [f"{folder}/in-{run}-{place}.bin" for run in range(runs) for place in order]
        done = subprocess.run(
            [tinyrun, "run", path, *inputs, "--output-prefix", f"{folder}/tt-"], capture_output=True, text=True)
        if done.returncode < 0 or done.returncode > 4:
            return "differs", f"tinyrun ended with {done.returncode}"
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason"
            reason = reason.replace("tinyrun: ", "").replace(f"{path}: ", "")
            return "refused", reason + ("" if litert else "  (LiteRT does not run it either)")
        if not litert:
            return "unknown", "LiteRT does not run it"
        for place, other in enumerate(litert["outputs"]):
            if place not in outputs:
                return "differs", f"output {other['name']} is not among tinyrun's"
        count = runs if inputs else 1
        for run in range(count):
            for index, place in enumerate(outputs):
                # A signature may name tensors that LiteRT's interpreter does not give.
                if place is None:
                    continue
                tail = "" if run == 0 else f"-run{run}"
                given = open(f"{folder}/tt-{index}{tail}.bin", "rb").read()
                output = litert["outputs"][place]
                gap = difference(given, open(f"{folder}/out-{run}-{place}.bin", "rb").read(), output["type"])
                if gap:
                    first = first_difference(path, tinyrun, folder, inputs[:len(litert["inputs"])])
                    return "differs", first or f"output {output['name']} of run {run}: {gap}"
        return "equal", ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--tinyrun", default=".build/release/tinyrun")
    parser.add_argument("--verbose", action="store_true", help="a line for equal files too")
    arguments = parser.parse_args()
    if importlib.util.find_spec("ai_edge_litert") is None:
        parser.error("this Python has no ai-edge-litert: python3 -m pip install ai-edge-litert numpy")
    if shutil.which(arguments.tinyrun) is None:
        parser.error(f"there is no {arguments.tinyrun}: build it with swift build -c release, or name it with --tinyrun")
    files = []
    for path in arguments.paths:
        if not os.path.exists(path):
            parser.error(f"there is no {path}")
        if os.path.isfile(path):
            files.append(path)
        for folder, _, names in sorted(os.walk(path)):
            files += [os.path.join(folder, name) for name in sorted(names) if name.endswith(".tflite")]
    counts = {"equal": 0, "differs": 0, "refused": 0, "unknown": 0}
    for path in files:
        outcome, remark = compare(path, arguments.tinyrun, arguments.seed, arguments.runs)
        counts[outcome] += 1
        if outcome != "equal" or arguments.verbose:
            print(f"{outcome:8} {path}  {remark}", flush=True)
    if counts["unknown"]:
        print(f"{counts['unknown']} unknown: LiteRT does not run them")
    print(f"{counts['equal']} equal, {counts['differs']} differ, {counts['refused']} refused")
    return 1 if counts["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
