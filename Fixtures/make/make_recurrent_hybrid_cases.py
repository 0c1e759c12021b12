"""Makes the cases of Fixtures/cases-recurrent-hybrid: more layers that keep a state from run to run.

    python make_recurrent_hybrid_cases.py CASES_FOLDER

RNN, UNIDIRECTIONAL_SEQUENCE_RNN and SVDF with int8 weights and float32 activations, LSTM of both kernel types, and
BIDIRECTIONAL_SEQUENCE_LSTM with an auxiliary input. Each model runs three times in one interpreter under LiteRT's
BUILTIN_REF kernels; a case that they refuse is printed and left out. The folder gets index.json and
case-N/{model.tflite, input-0.bin, output-0.bin, input-0-run1.bin, ..., case.json}.
"""
import itertools
import json
import sys
import zlib

import numpy as np

from flatbuffer_model import ModelBuilder
from stateful_cases import HALVES, write_case, write_folder

GATES = ["input", "forget", "cell", "output"]


class Layer:
    """A model of one layer under construction, with seeded weights."""

    def __init__(self, operator, deviation=1, **parameters):
        self.operator, self.parameters, self.deviation = operator, parameters, deviation
        self.seed = zlib.crc32(json.dumps([operator, parameters]).encode())
        self.random = np.random.default_rng(self.seed)
        self.model = ModelBuilder("TinyTensor fixture")

    def __str__(self):
        return f"{self.operator} {self.parameters}"

    def weights(self, name, *shape, form="float32"):
        """Adds a constant of normally distributed numbers: float32, int8, or int8 that is called uint8."""
        values = self.random.normal(0, 0.5, shape).astype(np.float32)
        if form == "float32":
            return self.model.tensor(name, shape, np.float32, data=values)
        scale = np.abs(values).max() / np.float32(127)
        stored = np.round(values / scale).astype(np.int8)
        return self.model.tensor(name, shape, form, scale=scale, data=stored.view(form))

    def state(self, name, shape, dtype=np.float32, **quantization):
        """Adds a variable."""
        index = self.model.tensor(name, shape, dtype, **quantization)
        self.model.tensors[index].isVariable = True
        return index

    def finish(self, inputs, results, options, **fields):
        """Adds the operator."""
        self.model.operator(self.operator, 1, inputs, results, options, **fields)
        return self


def rnn(form, asymmetric, activation, time_major=None, batches=2, **wide):
    """A plain layer with three units: of one step, or of three where `time_major` is given."""
    sequence = time_major is not None
    layer = Layer(
        "UNIDIRECTIONAL_SEQUENCE_RNN" if sequence else "RNN", HALVES if wide else 1, form=form, asymmetric=asymmetric,
        activation=activation, time_major=time_major, batches=batches, **wide)
    steps, size, units = 3, wide.get("size", 5), wide.get("units", 3)
    rows = ((steps, batches) if time_major else (batches, steps)) if sequence else (batches,)
    inputs = [
        layer.model.input("input", (*rows, size), np.float32), layer.weights("weights", units, size, form=form),
        layer.weights("recurrent", units, units, form=form), layer.weights("bias", units),
        layer.state("state", (batches, units))]
    results = [layer.model.output("output", (*rows, units), np.float32)]
    fields = {"fusedActivationFunction": activation, "asymmetricQuantizeInputs": asymmetric}
    if sequence:
        return layer.finish(inputs, results, "SequenceRNNOptions", timeMajor=time_major, **fields)
    return layer.finish(inputs, results, "RNNOptions", **fields)


def svdf(form, asymmetric, rank, activation, bias, **wide):
    """A filter with three units that remembers five steps."""
    layer = Layer(
        "SVDF", HALVES if wide else 1, form=form, asymmetric=asymmetric, rank=rank, activation=activation, bias=bias,
        **wide)
    batches, size, units, memory = 2, wide.get("size", 6), 3, 5
    inputs = [
        layer.model.input("input", (batches, size), np.float32),
        layer.weights("features", units * rank, size, form=form),
        layer.weights("time", units * rank, memory, form=form), layer.weights("bias", units) if bias else -1,
        layer.state("state", (batches, memory * units * rank))]
    results = [layer.model.output("output", (batches, units), np.float32)]
    return layer.finish(
        inputs, results, "SVDFOptions", rank=rank, fusedActivationFunction=activation,
        asymmetricQuantizeInputs=asymmetric)


def gated(layer, prefix, size, cells, outputs, form, coupled, peephole, projection):
    """The inputs of a layer with gates that lie between its input and its state."""
    used = [gate for gate in GATES if not (coupled and gate == "input")]
    matrix = lambda kind, gate, *shape: layer.weights(f"{prefix}{kind} {gate}", *shape, form=form)
    inputs = [matrix("W", gate, cells, size) if gate in used else -1 for gate in GATES]
    inputs += [matrix("R", gate, cells, outputs) if gate in used else -1 for gate in GATES]
    inputs += [matrix("P", gate, cells) if peephole and gate in used else -1 for gate in GATES if gate != "cell"]
    inputs += [layer.weights(f"{prefix}b {gate}", cells) if gate in used else -1 for gate in GATES]
    inputs.append(matrix("projection", "weights", outputs, cells) if projection else -1)
    inputs.append(layer.weights(f"{prefix}projection bias", outputs) if projection == "bias" else -1)
    return inputs


def lstm(form, asymmetric, coupled, peephole, projection, normalization, **more):
    """One step of a layer with three inputs and four cells."""
    layer = Layer(
        "LSTM", HALVES if "size" in more else 1, form=form, asymmetric=asymmetric, coupled=coupled, peephole=peephole,
        projection=projection, normalization=normalization, **more)
    batches, size, cells = 2, more.get("size", 3), more.get("cells", 4)
    outputs = 2 if projection else cells
    inputs = [layer.model.input("input", (batches, size), np.float32)]
    inputs += gated(layer, "", size, cells, outputs, form, coupled, peephole, projection)
    inputs += [layer.state("output state", (batches, outputs)), layer.state("cell state", (batches, cells))]
    if normalization:
        inputs += [
            -1 if coupled and gate == "input" else layer.weights(f"N {gate}", cells) for gate in GATES]
    results = [layer.model.output("output", (batches, outputs), np.float32)]
    return layer.finish(
        inputs, results, "LSTMOptions", fusedActivationFunction=more.get("activation", 4),
        cellClip=more.get("cell_clip", 0.0), projClip=more.get("projection_clip", 0.0), kernelType=0,
        asymmetricQuantizeInputs=asymmetric)


def cell(batches, size, cells):
    """A cell with one matrix for all gates, in float32."""
    layer = Layer("LSTM", kernel="BASIC", batches=batches, size=size, cells=cells)
    inputs = [
        layer.model.input("input", (batches, size), np.float32), layer.state("last activation", (batches, cells)),
        layer.weights("weights", 4 * cells, size + cells), layer.weights("bias", 4 * cells),
        layer.state("last state", (batches, cells))]
    widths = {"activation": cells, "state": cells, "joined": size + cells, "sums": 4 * cells}
    results = [layer.model.output(name, (batches, width), np.float32) for name, width in widths.items()]
    return layer.finish(inputs, results, "LSTMOptions", fusedActivationFunction=4, kernelType=1)


def quantized_cell(batches, size, cells, zero_point, scale):
    """The same in uint8 with an int16 state."""
    layer = Layer(
        "LSTM", None, kernel="BASIC", dtype="uint8", batches=batches, size=size, cells=cells, zero_point=zero_point,
        scale=scale)
    unit = {"scale": 1 / 128, "zero_point": 128}
    rows = layer.random.integers(0, 256, (4 * cells, size + cells))
    bias = layer.random.integers(-20000, 20000, 4 * cells)
    inputs = [
        layer.model.input("input", (batches, size), np.uint8, **unit),
        layer.state("last activation", (batches, cells), np.uint8, **unit),
        layer.model.tensor("weights", rows.shape, np.uint8, scale=scale, zero_point=zero_point, data=rows),
        layer.model.tensor("bias", bias.shape, np.int32, scale=scale / 128, data=bias),
        layer.state("last state", (batches, cells), np.int16, scale=2.0**-11)]
    results = [
        layer.model.output("activation", (batches, cells), np.uint8, **unit),
        layer.model.output("state", (batches, cells), np.int16, scale=2.0**-11),
        layer.model.output("joined", (batches, size + cells), np.uint8, **unit),
        layer.model.output("sums", (batches, 4 * cells), np.int16, scale=2.0**-12)]
    return layer.finish(inputs, results, "LSTMOptions", fusedActivationFunction=4, kernelType=1)


def bidirectional(form, asymmetric, linked, merged, time_major, **more):
    """Two layers over two inputs: each takes both if they are linked, else each takes one."""
    layer = Layer(
        "BIDIRECTIONAL_SEQUENCE_LSTM", HALVES if "size" in more else 1, form=form, asymmetric=asymmetric, linked=linked,
        merged=merged, time_major=time_major, **more)
    # The reference takes the wrong rows of the state for a second batch of merged outputs that is not time-major.
    batches, steps, size, cells = 1 if merged and not time_major else 2, 3, more.get("size", 4), 3
    other = 5 if linked else size
    rows = (steps, batches) if time_major else (batches, steps)
    coupled, projection = more.get("coupled", False), more.get("projection")
    outputs = 2 if projection else cells
    inputs = [layer.model.input("input", (*rows, size), np.float32)]
    for prefix in ("fw ", "bw "):
        inputs += gated(layer, prefix, size, cells, outputs, form, coupled, more.get("peephole", False), projection)
    for prefix in ("fw ", "bw "):
        inputs += [
            layer.state(f"{prefix}output state", (batches, outputs)),
            layer.state(f"{prefix}cell state", (batches, cells))]
    inputs.append(layer.model.input("auxiliary", (*rows, other), np.float32))
    for prefix in ("fw ", "bw "):
        inputs += [
            layer.weights(f"{prefix}A {gate}", cells, other, form=form)
            if linked and not (coupled and gate == "input") else -1 for gate in GATES]
    if merged:
        results = [layer.model.output("output", (*rows, 2 * outputs), np.float32)]
    else:
        results = [layer.model.output(f"output {index}", (*rows, outputs), np.float32) for index in range(2)]
    return layer.finish(
        inputs, results, "BidirectionalSequenceLSTMOptions", fusedActivationFunction=4, mergeOutputs=merged,
        timeMajor=time_major, asymmetricQuantizeInputs=asymmetric)


def layers():
    """All layers, in the order of their numbers."""
    truths = (False, True)
    for asymmetric, activation in itertools.product(truths, range(5)):
        yield rnn("int8", asymmetric, activation)
    for asymmetric, time_major, activation, batches in itertools.product(truths, truths, (4, 1), (1, 2)):
        yield rnn("int8", asymmetric, activation, time_major, batches)
    yield rnn("uint8", False, 4)
    yield rnn("uint8", True, 4, True)
    for asymmetric, rank, activation, bias in itertools.product(truths, (1, 2), (0, 1), truths):
        yield svdf("int8", asymmetric, rank, activation, bias)
    yield svdf("uint8", False, 2, 3, True)
    for form, activation in itertools.product(("float32", "int8"), (2, 3, 4)):
        yield svdf(form, False, 1, activation, True)
    for parts in itertools.product(truths, truths, (None, "bias"), truths):
        yield lstm("float32", False, *parts)
    for asymmetric, coupled, peephole, rest in itertools.product(
            truths, truths, truths, ((None, False), ("plain", True))):
        yield lstm("int8", asymmetric, coupled, peephole, *rest)
    yield lstm("uint8", False, False, True, "bias", False)
    for form in ("float32", "int8"):
        yield lstm(form, False, False, False, "plain", False, cell_clip=0.3, projection_clip=0.1)
        # Not 0: the reference leaves a buffer unwritten without an activation.
        yield lstm(form, False, False, False, None, False, activation=1)
    for sizes in ((1, 1, 1), (1, 3, 4), (2, 2, 3), (3, 5, 8)):
        yield cell(*sizes)
    for sizes, zero_point, scale in itertools.product(
            ((1, 1, 1), (2, 3, 4), (3, 5, 8)), (0, 128, 255), (0.002, 0.02, 0.06)):
        yield quantized_cell(*sizes, zero_point, scale)
    for form, asymmetric in (("float32", False), ("int8", False), ("int8", True)):
        for parts in itertools.product(truths, truths, truths):
            yield bidirectional(form, asymmetric, *parts)
        yield bidirectional(form, asymmetric, True, False, True, coupled=True, peephole=True)
        yield bidirectional(form, asymmetric, True, True, True, projection="bias")
    # Rows of eight numbers and more, whose numbers lie between two integers.
    for asymmetric, size in itertools.product(truths, (8, 13, 21)):
        yield rnn("int8", asymmetric, 4, size=size, units=9)
        yield svdf("int8", asymmetric, 2, 0, True, size=size)
        yield lstm("int8", asymmetric, False, True, "bias", False, size=size, cells=10)
    for asymmetric in truths:
        yield rnn("int8", asymmetric, 1, True, size=17, units=3)
        yield bidirectional("int8", asymmetric, True, False, True, size=11)


def write(layer, folder):
    """Runs a layer and writes its case."""
    return write_case(
        folder, layer.model.pack(), layer.operator, layer.seed, layer.parameters, layer.random, layer.deviation)


if __name__ == "__main__":
    write_folder(sys.argv[1], layers(), write)
