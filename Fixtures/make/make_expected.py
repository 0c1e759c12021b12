"""Runs every model over the 10,000 test images and keeps all output bytes.

    python make_expected.py MNIST_FOLDER FIXTURES_FOLDER [--check]

For each FIXTURES/models/NAME.tflite writes FIXTURES/expected/NAME.bin, the
outputs of LiteRT's BUILTIN_REF kernels image after image, and one index.json.
--check writes nothing and fails if the committed files differ.

A pixel becomes an input value as `mnist.quantized_values` says for int8 and
uint8 inputs and as `mnist.real_values` says for float32 inputs.
"""
import argparse
import hashlib
import json
import os
import sys
import zlib

import numpy as np

import litert
import mnist


def input_values(detail, pixels):
    """The values for the model's input, one image a row."""
    if detail["dtype"] == np.float32:
        return mnist.real_values(pixels)
    scale, zero_point = detail["quantization"]
    return mnist.quantized_values(pixels, scale, zero_point, detail["dtype"])


def all_outputs(model, pixels):
    """Returns the [N,10] outputs of a model over all images."""
    interpreter = litert.reference_interpreter(model)
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    outputs = []
    for values in input_values(source, pixels):
        interpreter.set_tensor(source["index"], values.reshape(source["shape"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"])[0])
    return np.stack(outputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mnist_folder")
    parser.add_argument("fixtures_folder")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    arguments = parser.parse_args()

    pixels, labels = mnist.load(arguments.mnist_folder, "t10k")
    models, expected = (os.path.join(arguments.fixtures_folder, f) for f in ("models", "expected"))
    files, rows = {}, []
    for file in sorted(os.listdir(models)):
        with open(os.path.join(models, file), "rb") as source:
            model = source.read()
        outputs = all_outputs(model, pixels)
        data = outputs.tobytes()
        name = file.removesuffix(".tflite") + ".bin"
        files[name] = data
        rows.append({
            "file": file,
            "sha256": hashlib.sha256(model).hexdigest(),
            "images": len(outputs),
            "correct": int(np.sum(np.argmax(outputs, axis=1) == labels)),
            "expected": name,
            "bytes_per_image": outputs[0].nbytes,
            "crc32": f"{zlib.crc32(data):08x}",
        })
        print(f"{file}: {rows[-1]['correct']} of {len(outputs)} correct", flush=True)
    files["index.json"] = (json.dumps({"models": rows}, indent=1) + "\n").encode()

    different = []
    for name, data in files.items():
        path = os.path.join(expected, name)
        if not arguments.check:
            with open(path, "wb") as target:
                target.write(data)
            continue
        with open(path, "rb") as target:
            if target.read() != data:
                different.append(name)
    if different:
        sys.exit(f"differ: {', '.join(different)}")


if __name__ == "__main__":
    main()
