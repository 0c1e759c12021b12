"""The MNIST digits and the one mapping from a pixel to a model's input value.

The files are the four gzipped IDX files as published (train-images-idx3-ubyte.gz
and so on); the folder that holds them is always given by the caller.
"""
import gzip
import os
import struct

import numpy as np

INPUT_SCALE = np.float32(1) / np.float32(255)


def parse_idx(data):
    """Returns the array in an IDX file of unsigned bytes."""
    zeros, kind, rank = struct.unpack(">HBB", data[:4])
    if zeros != 0 or kind != 8:
        raise ValueError("not an IDX file of unsigned bytes")
    shape = struct.unpack(f">{rank}I", data[4:4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load(folder, part):
    """Returns (images, labels) of part "train" or "t10k": uint8 [N,28,28] and uint8 [N]."""
    arrays = []
    for kind in ("images-idx3", "labels-idx1"):
        with gzip.open(os.path.join(folder, f"{part}-{kind}-ubyte.gz")) as file:
            arrays.append(parse_idx(file.read()))
    return tuple(arrays)


def real_values(pixels):
    """Pixel bytes to the real numbers a model sees: float32(pixel) / float32(255)."""
    return pixels.astype(np.float32) / np.float32(255)


def quantized_values(pixels, scale, zero_point, dtype):
    """Pixel bytes to stored integers, in float32 throughout.

    clamp(round_half_away(float32(real / scale)) + zero_point).  With scale
    float32(1/255) the result is exactly pixel + zero_point.
    """
    quotient = real_values(pixels) / np.float32(scale)
    rounded = np.trunc(quotient + np.copysign(np.float32(0.5), quotient))
    limits = np.iinfo(dtype)
    return np.clip(rounded + np.float32(zero_point), limits.min, limits.max).astype(dtype)
