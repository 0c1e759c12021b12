#!/usr/bin/env python3
"""Packs graphs of random operators with the outputs of LiteRT's reference kernels.

    TINYTENSOR_GRAPHS_FOR_LITERT=GRAPHS TINYTENSOR_GRAPHS=4020 swift test --filter writesGraphs
    make_random_graphs.py GRAPHS OUT
    make_random_graphs.py --cases FILE FOLDER [SEED ...]

The graphs, two runs' inputs, and which outputs are rounded come from GraphMaker in Tests/TinyTensorTests/RandomGraphs. Here
LiteRT's reference kernels (BUILTIN_REF) run them, both runs in one interpreter. A graph that LiteRT refuses is left out; the
reasons are printed. What is written to OUT is described in Fixtures/README.md. The last form writes what such a file holds,
or only the graphs of some seeds, as a folder for `tinyrun cases`.
"""
import collections
import json
import os
import re
import struct
import sys
import zlib

import numpy as np

from litert import reference_interpreter

BLOCK = 64  # graphs that are compressed together


class Reader:
    def __init__(self, data):
        self.data, self.position = data, 0

    def number(self):
        self.position += 4
        return struct.unpack_from("<I", self.data, self.position - 4)[0]

    def bytes(self):
        count = self.number()
        self.position += count
        return self.data[self.position - count:self.position]


def graphs(data):
    reader = Reader(data)
    while reader.position < len(data):
        seed, model, rounded = reader.number(), reader.bytes(), list(reader.bytes())
        yield seed, model, rounded, [[reader.bytes() for _ in range(reader.number())] for _ in range(2)]


def outputs(model, runs):
    """The bytes of all outputs of all runs, in one interpreter."""
    interpreter = reference_interpreter(model)
    result = []
    for inputs in runs:
        for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
            array = np.frombuffer(value, np.dtype(detail["dtype"])).reshape(detail["shape"])
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        result += [interpreter.get_tensor(detail["index"]).tobytes() for detail in interpreter.get_output_details()]
    return result


def isolated(model, runs):
    """As `outputs`, in a process of its own: LiteRT may end it. Gives a list, or the reason why there is none."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with os.fdopen(sending, "wb") as pipe:
            try:
                result = outputs(model, runs)
                pipe.write(b"+" + b"".join(struct.pack("<I", len(value)) + value for value in result))
            except Exception as error:  # what LiteRT says of the model
                pipe.write(b"-" + str(error).encode())
        os._exit(0)
    os.close(sending)
    with os.fdopen(receiving, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if answer[:1] != b"+":
        return answer[1:].decode() or "LiteRT ended the process"
    reader, values = Reader(answer[1:]), []
    while reader.position < len(reader.data):
        values.append(reader.bytes())
    return values


def sized(value):
    return struct.pack("<I", len(value)) + value


def unpacked(path):
    """What a file that was written here holds: seed, model, flags of rounded outputs, inputs by run, outputs."""
    blocks = Reader(open(path, "rb").read())
    blocks.position = 12
    while blocks.position < len(blocks.data):
        count, _ = blocks.number(), blocks.number()
        reader = Reader(zlib.decompress(blocks.bytes()))
        for _ in range(count):
            seed, model, rounded = reader.number(), reader.bytes(), reader.bytes()
            runs = [[reader.bytes() for _ in range(reader.number())] for _ in range(2)]
            yield seed, model, rounded, runs, [reader.bytes() for _ in range(reader.number())]


def write_cases(path, folder, seeds):
    """Writes the graphs of a file as cases."""
    rows = []
    for seed, model, rounded, runs, results in unpacked(path):
        if seeds and seed not in seeds:
            continue
        case = f"case-{seed}"
        os.makedirs(os.path.join(folder, case), exist_ok=True)
        files = {"model.tflite": model}
        for run, inputs in enumerate(runs):
            tail = f"-run{run}" if run else ""
            half = len(results) // 2
            files |= {f"input-{index}{tail}.bin": value for index, value in enumerate(inputs)}
            files |= {f"output-{index}{tail}.bin": value
                      for index, value in enumerate(results[run * half:(run + 1) * half])}
        for name, value in files.items():
            with open(os.path.join(folder, case, name), "wb") as out:
                out.write(value)
        interpreter = reference_interpreter(model)

        def tensors(details):
            return [{"name": detail["name"], "dtype": str(np.dtype(detail["dtype"])),
                     "shape": [int(size) for size in detail["shape"]]} for detail in details]

        facts = {"op": "GRAPH", "dtype": "mixed", "seed": seed, "runs": 2, "exact": not any(rounded),
                 "inputs": tensors(interpreter.get_input_details()),
                 "outputs": tensors(interpreter.get_output_details())}
        with open(os.path.join(folder, case, "case.json"), "w") as out:
            json.dump(facts, out, indent=1)
        rows.append({"case": case} | {key: facts[key] for key in ("op", "dtype", "seed", "runs", "exact")})
    with open(os.path.join(folder, "index.json"), "w") as out:
        json.dump({"cases": rows}, out, indent=0)
    print(len(rows), "cases")


def main():
    if sys.argv[1] == "--cases":
        write_cases(sys.argv[2], sys.argv[3], set(map(int, sys.argv[4:])))
        return
    source, target = sys.argv[1:]
    refused = collections.Counter()
    records = []
    for seed, model, rounded, runs in graphs(open(source, "rb").read()):
        result = isolated(model, runs)
        if isinstance(result, str):
            operator = re.search(r"Node number \d+ \(\S+\)", result)
            refused[re.sub(r"\d+", "#", result.splitlines()[0])[:110] if result else ""] += 1
            if os.environ.get("SHOW"):
                print(seed, operator.group() if operator else "", result)
            continue
        record = struct.pack("<I", seed) + sized(model) + sized(bytes(rounded))
        for inputs in runs:
            record += struct.pack("<I", len(inputs)) + b"".join(map(sized, inputs))
        records.append(record + struct.pack("<I", len(result)) + b"".join(map(sized, result)))
    with open(target, "wb") as out:
        out.write(b"TTGRAPHS" + struct.pack("<I", len(records)))
        for first in range(0, len(records), BLOCK):
            block = b"".join(records[first:first + BLOCK])
            packed = zlib.compress(block, 9)
            out.write(struct.pack("<III", len(records[first:first + BLOCK]), len(block), len(packed)) + packed)
    print(len(records), "graphs,", sum(refused.values()), "refused by LiteRT,", os.path.getsize(target), "bytes")
    for reason, count in refused.most_common():
        print(f"  {count} {reason}")


if __name__ == "__main__":
    main()
