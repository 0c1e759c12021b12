"""Makes the cases of Fixtures/cases-recurrent: layers that keep a state from run to run.

    python make_recurrent_cases.py CASES_FOLDER

UNIDIRECTIONAL_SEQUENCE_LSTM in each combination of coupled input gate, peepholes, projection and layer normalization,
with float32 and int8 weights, BIDIRECTIONAL_SEQUENCE_LSTM with both, RNN, UNIDIRECTIONAL_SEQUENCE_RNN, and SVDF, with
float32 activations; and UNIDIRECTIONAL_SEQUENCE_LSTM of int8 with int16 cells, in each combination. Each model runs
three times in one interpreter under LiteRT's BUILTIN_REF kernels; a case that they refuse is printed and left out. The
folder gets index.json and case-N/{model.tflite, input-0.bin, output-0.bin, input-0-run1.bin, ..., case.json}.
"""
import itertools
import json
import sys
import zlib

import numpy as np

from flatbuffer_model import ModelBuilder
from integer_lstm import IntegerLSTM
from stateful_cases import write_case, write_folder


class Layer:
    """A model of one layer under construction, with seeded weights."""

    def __init__(self, operator, **parameters):
        self.operator, self.parameters = operator, parameters
        self.seed = zlib.crc32(json.dumps([operator, parameters]).encode())
        self.random = np.random.default_rng(self.seed)
        self.model = ModelBuilder("TinyTensor fixture")

    def __str__(self):
        return f"{self.operator} {self.parameters}"

    def weights(self, name, *shape, deviation=0.5, integers=False):
        """Adds a constant of normally distributed numbers, in float32 or in int8 with one scale."""
        values = self.random.normal(0, deviation, shape).astype(np.float32)
        if integers:
            scale = np.abs(values).max() / np.float32(127)
            return self.model.tensor(name, shape, np.int8, scale=scale, data=np.round(values / scale))
        return self.model.tensor(name, shape, np.float32, data=values)

    def state(self, name, *shape):
        """Adds a variable."""
        index = self.model.tensor(name, shape, np.float32)
        self.model.tensors[index].isVariable = True
        return index


def lstm(coupled, peephole, projection, normalization, **more):
    """A layer with three inputs and four cells."""
    layer = Layer(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", coupled=coupled, peephole=peephole, projection=projection,
        normalization=normalization, **more)
    batches, steps, size, cells = more.get("batches", 2), more.get("steps", 3), 3, 4
    outputs = 2 if projection else cells
    time_major = more.get("time_major", False)
    rows = (steps, batches) if time_major else (batches, steps)
    image = layer.model.input("input", (*rows, size), np.float32)
    hybrid = more.get("hybrid", False)
    gates = ["input", "forget", "cell", "output"]
    used = [not (coupled and gate == "input") for gate in gates]
    inputs = [image]
    inputs += [layer.weights(f"W {gate}", cells, size, integers=hybrid) if on else -1 for gate, on in zip(gates, used)]
    inputs += [
        layer.weights(f"R {gate}", cells, outputs, integers=hybrid) if on else -1 for gate, on in zip(gates, used)]
    inputs += [
        layer.weights(f"P {gate}", cells, integers=hybrid) if peephole and on else -1
        for gate, on in zip(gates, used) if gate != "cell"]
    inputs += [layer.weights(f"b {gate}", cells) if on else -1 for gate, on in zip(gates, used)]
    inputs.append(layer.weights("projection", outputs, cells, integers=hybrid) if projection else -1)
    inputs.append(layer.weights("projection bias", outputs) if projection == "bias" else -1)
    inputs += [layer.state("output state", batches, outputs), layer.state("cell state", batches, cells)]
    if normalization:
        inputs += [layer.weights(f"N {gate}", cells) if on else -1 for gate, on in zip(gates, used)]
    result = layer.model.output("output", (*rows, outputs), np.float32)
    layer.model.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", 1, inputs, [result], "UnidirectionalSequenceLSTMOptions",
        fusedActivationFunction=more.get("activation", 4), cellClip=more.get("cell_clip", 0.0),
        projClip=more.get("projection_clip", 0.0), timeMajor=time_major,
        asymmetricQuantizeInputs=more.get("asymmetric", False))
    return layer


def svdf(rank, activation, bias):
    """A filter with three units that remembers five steps."""
    layer = Layer("SVDF", rank=rank, activation=activation, bias=bias)
    batches, size, units, memory = 2, 4, 3, 5
    image = layer.model.input("input", (batches, size), np.float32)
    inputs = [
        image, layer.weights("features", units * rank, size), layer.weights("time", units * rank, memory),
        layer.weights("bias", units) if bias else -1, layer.state("state", batches, memory * units * rank)]
    result = layer.model.output("output", (batches, units), np.float32)
    layer.model.operator(
        "SVDF", 1, inputs, [result], "SVDFOptions", rank=rank, fusedActivationFunction=activation)
    return layer


def rnn(sequence, time_major, activation):
    """A plain layer with three units, of one step or of three."""
    layer = Layer("UNIDIRECTIONAL_SEQUENCE_RNN" if sequence else "RNN", time_major=time_major, activation=activation)
    batches, steps, size, units = 2, 3, 4, 3
    rows = ((steps, batches) if time_major else (batches, steps)) if sequence else (batches,)
    inputs = [
        layer.model.input("input", (*rows, size), np.float32), layer.weights("weights", units, size),
        layer.weights("recurrent", units, units), layer.weights("bias", units), layer.state("state", batches, units)]
    result = layer.model.output("output", (*rows, units), np.float32)
    if sequence:
        layer.model.operator(
            layer.operator, 1, inputs, [result], "SequenceRNNOptions", timeMajor=time_major,
            fusedActivationFunction=activation)
    else:
        layer.model.operator(layer.operator, 1, inputs, [result], "RNNOptions", fusedActivationFunction=activation)
    return layer


def bidirectional(merged, time_major, peephole, projection, **more):
    """Two layers over one input, from either end."""
    layer = Layer(
        "BIDIRECTIONAL_SEQUENCE_LSTM", merged=merged, time_major=time_major, peephole=peephole, projection=projection,
        **more)
    # The reference takes the wrong rows of the state for a second batch of merged outputs that is not time-major.
    batches, steps, size = 1 if merged and not time_major else 2, 3, 4
    rows = (steps, batches) if time_major else (batches, steps)
    inputs = [layer.model.input("input", (*rows, size), np.float32)]
    states = []
    hybrid = more.get("hybrid", False)
    for direction, cells in (("fw", 3), ("bw", 3)):
        outputs = 2 if projection else cells
        gates = ["input", "forget", "cell", "output"]
        inputs += [layer.weights(f"{direction} W {gate}", cells, size, integers=hybrid) for gate in gates]
        inputs += [layer.weights(f"{direction} R {gate}", cells, outputs, integers=hybrid) for gate in gates]
        inputs += [
            layer.weights(f"{direction} P {gate}", cells, integers=hybrid) if peephole else -1
            for gate in gates if gate != "cell"]
        inputs += [layer.weights(f"{direction} b {gate}", cells) for gate in gates]
        inputs += [
            layer.weights(f"{direction} projection", outputs, cells, integers=hybrid) if projection else -1, -1]
        states += [
            layer.state(f"{direction} output state", batches, outputs),
            layer.state(f"{direction} cell state", batches, cells)]
    inputs += states + [-1] * 9
    widths = [2, 2] if projection else [3, 3]
    if merged:
        results = [layer.model.output("output", (*rows, sum(widths)), np.float32)]
    else:
        results = [layer.model.output(f"output {index}", (*rows, width), np.float32)
                   for index, width in enumerate(widths)]
    layer.model.operator(
        layer.operator, 1, inputs, results, "BidirectionalSequenceLSTMOptions", fusedActivationFunction=4,
        mergeOutputs=merged, timeMajor=time_major,
        asymmetricQuantizeInputs=more.get("asymmetric", False))
    return layer


def layers():
    """All layers, in the order of their numbers."""
    for parts in itertools.product([False, True], [False, True], [None, "plain", "bias"], [False, True]):
        yield lstm(*parts)
    yield lstm(False, False, None, False, time_major=True)
    yield lstm(False, True, "bias", True, time_major=True, batches=1, steps=1)
    yield lstm(False, False, None, False, cell_clip=0.3)
    yield lstm(True, False, "plain", False, cell_clip=0.5, projection_clip=0.1)
    # Not 0: the reference leaves a buffer unwritten without an activation.
    for activation in (1, 3):
        yield lstm(False, False, None, False, activation=activation)
    for rank, activation, bias in itertools.product([1, 2], [0, 1], [False, True]):
        yield svdf(rank, activation, bias)
    for sequence, time_major, activation in ((False, False, 4), (False, False, 1), (True, False, 4), (True, True, 1)):
        yield rnn(sequence, time_major, activation)
    for merged, time_major, peephole, projection in itertools.product([False, True], repeat=4):
        yield bidirectional(merged, time_major, peephole, projection)
    for asymmetric in (False, True):
        for parts in itertools.product([False, True], [False, True], [None, "plain", "bias"], [False, True]):
            yield lstm(*parts, hybrid=True, asymmetric=asymmetric)
        yield lstm(False, False, None, False, hybrid=True, asymmetric=asymmetric, time_major=True)
        yield lstm(True, False, "plain", False, hybrid=True, asymmetric=asymmetric, cell_clip=0.5, projection_clip=0.1)
        yield bidirectional(False, True, True, True, hybrid=True, asymmetric=asymmetric)
        yield bidirectional(True, True, False, False, hybrid=True, asymmetric=asymmetric)
    yield from integer_layers()


def integer_layers():
    """The layers of int8 with int16 cells."""
    for parts in itertools.product([False, True], [False, True], [None, "plain", "bias"], [False, True]):
        yield IntegerLSTM(*parts)
    yield IntegerLSTM(False, True, None, True, time_major=True)
    # With fewer outputs than cells the reference adds a peephole to as many of the sums, counted through all batches.
    for coupled, normalization in itertools.product([False, True], [False, True]):
        yield IntegerLSTM(coupled, True, "bias", normalization, time_major=True, batches=3, cells=5, outputs=3)
    yield IntegerLSTM(False, True, "bias", False, cells=3, outputs=3, time_major=True)
    yield IntegerLSTM(False, False, "bias", False, cells=3, outputs=5, hidden_zero_point=-128, state_zero_point=127)
    yield IntegerLSTM(False, True, None, False, cell_clip=0.4)
    yield IntegerLSTM(True, False, "plain", True, cell_clip=0.7, projection_clip=0.2)
    yield IntegerLSTM(False, True, "bias", True, projection_clip=100.0, cell_clip=100.0)
    for exponent in (-14, -9):
        yield IntegerLSTM(False, True, "bias", True, cell_exponent=exponent, batches=1, steps=5)
    # Sums at the ends of their range, and sums of which many are equal.
    yield IntegerLSTM(False, True, None, False, gain=20)
    yield IntegerLSTM(False, True, "bias", True, gain=8)
    yield IntegerLSTM(False, False, None, True, sum_scale=100.0)
    yield IntegerLSTM(True, True, "plain", True, cells=7, outputs=5, mean=2, sum_scale=0.002)
    yield IntegerLSTM(False, False, None, True, cells=1)
    # Outputs that show whether the factor of what a cell gives is rounded to single precision first.
    sums = {
        "b input": [20000] * 4, "b forget": [0] * 4, "b cell": [30191, 25090, 32483, 18475],
        "b output": [3233, 7028, 11529, 15073]}
    yield IntegerLSTM(
        False, False, None, False, sums=sums, state_scale=0.0080854, state_zero_point=0, batches=1, steps=1)


def write(layer, folder):
    """Runs a layer and writes its case."""
    deviation = 50 if isinstance(layer, IntegerLSTM) else 1
    return write_case(
        folder, layer.model.pack(), layer.operator, layer.seed, layer.parameters, layer.random, deviation)


if __name__ == "__main__":
    write_folder(sys.argv[1], layers(), write)
