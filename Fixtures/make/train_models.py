"""Trains the small MNIST networks in Keras and converts them to int8 .tflite files.

    python train_models.py MNIST_FOLDER MODELS_FOLDER [cnn|mlp|dscnn ...]

cnn    writes mnist_cnn_int8.tflite and, from the same weights,
       mnist_cnn_float_io_int8.tflite (float32 input and output, int8 inside)
mlp    writes mnist_mlp_int8.tflite
dscnn  writes mnist_dscnn_int8.tflite (depthwise-separable convolutions)

Every model takes one image [1,28,28,1] named `image` and gives `scores` [1,10].
The seed is fixed, but Keras on another machine may train other weights: the
committed models are the reference, this script says how they came to be.
"""
import argparse
import os
import tempfile

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

import mnist

SEED = 20260
IMAGE_SHAPE = (28, 28, 1)
CALIBRATION_IMAGES = 1000


def cnn():
    """Two 3x3 convolutions, a max pool, an average pool and two dense layers."""
    return keras.Sequential([
        layers.Input(IMAGE_SHAPE),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.AveragePooling2D(2),
        layers.Reshape((7 * 7 * 16,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])


def mlp():
    """Two hidden layers of 64 and 32 units."""
    return keras.Sequential([
        layers.Input(IMAGE_SHAPE),
        layers.Reshape((28 * 28,)),
        layers.Dense(64, activation="relu"),
        layers.Dense(32, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])


def dscnn():
    """A small MobileNet: a strided convolution, three separable blocks, a global mean."""
    def relu6(x):
        return layers.ReLU(max_value=6)(layers.BatchNormalization()(x))

    def separable(x, channels, stride):
        if stride == 2:
            x = layers.ZeroPadding2D(1)(x)
        padding = "same" if stride == 1 else "valid"
        x = relu6(layers.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False)(x))
        return relu6(layers.Conv2D(channels, 1, use_bias=False)(x))

    image = layers.Input(IMAGE_SHAPE)
    x = relu6(layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(image))
    x = separable(x, 32, 1)
    x = separable(x, 64, 2)
    x = separable(x, 64, 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))


def train(network, images, labels, epochs):
    """Fits the network with Adam and a cosine learning rate."""
    batch = 128
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * (len(images) // batch))
    network.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(images, labels, batch_size=batch, epochs=epochs, verbose=2)


def convert(network, images, integer_io):
    """Full-integer conversion with per-channel weights; the batch is fixed to 1."""
    signature = [tf.TensorSpec((1, *IMAGE_SHAPE), tf.float32, name="image")]
    infer = tf.function(lambda image: network(image, training=False), input_signature=signature)
    frozen = convert_variables_to_constants_v2(infer.get_concrete_function())

    @tf.function(input_signature=signature)
    def serve(image):
        return {"scores": frozen(image)[0]}

    def representative():
        for image in images[:CALIBRATION_IMAGES]:
            yield {"image": image[None]}

    module = tf.Module()
    module.serve = serve
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures={"serving_default": serve})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if integer_io:
            converter.inference_input_type = tf.int8
            converter.inference_output_type = tf.int8
        return converter.convert()


RECIPES = {
    "cnn": (cnn, 8, {"mnist_cnn_int8": True, "mnist_cnn_float_io_int8": False}),
    "mlp": (mlp, 12, {"mnist_mlp_int8": True}),
    "dscnn": (dscnn, 8, {"mnist_dscnn_int8": True}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mnist_folder")
    parser.add_argument("models_folder")
    parser.add_argument("names", nargs="*", metavar="cnn|mlp|dscnn", help="which networks (default: all)")
    arguments = parser.parse_args()

    pixels, labels = mnist.load(arguments.mnist_folder, "train")
    images = mnist.real_values(pixels)[..., np.newaxis]
    tf.config.experimental.enable_op_determinism()
    for name in arguments.names or RECIPES:
        build, epochs, files = RECIPES[name]
        keras.utils.clear_session()
        keras.utils.set_random_seed(SEED)
        network = build()
        train(network, images, labels, epochs)
        for file, integer_io in files.items():
            path = os.path.join(arguments.models_folder, f"{file}.tflite")
            model = convert(network, images, integer_io)
            with open(path, "wb") as output:
                output.write(model)


if __name__ == "__main__":
    main()
