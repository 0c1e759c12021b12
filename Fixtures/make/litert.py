"""Runs a model under LiteRT's reference kernels (BUILTIN_REF), one thread."""
from ai_edge_litert.interpreter import Interpreter, OpResolverType


def reference_interpreter(model):
    """Returns an allocated interpreter for the bytes of a model."""
    interpreter = Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def run(model, inputs):
    """Returns copies of all outputs for one list of input arrays."""
    interpreter = reference_interpreter(model)
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]).copy() for detail in interpreter.get_output_details()]
