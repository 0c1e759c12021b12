"""Makes the cases of Fixtures/cases-elementwise: what the general generator does not draw.

    python make_elementwise_cases.py CASES_FOLDER

Elementwise operators, softmaxes and reductions of float32, int32, int64 and bool tensors, and some quantized forms:
shifted 16-bit sums, comparisons of every kind, products, quotients of uint8.  Each model runs under LiteRT's
BUILTIN_REF kernels; a case that they refuse is printed with its parameters and left out.

The folder gets index.json and case-N/{model.tflite, input-I.bin, output-I.bin, case.json}.  Values are drawn from a
seed made of the case's own parameters.  Float32 outputs are not exact: mathematical libraries differ in the last place.
"""
import json
import os
import sys
import zlib

import numpy as np

from flatbuffer_model import ModelBuilder
from make_extra_cases import activation, reference_outputs, tensor_row

FLOAT, INTEGERS = "float32", ["int32", "int64"]
NUMBERS = [FLOAT, *INTEGERS]


class Case:
    """One operator, its operands and options."""

    def __init__(self, operator, dtype, version=1, **parameters):
        self.operator, self.dtype, self.version, self.parameters = operator, dtype, version, parameters
        self.seed = zlib.crc32(json.dumps([operator, dtype, parameters]).encode())
        self.random = np.random.default_rng(self.seed)
        self.model = ModelBuilder("TinyTensor fixture")
        self.values, self.sources = [], []

    def __str__(self):
        return f"{self.operator} {self.dtype} {self.parameters}"

    def draw(self, shape, dtype=None, low=-6.0, high=6.0):
        """Draws values: reals or whole numbers from low to high, or all of a quantized type or bool."""
        dtype = np.dtype(dtype or self.dtype)
        if dtype == np.float32:
            return self.random.uniform(low, high, shape).astype(dtype)
        if dtype == np.bool_:
            return self.random.random(shape) < 0.6
        if dtype.itemsize >= 4:
            return self.random.integers(int(low), int(high) + 1, shape).astype(dtype)
        limits = np.iinfo(dtype)
        return self.random.integers(limits.min, limits.max + 1, shape).astype(dtype)

    def input(self, values, quantization=(), constant=False):
        """Adds an operand."""
        values = np.asarray(values)
        name = f"input{len(self.sources)}"
        if constant:
            self.sources.append(self.model.tensor(name, values.shape, values.dtype, *quantization, data=values))
        else:
            self.sources.append(self.model.input(name, values.shape, values.dtype, *quantization))
            self.values.append(values)
        return self

    def output(self, shape, dtype=None, quantization=(), options=None, **fields):
        """Adds the output and the operator."""
        target = self.model.output("output0", shape, dtype or self.dtype, *quantization)
        self.model.operator(self.operator, self.version, self.sources, [target], options, **fields)
        return self


# Values around which functions turn, and large ones.
TURNS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 3.0, -3.0, 6.0, 1e-7, -1e-7, 30.0, -30.0, 1e4, -1e4]


def functions():
    whole = {"ABS", "NEG", "SQUARE", "SIGN"}
    positive = {"LOG", "SQRT", "RSQRT"}
    options = {"LEAKY_RELU": ("LeakyReluOptions", {"alpha": 0.3}), "GELU": ("GeluOptions", {"approximate": False})}
    for operator in ("RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1 LEAKY_RELU ELU GELU HARD_SWISH LOGISTIC TANH EXP LOG SQRT RSQRT "
                     "SQUARE SIN COS ABS NEG FLOOR CEIL ROUND SIGN").split():
        for dtype in NUMBERS if operator in whole else [FLOAT]:
            case = Case(operator, dtype)
            low, high = (0.001, 90.0) if operator in positive else (-10.0, 10.0)
            values = case.draw((3, 40), low=low, high=high)
            if dtype == FLOAT:
                turns = np.array([x for x in TURNS if x > 0 or operator not in positive], np.float32)
                if operator in {"EXP", "SQUARE"}:
                    turns = np.clip(turns, -30, 30)
                values[0, :len(turns)] = turns
            name, fields = options.get(operator, (None, {}))
            yield case.input(values).output(values.shape, options=name, **fields)
    case = Case("GELU", FLOAT, approximate=True)
    values = case.draw((3, 40))
    yield case.input(values).output(values.shape, options="GeluOptions", approximate=True)
    for operator in ("SIN", "COS"):
        case = Case(operator, FLOAT, huge=True)
        values = (case.draw((2, 30), low=1, high=10) * 10.0 ** case.random.integers(0, 37, (2, 30))).astype(np.float32)
        yield case.input(values).output(values.shape)


def pairs():
    shapes = [((2, 3, 4), (2, 3, 4)), ((2, 1, 4), (3, 1)), ((5,), ()), ((1, 2, 1, 3, 2), (2, 2, 1, 1, 2))]
    fused = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"}
    types = {"DIV": [FLOAT, "int32"], "SQUARED_DIFFERENCE": [FLOAT, "int32"], "POW": [FLOAT, "int32"], "ATAN2": [FLOAT]}
    for operator in "ADD SUB MUL DIV MAXIMUM MINIMUM SQUARED_DIFFERENCE POW ATAN2".split():
        for dtype in types.get(operator, NUMBERS):
            for index, (first, second) in enumerate(shapes if operator != "ATAN2" else shapes[:1]):
                act = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"][index] if operator in fused else "NONE"
                case = Case(operator, dtype, first=first, second=second, act=act)
                left = case.draw(first, low=0.1 if operator == "POW" else -20, high=4 if operator == "POW" else 20)
                right = case.draw(second, low=0 if operator == "POW" else -4, high=4)
                if operator == "DIV":
                    right = np.where(right == 0, 3, right).astype(dtype)
                if dtype != FLOAT and operator in {"ADD", "SUB", "MUL"} and act == "NONE":
                    left.reshape(-1)[:2] = np.iinfo(dtype).max, np.iinfo(dtype).min
                fields = {"fusedActivationFunction": activation(act)} if operator in fused else {}
                yield case.input(left).input(right, constant=index == 1).output(
                    np.broadcast_shapes(first, second), options=fused.get(operator), **fields)
    case = Case("PRELU", FLOAT)
    values = case.draw((2, 3, 3, 4))
    yield case.input(values).input(case.draw((1, 1, 4), low=-1, high=1), constant=True).output(values.shape)
    for dtype in (FLOAT, "int32"):
        case = Case("ADD_N", dtype)
        values = [case.draw((3, 5)) for _ in range(4)]
        for value in values:
            case.input(value)
        yield case.output((3, 5))


def comparisons():
    for operator in "EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL".split():
        # NOT_EQUAL of int16 tensors without scales is left out: LiteRT does not write its output.
        for dtype in [*NUMBERS, "int16", "bool"]:
            if dtype == "int16" and operator == "NOT_EQUAL":
                continue
            if dtype == "bool" and not operator.endswith("EQUAL") or dtype == "bool" and "_EQUAL" in operator[4:]:
                continue
            case = Case(operator, dtype)
            left, right = (case.draw(shape, low=-3, high=3) for shape in ((4, 1, 6), (3, 6)))
            if dtype == FLOAT:
                left, right = np.round(left), np.round(right)
            if dtype == "int16":
                left, right = left % 5, right % 5
            yield case.input(left).input(right).output((4, 3, 6), "bool")
        for dtype in ("int8", "uint8", "int16"):
            case = Case(operator, dtype, quantized=True)
            zero = {"int8": (-3, 4), "uint8": (120, 130), "int16": (0, 0)}[dtype]
            left, right = case.draw((16, 1)), case.draw((1, 16))
            right[0, :8] = left[:8, 0]
            left[8:12, 0], right[0, 8:12] = zero[0] + np.array([7, 14, -7, 0]), zero[1] + np.array([5, 10, -5, 0])
            yield case.input(left, (0.05, zero[0])).input(right, (0.07, zero[1])).output(
                (16, 16), "bool")


def softmaxes():
    for shape, beta in (((4, 7), 1.0), ((2, 3, 5), 0.5), ((1, 1), 2.0), ((9,), 1.0)):
        case = Case("SOFTMAX", FLOAT, shape=shape, beta=beta)
        yield case.input(case.draw(shape)).output(shape, options="SoftmaxOptions", beta=beta)
        case = Case("LOG_SOFTMAX", FLOAT, shape=shape)
        yield case.input(case.draw(shape)).output(shape, options="LogSoftmaxOptions")
    for radius, shape in ((2, (1, 2, 3, 9)), (0, (1, 1, 2, 4)), (7, (2, 1, 2, 5))):
        case = Case("LOCAL_RESPONSE_NORMALIZATION", FLOAT, radius=radius, shape=shape)
        yield case.input(case.draw(shape)).output(
            shape, options="LocalResponseNormalizationOptions", radius=radius, bias=1.5, alpha=0.4, beta=0.75)
    for shape in ((3, 8), (2, 1, 2, 5)):
        case = Case("L2_NORMALIZATION", FLOAT, shape=shape)
        yield case.input(case.draw(shape)).output(shape, options="L2NormOptions")
    for bits, narrow, low, high in ((8, False, -1.0, 1.0), (4, True, -0.3, 2.0), (16, False, 0.0, 6.0), (8, False, 1.0, 5.0)):
        case = Case("FAKE_QUANT", FLOAT, bits=bits, narrow=narrow, low=low, high=high)
        yield case.input(case.draw((3, 20), low=-3, high=3)).output(
            (3, 20), options="FakeQuantOptions", min=low, max=high, numBits=bits, narrowRange=narrow)


def reductions():
    for operator in "MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN".split():
        for dtype in NUMBERS:
            for axes, keep in (((1, 2), True), ((0,), False), ((-1, 1), False), ((0, 1, 2, 3), False)):
                case = Case(operator, dtype, axes=axes, keep=keep)
                yield reduction(case, case.draw((2, 3, 2, 4), low=-3, high=3), axes, keep)
    for operator in ("REDUCE_ANY", "REDUCE_ALL"):
        for axes, keep in (((1,), True), ((0, 1, 2), False)):
            case = Case(operator, "bool", axes=axes, keep=keep)
            yield reduction(case, case.draw((4, 3, 2)), axes, keep)
    for dtype in ("int8", "int16"):
        for axes, keep in (((1,), True), ((2,), False), ((0, 1), False)):
            case = Case("REDUCE_PROD", dtype, version=2, axes=axes, keep=keep)
            zero = 3 if dtype == "int8" else 0
            scale = 0.03 if dtype == "int8" else 0.0002
            yield reduction(case, case.draw((2, 3, 4)), axes, keep, (scale, zero), (scale * 1.7, zero))
    for dtype in NUMBERS:
        for axis, exclusive, reverse in ((1, False, False), (-1, True, False), (0, False, True), (1, True, True)):
            case = Case("CUMSUM", dtype, axis=axis, exclusive=exclusive, reverse=reverse)
            yield case.input(case.draw((2, 3, 4))).input(np.int32(axis), constant=True).output(
                (2, 3, 4), options="CumsumOptions", exclusive=exclusive, reverse=reverse)


def reduction(case, values, axes, keep, source=(), target=()):
    """MEAN and its kin over constant axes."""
    reduced = {axis % values.ndim for axis in axes}
    shape = [1 if i in reduced else size for i, size in enumerate(values.shape) if keep or i not in reduced]
    return case.input(values, source).input(np.array(axes, np.int32), constant=True).output(
        shape, quantization=target, options="ReducerOptions", keepDims=keep)


def quantized():
    for operator in ("ADD", "SUB"):
        for shifts, act in (((-12, -14, -12), "NONE"), ((-13, -12, -12), "RELU"), ((-15, -15, -15), "NONE")):
            case = Case(operator, "int16", version=2, shifts=shifts, act=act)
            first, second, result = (2.0 ** shift for shift in shifts)
            yield case.input(case.draw((4, 30)), (first,)).input(case.draw((4, 30)), (second,)).output(
                (4, 30), quantization=(result,), options=f"{operator.capitalize()}Options", potScaleInt16=True,
                fusedActivationFunction=activation(act))
        case = Case(operator, "int16", version=5, scales="general")
        yield case.input(case.draw((4, 30)), (0.011,)).input(case.draw((30,)), (0.007,)).output(
            (4, 30), quantization=(0.019,), options=f"{operator.capitalize()}Options", potScaleInt16=True)
    for act in ("NONE", "RELU6"):
        case = Case("DIV", "uint8", version=2, act=act)
        right = case.draw((1, 64))
        right = np.where(right == 100, 101, right).astype(np.uint8)
        yield case.input(case.draw((64, 1)), (0.05, 90)).input(right, (0.02, 100)).output(
            (64, 64), quantization=(0.06, 30), options="DivOptions", fusedActivationFunction=activation(act))
    for operator in ("LOG", "RSQRT", "EXP"):
        for source, target in ((0.001, 0.0004), (0.0001, 0.002)):
            case = Case(operator, "int16", version=3 if operator == "RSQRT" else 2, source=source, target=target)
            values = case.draw((4, 100))
            if operator == "RSQRT":
                values = np.maximum(values, 0)
            yield case.input(values, (source,)).output((4, 100), quantization=(target,))
    for dtype in ("int8", "uint8"):
        case = Case("RELU_0_TO_1", dtype)
        every = np.arange(256).astype(np.uint8).view(dtype)
        zero = 0 if dtype == "int8" else 128
        yield case.input(every, (0.02, zero)).output((256,), quantization=(0.01, zero - 60))
        for operator, output in (("TANH", (1 / 128, zero)), ("HARD_SWISH", (0.05, zero - 20)), ("GELU", (0.06, zero - 100))):
            case = Case(operator, dtype, version=2 if operator in {"GELU"} and dtype == "int8" else 1, every=True)
            options = {"GELU": "GeluOptions", "HARD_SWISH": "HardSwishOptions"}.get(operator)
            yield case.input(every, (0.06, zero + 7)).output((256,), quantization=output, options=options)
    for scale in (1 / 2048, 1 / 4096, 0.0003, 0.002):
        for operator in ("LOGISTIC", "TANH"):
            case = Case(operator, "int16", version=3, scale=scale)
            yield case.input(case.draw((4, 100)), (scale,)).output((4, 100), quantization=(1 / 32768,))


def write(case, outputs, folder):
    """Writes the files of one case; whether it is exact is returned."""
    os.makedirs(folder)
    with open(os.path.join(folder, "model.tflite"), "wb") as file:
        file.write(case.model.pack())
    for kind, arrays in (("input", case.values), ("output", outputs)):
        for index, array in enumerate(arrays):
            np.ascontiguousarray(array).tofile(os.path.join(folder, f"{kind}-{index}.bin"))
    row = {
        "op": case.operator, "dtype": case.dtype, "seed": case.seed, "params": case.parameters, "runs": 1,
        "exact": all(output.dtype != np.float32 for output in outputs), "notes": [],
        "inputs": [tensor_row(case.model, index) for index in case.model.inputs],
        "outputs": [tensor_row(case.model, index) for index in case.model.outputs],
    }
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(row, file)
    return row["exact"]


FAMILIES = [functions, pairs, comparisons, softmaxes, reductions, quantized]


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
            declared = [tuple(case.model.tensors[i].shape) for i in case.model.outputs]
            if declared != [output.shape for output in outputs]:
                raise ValueError(f"{case}: declared {declared}, LiteRT made {[o.shape for o in outputs]}")
            if any(not np.isfinite(o).all() for o in outputs if o.dtype == np.float32):
                raise ValueError(f"{case}: an output is not finite")
            name = f"case-{len(index)}"
            exact = write(case, outputs, os.path.join(cases_folder, name))
            index.append({"case": name, "op": case.operator, "dtype": case.dtype, "seed": case.seed, "runs": 1,
                          "exact": exact})
    with open(os.path.join(cases_folder, "index.json"), "w") as file:
        json.dump({"cases": index}, file, indent=1)
    print(f"{len(index)} cases, {refused} refused")


if __name__ == "__main__":
    main()
