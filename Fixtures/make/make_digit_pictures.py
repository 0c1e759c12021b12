"""Writes one MNIST test image of each digit as a PNG picture, named for its digit: the first of it in the test set.

    python make_digit_pictures.py DIGITS_FOLDER PICTURES_FOLDER
"""
import os
import sys

import numpy
from PIL import Image

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def main():
    digits_folder, pictures_folder = sys.argv[1:]
    images = numpy.fromfile(os.path.join(digits_folder, "t10k-images.idx3-ubyte"), numpy.uint8)[16:].reshape(-1, 28, 28)
    labels = numpy.fromfile(os.path.join(digits_folder, "t10k-labels.idx1-ubyte"), numpy.uint8)[8:]
    os.makedirs(pictures_folder, exist_ok=True)
    for digit, name in enumerate(NAMES):
        row = int(numpy.argmax(labels == digit))
        Image.fromarray(images[row]).save(os.path.join(pictures_folder, f"{name}.png"), optimize=True)


if __name__ == "__main__":
    main()
