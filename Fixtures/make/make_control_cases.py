"""Makes the cases of Fixtures/cases-control: loops, branches and variables as TensorFlow's converter writes them.

    python make_control_cases.py CASES_FOLDER

Each model runs three times in one interpreter under LiteRT's BUILTIN_REF kernels; a case that the converter or the
kernels refuse is printed and left out. The folder gets index.json and case-N/{model.tflite, input-0.bin, output-0.bin,
input-0-run1.bin, ..., case.json}.
"""
import sys
import zlib

import numpy as np
import tensorflow as tf

from stateful_cases import write_case, write_folder


class Loop(tf.Module):
    """A loop over a counter and a matrix."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    @tf.function(input_signature=[tf.TensorSpec([2, 3], tf.float32, "x")])
    def run(self, x):
        _, result = tf.while_loop(
            lambda index, value: index < self.steps, lambda index, value: (index + 1, value * 0.5 + 1.0),
            (tf.constant(0), x))
        return result


class DataLoop(tf.Module):
    """A loop whose end depends on the data."""

    @tf.function(input_signature=[tf.TensorSpec([4], tf.int32, "x")])
    def run(self, x):
        return tf.while_loop(lambda value: tf.reduce_sum(value) < 1000, lambda value: (value * 2 + 1,), (x,))[0]


class NestedLoop(tf.Module):
    """A loop in a loop."""

    @tf.function(input_signature=[tf.TensorSpec([3], tf.float32, "x")])
    def run(self, x):
        def inner(value):
            return tf.while_loop(
                lambda index, value: index < 2, lambda index, value: (index + 1, value + 0.25),
                (tf.constant(0), value))[1]

        return tf.while_loop(
            lambda index, value: index < 3, lambda index, value: (index + 1, inner(value) * 2.0),
            (tf.constant(0), x))[1]


class Branch(tf.Module):
    """A branch by the sign of a sum, with operators around it."""

    @tf.function(input_signature=[tf.TensorSpec([5], tf.float32, "x")])
    def run(self, x):
        return tf.cond(tf.reduce_sum(x) > 0.0, lambda: tf.nn.relu(x) * 3.0, lambda: x - 2.0) + 1.0


class BranchInLoop(tf.Module):
    """A branch in the body of a loop."""

    @tf.function(input_signature=[tf.TensorSpec([4], tf.float32, "x")])
    def run(self, x):
        def body(index, value):
            return index + 1, tf.cond(tf.reduce_max(value) > 4.0, lambda: value * 0.25, lambda: value * 3.0)

        return tf.while_loop(lambda index, value: index < 6, body, (tf.constant(0), x))[1]


class Sum(tf.Module):
    """A running sum in a variable."""

    def __init__(self):
        super().__init__()
        self.total = tf.Variable(tf.fill([3], 0.5), name="total")

    @tf.function(input_signature=[tf.TensorSpec([3], tf.float32, "x")])
    def run(self, x):
        self.total.assign_add(x)
        return self.total.read_value() * 2.0


class Variables(tf.Module):
    """Two variables, one of which follows the other by one run."""

    def __init__(self):
        super().__init__()
        self.last = tf.Variable(tf.zeros([2, 2]), name="last")
        self.count = tf.Variable(tf.constant([1.0]), name="count")

    @tf.function(input_signature=[tf.TensorSpec([2, 2], tf.float32, "x")])
    def run(self, x):
        difference = x - self.last
        self.last.assign(x)
        self.count.assign_add([1.0])
        return difference * self.count


def modules():
    """All models, in the order of their numbers."""
    return [Loop(5), Loop(0), DataLoop(), NestedLoop(), Branch(), BranchInLoop(), Sum(), Variables()]


def convert(module):
    """The module's function as a .tflite file."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.run.get_concrete_function()], module)
    converter.experimental_enable_resource_variables = True
    return converter.convert()


def write(module, folder):
    """Runs a model and writes its case."""
    name = type(module).__name__
    seed = zlib.crc32(name.encode())
    return write_case(folder, convert(module), name, seed, {}, np.random.default_rng(seed), 4)


if __name__ == "__main__":
    write_folder(sys.argv[1], modules(), write)
