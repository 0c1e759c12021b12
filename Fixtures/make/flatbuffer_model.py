"""Builds one-subgraph .tflite models with the schema module of ai-edge-litert."""
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

BUFFER_ALIGNMENT = 16


class AlignedBuffer(schema.BufferT):
    """A buffer whose bytes start at a multiple of 16, as the schema demands."""

    def Pack(self, builder):
        vector = None
        if self.data is not None:
            builder.StartVector(1, len(self.data), BUFFER_ALIGNMENT)
            start = builder.head - len(self.data)
            builder.Bytes[start:builder.head] = self.data
            builder.head = start
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if vector is not None:
            schema.BufferAddData(builder, vector)
        return schema.BufferEnd(builder)


class ModelBuilder:
    """Collects tensors and operators; tensors are known by their index."""

    def __init__(self, description, parent=None):
        self.description = description
        self.tensors, self.operators = [], []
        self.inputs, self.outputs = [], []
        self.codes = parent.codes if parent else []
        self.buffers = parent.buffers if parent else [AlignedBuffer()]
        self.subgraphs = parent.subgraphs if parent else [self]

    def subgraph(self):
        """Adds another graph of the model; its index is that in `subgraphs`."""
        self.subgraphs.append(ModelBuilder(f"graph {len(self.subgraphs)}", self))
        return self.subgraphs[-1]

    def tensor(self, name, shape, dtype, scale=None, zero_point=0, channel_dimension=0, data=None):
        """Adds a tensor; `scale` is a number or one per channel, `data` makes it a constant."""
        tensor = schema.TensorT()
        tensor.name = name
        tensor.shape = [int(size) for size in shape]
        tensor.hasRank = True
        tensor.type = getattr(schema.TensorType, np.dtype(dtype).name.upper())
        if scale is not None:
            quantization = schema.QuantizationParametersT()
            quantization.scale = [float(np.float32(value)) for value in np.atleast_1d(scale)]
            quantization.zeroPoint = [int(zero_point)] * len(quantization.scale)
            quantization.quantizedDimension = channel_dimension
            tensor.quantization = quantization
        if data is not None:
            values = np.asarray(data, dtype, order="C")
            if list(values.shape) != tensor.shape:
                raise ValueError(f"{name}: data {values.shape} for a tensor {tensor.shape}")
            buffer = AlignedBuffer()
            buffer.data = values.tobytes()
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def packed(self, name, shape, kind, data=None, scale=None, zero_point=0, sparsity=None):
        """Adds a tensor of a type that numpy does not have, or of a sparse form: the schema's name and the bytes."""
        index = self.tensor(name, shape, np.int8, scale, zero_point)
        self.tensors[index].type = getattr(schema.TensorType, kind)
        self.tensors[index].sparsity = sparsity
        if data is not None:
            buffer = AlignedBuffer()
            buffer.data = bytes(data)
            self.tensors[index].buffer = len(self.buffers)
            self.buffers.append(buffer)
        return index

    def constant(self, name, values, dtype=np.int32):
        """Adds an unquantized constant tensor."""
        values = np.asarray(values, dtype)
        return self.tensor(name, values.shape, dtype, data=values)

    def input(self, *args, **kwargs):
        """Adds a tensor that is an input of the model."""
        self.inputs.append(self.tensor(*args, **kwargs))
        return self.inputs[-1]

    def output(self, *args, **kwargs):
        """Adds a tensor that is an output of the model."""
        self.outputs.append(self.tensor(*args, **kwargs))
        return self.outputs[-1]

    def operator(self, operator_name, version, inputs, outputs, options=None, **fields):
        """Adds an operator; `fields` are set on a new `options` object of the schema."""
        operator = self._operator((getattr(schema.BuiltinOperator, operator_name), version, None), inputs, outputs)
        if options is not None:
            table = getattr(schema, f"{options}T")()
            if hasattr(schema.BuiltinOptions2, options):
                operator.builtinOptions2Type = getattr(schema.BuiltinOptions2, options)
                operator.builtinOptions2 = table
            else:
                operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
                operator.builtinOptions = table
            for field, value in fields.items():
                if not hasattr(table, field):
                    raise AttributeError(f"{options} has no field {field}")
                setattr(table, field, value)

    def custom_operator(self, name, inputs, outputs, options):
        """Adds a custom operator with the bytes of its options."""
        operator = self._operator((schema.BuiltinOperator.CUSTOM, 1, name), inputs, outputs)
        operator.customOptions = list(options)

    def _operator(self, code, inputs, outputs):
        """Adds an operator of a code: (builtin, version, name of a custom one)."""
        if code not in self.codes:
            self.codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes.index(code)
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        self.operators.append(operator)
        return operator

    def signature(self):
        """The serving_default signature: every input and output under its tensor's name."""
        def tensor_maps(indices):
            maps = []
            for index in indices:
                entry = schema.TensorMapT()
                entry.name, entry.tensorIndex = self.tensors[index].name, index
                maps.append(entry)
            return maps

        signature = schema.SignatureDefT()
        signature.signatureKey = "serving_default"
        signature.inputs, signature.outputs = tensor_maps(self.inputs), tensor_maps(self.outputs)
        return signature

    def pack(self):
        """Returns the bytes of the .tflite file."""
        graphs = []
        for builder in self.subgraphs:
            graph = schema.SubGraphT()
            graph.name = builder.description if graphs else "main"
            graph.tensors, graph.operators = builder.tensors, builder.operators
            graph.inputs, graph.outputs = builder.inputs, builder.outputs
            graphs.append(graph)
        model = schema.ModelT()
        model.version = 3
        model.description = self.description
        model.subgraphs, model.buffers = graphs, self.buffers
        model.signatureDefs = [self.signature()]
        model.operatorCodes = []
        for builtin, version, custom in self.codes:
            code = schema.OperatorCodeT()
            code.builtinCode, code.version, code.customCode = builtin, version, custom
            code.deprecatedBuiltinCode = min(builtin, schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES)
            model.operatorCodes.append(code)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
