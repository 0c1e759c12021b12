#!/usr/bin/env python3
"""Structure-aware mutants of models, in `tinyrun inspect` and `tinyrun run` with hostile inputs.

    scripts/fuzz-models.py TINYRUN [--first SEED] [--count N] [--models FOLDER...] [--work FOLDER] [--seconds S] [--mib M]
                           [--jobs J] [--log FILE]

Every seed is one mutant: a model of the folders, changed where the schema has something to say: sizes of shapes, indices
of tensors, buffers, codes and subgraphs, element types, enumerations and numbers of options, quantization, lengths of
vectors, constants that other operators take for sizes and indices; tensors swapped, made empty or huge, made variables or
constants; operators given again; parts shared. The file is opened once by `inspect` and run once by `run`, on inputs of
zeros, ones, largest numbers, NaN or noise, by the seed. A model that says by its arena and its elementary steps that it is
large, or that it has a loop, is not run: it may take its time.

A mutant fails if a process dies of a signal, exits with another status than 0 or 3, refuses without a message, or takes
more than S seconds of processor time (2) or M MiB of memory (512). It is kept in the work folder, by its seed, which makes
it again: --first SEED --count 1. Done seeds are noted in the log, so that a run that was stopped goes on where it was.
Needs Python's standard library alone. The last line is 'N mutants, N failed'.
"""
import argparse
import glob
import json
import os
import random
import resource
import struct
import sys
import time

# --- The schema, as far as a mutant needs it: for each table its slots. A type is a scalar's format, "string", a table's
# name, or a list of one of these.
SCHEMA = {
    "Model": {0: "I", 1: ["OperatorCode"], 2: ["SubGraph"], 3: "string", 4: ["Buffer"], 6: ["Metadata"],
              7: ["SignatureDef"]},
    "OperatorCode": {0: "b", 1: "string", 2: "i", 3: "i"},
    "SubGraph": {0: ["Tensor"], 1: ["i"], 2: ["i"], 3: ["Operator"], 4: "string"},
    "Tensor": {0: ["i"], 1: "b", 2: "I", 3: "string", 4: "Quantization", 5: "B", 6: "Sparsity", 7: ["i"], 8: "B"},
    "Quantization": {0: ["f"], 1: ["f"], 2: ["f"], 3: ["q"], 4: "B", 6: "i"},
    "Sparsity": {0: ["i"], 1: ["i"]},
    "Operator": {0: "I", 1: ["i"], 2: ["i"], 3: "B", 4: "Options", 5: ["B"], 6: "b", 7: ["B"], 8: ["i"]},
    "Buffer": {0: ["B"]},
    "Metadata": {0: "string", 1: "I"},
    "SignatureDef": {0: ["TensorMap"], 1: ["TensorMap"], 2: "string", 4: "I"},
    "TensorMap": {0: "string", 1: "I"},
}

INTERESTING = [-(2**31), -(2**31) + 1, -65536, -129, -128, -2, -1, 0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 63, 64, 127, 128, 255,
               256, 1000, 32767, 32768, 65535, 65536, 2**20, 2**24, 2**28, 2**30, 2**31 - 1]
REALS = [0.0, -0.0, 1.0, -1.0, 1e-45, 1e-38, 1e-30, 1e-7, 0.5, 2.0, 1e7, 1e30, 3.4e38, float("inf"), float("-inf"),
         float("nan")]


class Field:
    """A place in the file: what stands there and where."""

    def __init__(self, owner, slot, kind, place, path):
        self.owner, self.slot, self.kind, self.place, self.path = owner, slot, kind, place, path


class Reader:
    """Collects the places of a well-formed file."""

    def __init__(self, data):
        self.data = data
        self.fields = []
        self.vectors = []
        self.tables = {}
        self.table("Model", struct.unpack_from("<I", data, 0)[0], "")

    def number(self, form, place):
        return struct.unpack_from("<" + form, self.data, place)[0]

    def slots(self, place):
        vtable = place - self.number("i", place)
        count = (self.number("H", vtable) - 4) // 2
        return [(slot, vtable + 4 + 2 * slot) for slot in range(count) if self.number("H", vtable + 4 + 2 * slot)]

    def table(self, name, place, path):
        self.tables.setdefault(name, []).append(place)
        known = SCHEMA.get(name)
        for slot, entry in self.slots(place):
            field = place + self.number("H", entry)
            if known is None:
                # Options: the size of a field is the distance to the next one; numbers of 1 and 4 bytes are enough.
                kind = "i" if field % 4 == 0 else "b"
            else:
                kind = known.get(slot)
            if kind is None:
                continue
            where = f"{path}/{name}.{slot}"
            self.fields.append(Field(name, slot, kind, field, where))
            if kind == "string":
                self.vector("B", field + self.number("I", field), where)
            elif isinstance(kind, list):
                start = field + self.number("I", field)
                if kind[0] in SCHEMA:
                    self.vector("table", start, where)
                    for index in range(self.number("I", start)):
                        item = start + 4 + 4 * index
                        self.table(kind[0], item + self.number("I", item), f"{where}[{index}]")
                else:
                    self.vector(kind[0], start, where)
            elif kind in SCHEMA or kind == "Options":
                self.table(kind, field + self.number("I", field), where)

    def vector(self, kind, start, path):
        self.vectors.append((kind, start, self.number("I", start), path))


def write(data, form, place, value):
    size = struct.calcsize(form)
    if place + size > len(data):
        return
    if form in "fd":
        struct.pack_into("<" + form, data, place, value)
    else:
        data[place:place + size] = (value % (1 << (8 * size))).to_bytes(size, "little")


def mutate(source, rng):
    """A changed copy of a model's bytes."""
    data = bytearray(source)
    reader = Reader(source)
    scalars = [f for f in reader.fields if isinstance(f.kind, str) and len(f.kind) == 1]
    shapes = [v for v in reader.vectors if v[3].endswith("Tensor.0") and v[2]]
    indices = [v for v in reader.vectors if v[0] == "i" and ("Operator.1" in v[3] or "Operator.2" in v[3]
                                                              or "SubGraph.1" in v[3] or "SubGraph.2" in v[3]) and v[2]]
    small = [v for v in reader.vectors if v[3].endswith("Buffer.0") and 0 < v[2] <= 256]
    tables = [v for v in reader.vectors if v[0] == "table" and v[2]]
    options = [f for f in scalars if f.owner == "Options"]
    quantities = [v for v in reader.vectors if "Quantization" in v[3] and v[2]]
    offsets = [f for f in reader.fields if not (isinstance(f.kind, str) and len(f.kind) == 1)]
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 5, 8])):
        way = rng.randrange(16)
        if way <= 3 and shapes:  # a size: empty, huge, another
            _, start, count, _ = rng.choice(shapes)
            write(data, "i", start + 4 + 4 * rng.randrange(count), rng.choice([0, 0, 0, 1, 2] + INTERESTING))
        elif way == 4 and shapes:  # the same shape for many: all sizes empty or huge
            value = rng.choice([0, 2**31 - 1, 2**16, 1])
            _, start, count, _ = rng.choice(shapes)
            for axis in range(count):
                if rng.random() < 0.6:
                    write(data, "i", start + 4 + 4 * axis, value)
        elif way == 5 and indices:  # an operand
            _, start, count, _ = rng.choice(indices)
            limit = len(reader.tables.get("Tensor", [0]))
            value = rng.choice([rng.randrange(limit), rng.randrange(limit), -1, limit] + INTERESTING)
            write(data, "i", start + 4 + 4 * rng.randrange(count), value)
        elif way == 6 and tables:  # parts shared, or swapped
            _, start, count, _ = rng.choice(tables)
            a, b = (start + 4 + 4 * rng.randrange(count) for _ in range(2))
            to = a + struct.unpack_from("<I", source, a)[0]
            if to > b:
                write(data, "I", b, to - b)
        elif way == 7 and small:  # what other operators take for sizes, axes and indices
            _, start, count, _ = rng.choice(small)
            if count % 4 == 0 and rng.random() < 0.8:
                write(data, "i", start + 4 + 4 * rng.randrange(count // 4), rng.choice(INTERESTING))
            else:
                data[start + 4 + rng.randrange(count)] = rng.randrange(256)
        elif way in (8, 9) and options:
            field = rng.choice(options)
            if rng.random() < 0.2:
                write(data, "f", field.place, rng.choice(REALS))
            else:
                write(data, field.kind, field.place, rng.choice(INTERESTING))
        elif way == 10 and quantities:
            kind, start, count, _ = rng.choice(quantities)
            size = struct.calcsize(kind)
            place = start + 4 + size * rng.randrange(count)
            write(data, kind, place, rng.choice(REALS) if kind == "f" else rng.choice(INTERESTING))
        elif way == 11:  # the length of a vector
            _, start, count, _ = rng.choice(reader.vectors)
            write(data, "I", start, rng.choice([0, 1, count - 1, count + 1, count // 2, 2 * count] + INTERESTING[10:]))
        elif way == 12:  # an offset: another part of the same kind, or any place
            field = rng.choice(offsets)
            others = [f for f in offsets if f.kind == field.kind and f.slot == field.slot]
            other = rng.choice(others)
            to = other.place + struct.unpack_from("<I", source, other.place)[0]
            if rng.random() < 0.8 and to > field.place:
                write(data, "I", field.place, to - field.place)
            else:
                write(data, "I", field.place, rng.choice(INTERESTING))
        elif way == 13:  # a slot absent
            name = rng.choice(list(reader.tables))
            slots = reader.slots(rng.choice(reader.tables[name]))
            if slots:
                write(data, "H", rng.choice(slots)[1], rng.choice([0, 0, 4, 6, 8, 65535]))
        else:
            field = rng.choice(scalars)
            value = rng.choice([rng.randrange(160), rng.randrange(24)] + INTERESTING)
            write(data, field.kind, field.place, value)
    return bytes(data)


def hostile_bytes(count, rng):
    kind = rng.randrange(6)
    if kind == 0:
        return bytes(count)
    if kind == 1:
        return b"\xff" * count
    if kind == 2:
        return (b"\x00\x00\xc0\x7f" * (count // 4 + 1))[:count]  # NaN
    if kind == 3:
        return (b"\xff\xff\xff\x7f" * (count // 4 + 1))[:count]
    if kind == 4:
        return (b"\x00\x00\x00\x80" * (count // 4 + 1))[:count]
    return rng.randbytes(count)


def limit(seconds):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 2, int(seconds) + 3))
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))


def execute(command, folder, seconds, mib):
    """Runs a command; gives what is wrong with how it ended, or None, and its standard output."""
    out, err = f"{folder}/out", f"{folder}/err"
    pid = os.fork()
    if pid == 0:
        try:
            for number, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
            limit(seconds)
            # Crashes end at once: backtraces take seconds.
            os.environ["SWIFT_BACKTRACE"] = "enable=no"
            os.execv(command[0], command)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    with open(out, "rb") as file:
        text = file.read()
    spent = usage.ru_utime + usage.ru_stime
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)} after {spent:.1f} s", text
    code = os.WEXITSTATUS(status)
    if code not in (0, 3):
        return f"exit {code}", text
    if code == 3 and os.path.getsize(err) == 0:
        return "refused without a message", text
    if spent > seconds:
        return f"{spent:.1f} s", text
    if usage.ru_maxrss > mib * 1024:
        return f"{usage.ru_maxrss // 1024} MiB", text
    return None, text


BITS = {"bool": 8, "int2": 2, "int4": 4, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "float16": 16, "int32": 32,
        "uint32": 32, "float32": 32, "int64": 64, "uint64": 64, "float64": 64, "complex64": 64}


# A model that says itself that it is large may take its time and memory in a run.
LARGE_ARENA = 128 << 20
LARGE_WORK = 1 << 28


def input_sizes(text):
    """Bytes of the inputs, as `inspect --json` lists them; None where the model cannot run, or is large."""
    try:
        report = json.loads(text)
        if not report["runnable"]:
            return None
        if report["memory"]["arena_bytes"] > LARGE_ARENA or report["elementary_steps"] > LARGE_WORK or report["open_ended"]:
            return None
        sizes = []
        for entry in report["inputs"]:
            bits = BITS[entry["type"]]
            for size in entry["shape"]:
                bits *= size
            sizes.append((bits + 7) // 8)
        return sizes
    except (ValueError, KeyError, TypeError):
        return None


def attempt(seed, models, arguments, folder):
    rng = random.Random(seed)
    with open(rng.choice(models), "rb") as file:
        data = mutate(file.read(), rng)
    path = f"{folder}/mutant.tflite"
    with open(path, "wb") as file:
        file.write(data)
    why, text = execute([arguments.tinyrun, "inspect", "--json", path], folder, arguments.seconds, arguments.mib)
    if why is None:
        files = []
        sizes = input_sizes(text)
        # What cannot be loaded must be refused by `run`, too.
        mild = sizes is not None or b'"runnable": false' in text
        if sizes:
            for index, size in enumerate(sizes):
                files.append(f"{folder}/input-{index}.bin")
                with open(files[-1], "wb") as file:
                    file.write(hostile_bytes(size, rng))
        if mild:
            why, _ = execute([arguments.tinyrun, "run", path] + files, folder, arguments.seconds, arguments.mib)
            why = why and f"run: {why}"
    else:
        why = f"inspect: {why}"
    if why:
        with open(f"{arguments.work}/{seed}.tflite", "wb") as file:
            file.write(data)
    return why


def worker(number, models, arguments, done):
    """Tries every seed that falls to it; notes what it has done."""
    folder = f"{arguments.work}/worker-{number}"
    os.makedirs(folder, exist_ok=True)
    with open(arguments.log, "a") as log:
        for seed in range(arguments.first + number, arguments.first + arguments.count, arguments.jobs):
            if seed in done:
                continue
            why = attempt(seed, models, arguments, folder)
            log.write(f"{seed}\t{why or 'ok'}\n")
            log.flush()
            if why:
                print(f"FAIL seed {seed}: {why}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Structure-aware mutants of models in tinyrun.")
    parser.add_argument("tinyrun")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=60000)
    parser.add_argument("--models", nargs="+", default=["Fixtures/models", "Fixtures/cases*", "Fixtures/described"])
    parser.add_argument("--work", default="/tmp/tinytensor-mutants")
    parser.add_argument("--log")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    os.makedirs(arguments.work, exist_ok=True)
    arguments.log = arguments.log or f"{arguments.work}/log.txt"
    models = []
    for folder in arguments.models:
        for found in glob.glob(folder):
            models += glob.glob(f"{found}/**/*.tflite", recursive=True) if os.path.isdir(found) else [found]
    models.sort()
    if not models:
        sys.exit("no models")
    done = {}
    if os.path.exists(arguments.log):
        with open(arguments.log) as log:
            for line in log:
                seed, _, why = line.rstrip("\n").partition("\t")
                done[int(seed)] = why
    began = time.time()
    children = []
    for number in range(arguments.jobs):
        pid = os.fork()
        if pid == 0:
            worker(number, models, arguments, done)
            sys.stdout.flush()
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)
    tried, failed = 0, 0
    with open(arguments.log) as log:
        for line in log:
            seed, _, why = line.rstrip("\n").partition("\t")
            if arguments.first <= int(seed) < arguments.first + arguments.count:
                tried += 1
                failed += why != "ok"
    print(f"{len(models)} models, {time.time() - began:.0f} s")
    print(f"{tried} mutants, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
