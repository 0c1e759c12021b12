"""A model of one UNIDIRECTIONAL_SEQUENCE_LSTM of int8 with int16 cells, in any of its forms."""
import json
import zlib

import numpy as np

from flatbuffer_model import ModelBuilder

OPERATOR = "UNIDIRECTIONAL_SEQUENCE_LSTM"
GATES = ("input", "forget", "cell", "output")

# Quantization of the input, of the state, and of what is multiplied with the projection.
INPUT_SCALE, INPUT_ZERO_POINT = 1 / 40, 11
STATE_SCALE, STATE_ZERO_POINT = 1 / 100, -7
HIDDEN_SCALE, HIDDEN_ZERO_POINT = 1 / 120, 19


class IntegerLSTM:
    """A layer with seeded weights, of three inputs and four cells unless `more` says otherwise.

    Of the parameters, `mean` moves weights away from 0, `gain` multiplies them, `sum_scale` is the scale of the sums
    before normalization, and `cell_exponent` the logarithm of the cell state's scale. `sums` are a gate's sums in Q3.12
    whatever the input: all weights are 0.
    """

    def __init__(self, coupled, peephole, projection, normalization, **more):
        self.operator = OPERATOR
        self.parameters = {
            "coupled": coupled, "peephole": peephole, "projection": projection, "normalization": normalization,
            "integer": True} | more
        self.seed = zlib.crc32(json.dumps([OPERATOR, self.parameters]).encode())
        self.random = np.random.default_rng(self.seed)
        self.model = ModelBuilder("TinyTensor fixture")
        self.more = more
        self.normalizes = normalization
        self.gates = [gate for gate in GATES if not (coupled and gate == "input")]
        self.build(peephole, projection)

    def __str__(self):
        return f"{self.operator} {self.parameters}"

    def weights(self, name, *shape, dtype=np.int8):
        """Adds symmetric weights with one scale; returns the tensor and the scale."""
        if "sums" in self.more:
            scale = np.float32(2.0 ** -12 / INPUT_SCALE)
            return self.model.tensor(name, shape, dtype, scale=scale, data=np.zeros(shape)), scale
        values = self.random.normal(self.more.get("mean", 0), 0.5, shape) * self.more.get("gain", 1)
        scale = np.float32(np.abs(values).max() / np.iinfo(dtype).max)
        tensor = self.model.tensor(name, shape, dtype, scale=scale, data=np.round(values / scale))
        return tensor, scale

    def bias(self, name, size, scale):
        """Adds a bias of 32 bits."""
        values = self.random.normal(0, 0.5, size) / scale
        if name in self.more.get("sums", {}):
            values = self.more["sums"][name]
        return self.model.tensor(name, (size,), np.int32, scale=scale, data=np.round(values))

    def state(self, name, shape, dtype, scale, zero_point):
        """Adds a variable."""
        index = self.model.tensor(name, shape, dtype, scale=scale, zero_point=zero_point)
        self.model.tensors[index].isVariable = True
        return index

    def of_each_gate(self, make, gates=GATES):
        """What `make` adds for each gate, -1 for a coupled input gate."""
        return [make(gate) if gate in self.gates else -1 for gate in gates]

    def build(self, peephole, projection):
        """Adds all tensors and the operator."""
        more = self.more
        batches, steps, size = more.get("batches", 2), more.get("steps", 3), more.get("size", 3)
        cells = more.get("cells", 4)
        outputs = more.get("outputs", 2) if projection else cells
        rows = (steps, batches) if more.get("time_major", False) else (batches, steps)
        state_scale = more.get("state_scale", STATE_SCALE)
        state_zero_point = more.get("state_zero_point", STATE_ZERO_POINT)
        inputs = [
            self.model.input("input", (*rows, size), np.int8, scale=INPUT_SCALE, zero_point=INPUT_ZERO_POINT)]
        scales = {}

        def input_weights(gate):
            tensor, scale = self.weights(f"W {gate}", cells, size)
            scales[gate] = scale * INPUT_SCALE
            return tensor

        def coefficients(gate):
            tensor, scale = self.weights(f"N {gate}", cells, dtype=np.int16)
            # The bias is added to coefficients times numbers with ten more bits.
            scales[gate] = scale / 1024
            return tensor

        inputs += self.of_each_gate(input_weights)
        inputs += self.of_each_gate(lambda gate: self.weights(f"R {gate}", cells, outputs)[0])
        inputs += self.of_each_gate(
            lambda gate: self.weights(f"P {gate}", cells, dtype=np.int16)[0] if peephole else -1,
            ("input", "forget", "output"))
        norms = self.of_each_gate(coefficients) if self.normalizes else []
        inputs += self.of_each_gate(lambda gate: self.bias(f"b {gate}", cells, scales[gate]))
        hidden = (state_scale, state_zero_point)
        if projection:
            hidden = (HIDDEN_SCALE, more.get("hidden_zero_point", HIDDEN_ZERO_POINT))
            tensor, scale = self.weights("projection", outputs, cells)
            inputs.append(tensor)
            inputs.append(
                self.bias("projection bias", outputs, scale * HIDDEN_SCALE) if projection == "bias" else -1)
        else:
            inputs += [-1, -1]
        inputs.append(self.state("output state", (batches, outputs), np.int8, state_scale, state_zero_point))
        inputs.append(self.state("cell state", (batches, cells), np.int16, 2.0 ** more.get("cell_exponent", -11), 0))
        inputs += norms
        result = self.model.output(
            "output", (*rows, outputs), np.int8, scale=state_scale, zero_point=state_zero_point)
        intermediates = []
        for index, gate in enumerate(GATES):
            # Zero points of sums have no meaning to the operator.
            scale = more.get("sum_scale", 0.0004 + 0.0001 * index) if self.normalizes else None
            intermediates.append(
                self.model.tensor(f"sums {gate}", (), np.int16, scale=scale, zero_point=index))
        intermediates.append(self.model.tensor("hidden", (), np.int8, scale=hidden[0], zero_point=hidden[1]))
        self.model.operator(
            OPERATOR, 3, inputs, [result], "UnidirectionalSequenceLSTMOptions", fusedActivationFunction=4,
            cellClip=more.get("cell_clip", 0.0), projClip=more.get("projection_clip", 0.0),
            timeMajor=more.get("time_major", False))
        self.model.operators[-1].intermediates = intermediates
