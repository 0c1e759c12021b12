"""Writes the 10,000 MNIST test images and labels as plain (uncompressed) IDX files.

    python make_digits.py MNIST_FOLDER DIGITS_FOLDER
"""
import gzip
import os
import sys

FILES = {
    "t10k-images-idx3-ubyte.gz": "t10k-images.idx3-ubyte",
    "t10k-labels-idx1-ubyte.gz": "t10k-labels.idx1-ubyte",
}


def main():
    mnist_folder, digits_folder = sys.argv[1:]
    for source, target in FILES.items():
        with gzip.open(os.path.join(mnist_folder, source)) as packed, \
                open(os.path.join(digits_folder, target), "wb") as plain:
            plain.write(packed.read())


if __name__ == "__main__":
    main()
