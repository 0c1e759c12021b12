"""Trains a small CNN in Keras and writes it as a legacy uint8 .tflite file.

    python train_legacy_uint8.py MNIST_FOLDER MODELS_FOLDER

Writes mnist_cnn_uint8.tflite.  Today's converter makes int8 only, so the file is
built here from the float weights: every activation is uint8 with the range seen
on 1,000 training images, weights are uint8 with one scale and one zero point for
each tensor, biases are int32.  As in train_models.py the committed file is the
reference; the script says how it came to be.
"""
import argparse
import os

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import mnist
from flatbuffer_model import ModelBuilder, schema
from train_models import CALIBRATION_IMAGES, IMAGE_SHAPE, SEED, train

EPOCHS = 12
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID
NONE, RELU, RELU6 = (getattr(schema.ActivationFunctionType, name) for name in ("NONE", "RELU", "RELU6"))


def network():
    """A strided and a separable convolution, and a residual one; layers are named for `write`."""
    image = layers.Input(IMAGE_SHAPE)
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu6", name="stem")(image)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu6", name="depthwise")(x)
    x = layers.Conv2D(24, 1, name="project")(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    branch = layers.Conv2D(24, 3, padding="same", activation="relu", name="residual")(x)
    x = layers.Add(name="add")([x, branch])
    x = layers.AveragePooling2D(3, strides=2, name="average")(x)
    x = layers.Reshape((3 * 3 * 24,), name="reshape")(x)
    x = layers.Dense(10, name="logits")(x)
    return keras.Model(image, layers.Softmax(name="scores")(x))


def uint8_range(low, high, lowest=0):
    """Scale and zero point for the real range [low, high] stretched to hold 0, on [lowest, 255]."""
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    scale = np.float32((high - low) / (255 - lowest))
    return scale, int(np.clip(round(lowest - low / float(scale)), lowest, 255))


class LegacyWriter:
    """Adds the trained layers to a model one after the other."""

    def __init__(self, trained, images):
        self.model = ModelBuilder("MNIST digits, legacy uint8 quantization")
        self.trained = trained
        names = [layer.name for layer in trained.layers[1:]]
        probe = keras.Model(trained.input, [trained.get_layer(name).output for name in names])
        self.seen = {name: (values.min(), values.max())
                     for name, values in zip(names, probe.predict(images, verbose=0))}
        self.quantization = {}

    def activation(self, name, like=None):
        """Adds the output tensor of a layer, with the range seen or that of tensor `like`."""
        scale, zero_point = self.quantization[like] if like is not None else uint8_range(*self.seen[name])
        shape = (1, *self.trained.get_layer(name).output.shape[1:])
        index = self.model.tensor(name, shape, np.uint8, scale, zero_point)
        self.quantization[index] = scale, zero_point
        return index

    def weights(self, name, source, transpose):
        """Adds weights (narrow range 1...255, as TensorFlow 1 had it) and the bias of a layer."""
        kernel, bias = self.trained.get_layer(name).get_weights()
        kernel = kernel.transpose(transpose)
        scale, zero_point = uint8_range(kernel.min(), kernel.max(), lowest=1)
        stored = np.clip(np.rint(kernel / scale) + zero_point, 1, 255)
        bias_scale = self.quantization[source][0] * scale
        return [
            self.model.tensor(f"{name}/weights", kernel.shape, np.uint8, scale, zero_point, data=stored),
            self.model.tensor(f"{name}/bias", bias.shape, np.int32, bias_scale,
                              data=np.rint(bias / bias_scale)),
        ]

    def layer(self, operator, name, sources, like=None, transpose=None, options=None, **fields):
        """Adds one layer's operator and returns its output tensor."""
        constants = self.weights(name, sources[0], transpose) if transpose else []
        target = self.activation(name, like)
        self.model.operator(operator, 1, [*sources, *constants], [target], options, **fields)
        return target

    def write(self):
        """Returns the bytes of the whole network."""
        image = self.model.input("image", (1, *IMAGE_SHAPE), np.uint8, mnist.INPUT_SCALE)
        self.quantization[image] = mnist.INPUT_SCALE, 0
        # Keras keeps [h,w,in,out], depthwise [h,w,in,1]; .tflite wants [out,h,w,in], [1,h,w,in].
        last_first, swapped = (3, 0, 1, 2), (1, 0)

        x = self.layer("CONV_2D", "stem", [image], None, last_first, "Conv2DOptions",
                       padding=SAME, strideH=2, strideW=2, fusedActivationFunction=RELU6)
        x = self.layer("DEPTHWISE_CONV_2D", "depthwise", [x], None, last_first, "DepthwiseConv2DOptions",
                       padding=SAME, strideH=1, strideW=1, depthMultiplier=1, fusedActivationFunction=RELU6)
        x = self.layer("CONV_2D", "project", [x], None, last_first, "Conv2DOptions",
                       padding=VALID, strideH=1, strideW=1, fusedActivationFunction=NONE)
        x = self.layer("MAX_POOL_2D", "pool", [x], x, None, "Pool2DOptions",
                       padding=VALID, strideH=2, strideW=2, filterHeight=2, filterWidth=2)
        branch = self.layer("CONV_2D", "residual", [x], None, last_first, "Conv2DOptions",
                            padding=SAME, strideH=1, strideW=1, fusedActivationFunction=RELU)
        x = self.layer("ADD", "add", [x, branch], None, None, "AddOptions")
        x = self.layer("AVERAGE_POOL_2D", "average", [x], x, None, "Pool2DOptions",
                       padding=VALID, strideH=2, strideW=2, filterHeight=3, filterWidth=3)
        x = self.reshape(x)
        x = self.layer("FULLY_CONNECTED", "logits", [x], None, swapped, "FullyConnectedOptions")
        scores = self.model.output("scores", (1, 10), np.uint8, 1 / 256)
        self.model.operator("SOFTMAX", 1, [x], [scores], "SoftmaxOptions", beta=1.0)
        return self.model.pack()

    def reshape(self, source):
        """Adds the RESHAPE with its constant shape."""
        target = self.activation("reshape", source)
        shape = self.model.tensors[target].shape
        self.model.operator("RESHAPE", 1, [source, self.model.constant("shape", shape)], [target],
                            "ReshapeOptions", newShape=shape)
        return target


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mnist_folder")
    parser.add_argument("models_folder")
    arguments = parser.parse_args()

    pixels, labels = mnist.load(arguments.mnist_folder, "train")
    images = mnist.real_values(pixels)[..., np.newaxis]
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(SEED)
    trained = network()
    train(trained, images, labels, EPOCHS)
    model = LegacyWriter(trained, images[:CALIBRATION_IMAGES]).write()
    with open(os.path.join(arguments.models_folder, "mnist_cnn_uint8.tflite"), "wb") as output:
        output.write(model)


if __name__ == "__main__":
    main()
