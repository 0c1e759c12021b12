"""Lists what .tflite files hold: operators with versions, inputs and outputs.

    python describe.py MODEL.tflite ...
"""
import os
import sys

from ai_edge_litert import schema_py_generated as schema


def names_of(enumeration):
    """Maps an enumeration class's values to their names."""
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


OPERATORS = names_of(schema.BuiltinOperator)
TYPES = names_of(schema.TensorType)


def load(path):
    """Returns the model in the file as the schema's object tree."""
    with open(path, "rb") as file:
        return schema.ModelT.InitFromPackedBuf(file.read(), 0)


def operators(model):
    """Returns the operators of the first subgraph in order, as "NAME" strings."""
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    return [OPERATORS[codes[operator.opcodeIndex]] for operator in model.subgraphs[0].operators]


def tensor_text(tensor):
    """One line about a tensor: name, type, shape and quantization."""
    text = f"{tensor.name.decode()} {TYPES[tensor.type].lower()} {[int(size) for size in tensor.shape]}"
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None or len(quantization.scale) == 0:
        return text
    if len(quantization.scale) > 1:
        return f"{text} {len(quantization.scale)} scales along dimension {quantization.quantizedDimension}"
    return f"{text} scale {float(quantization.scale[0])!r} zero point {int(quantization.zeroPoint[0])}"


def main():
    for path in sys.argv[1:]:
        model = load(path)
        graph = model.subgraphs[0]
        print(f"{path}: {os.path.getsize(path)} bytes, {len(model.subgraphs)} subgraph(s)")
        versions = {OPERATORS[max(c.builtinCode, c.deprecatedBuiltinCode)]: c.version for c in model.operatorCodes}
        for name, operator in zip(operators(model), graph.operators):
            print(f"  {name} v{versions[name]}")
            for index in [*operator.inputs, *operator.outputs]:
                print(f"    {tensor_text(graph.tensors[index])}" if index >= 0 else "    (absent)")
        for signature in model.signatureDefs or []:
            ends = [[f"{m.name.decode()} -> tensor {m.tensorIndex}" for m in maps]
                    for maps in (signature.inputs, signature.outputs)]
            print(f"  signature {signature.signatureKey.decode()}: inputs {ends[0]}, outputs {ends[1]}")


if __name__ == "__main__":
    main()
