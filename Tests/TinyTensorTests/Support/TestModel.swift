@testable import TinyTensor

/// A model of a few operators, built field by field so that each can be made wrong.
struct TestModel {
  struct Tensor {
    var name: String
    var shape: [Int32]
    var type: ElementType
    var scales: [Float]?
    var zeroPoints: [Int64] = []
    var axis: Int32 = 0
    var data: [UInt8]?
    var isVariable = false
    var shapeSignature: [Int32] = []
    var hasRank = true
    var sparsity: FlatTable?
    var quantizationDetails: (type: UInt8, table: FlatTable)?
    /// A type of details without a table.
    var quantizationDetailsType: UInt8?
    /// A buffer's index in place of one of its own.
    var buffer: UInt32?
  }

  struct Operator {
    var code: BuiltinOperator
    var customName: String?
    var version: Int32 = 1
    var inputs: [Int32]
    var outputs: [Int32]
    var intermediates: [Int32] = []
    var options: (type: UInt8, table: FlatTable)?
    /// Of the schema's second list.
    var options2: (type: UInt8, table: FlatTable)?
    var customOptions: [UInt8]?
    var codeIndex: UInt32?
  }

  var version: UInt32 = 3
  var tensors: [Tensor] = []
  var operators: [Operator] = []
  var inputs: [Int32] = []
  var outputs: [Int32] = []
  var signatures: [FlatTable] = []
  /// Called on the root table before it is written.
  var edit: (inout FlatTable) -> Void = { _ in }

  // MARK: Building

  mutating func tensor(
    _ name: String, _ shape: [Int], _ type: ElementType, scale: Float? = nil, zeroPoint: Int64 = 0
  ) -> Int32 {
    tensors.append(
      Tensor(
        name: name, shape: shape.map { Int32($0) }, type: type, scales: scale.map { [$0] },
        zeroPoints: scale == nil ? [] : [zeroPoint]))
    return Int32(tensors.count - 1)
  }

  mutating func input(
    _ shape: [Int], _ type: ElementType, scale: Float? = nil, zeroPoint: Int64 = 0
  ) -> Int32 {
    input("input", shape, type, scale: scale, zeroPoint: zeroPoint)
  }

  mutating func output(
    _ shape: [Int], _ type: ElementType, scale: Float? = nil, zeroPoint: Int64 = 0
  ) -> Int32 {
    output("output", shape, type, scale: scale, zeroPoint: zeroPoint)
  }

  mutating func input(
    _ name: String, _ shape: [Int], _ type: ElementType, scale: Float? = nil, zeroPoint: Int64 = 0
  ) -> Int32 {
    let index = tensor(name, shape, type, scale: scale, zeroPoint: zeroPoint)
    inputs.append(index)
    return index
  }

  mutating func output(
    _ name: String, _ shape: [Int], _ type: ElementType, scale: Float? = nil, zeroPoint: Int64 = 0
  ) -> Int32 {
    let index = tensor(name, shape, type, scale: scale, zeroPoint: zeroPoint)
    outputs.append(index)
    return index
  }

  mutating func constant<Element: FixedWidthInteger>(
    _ name: String, _ shape: [Int], _ type: ElementType, _ elements: [Element], scales: [Float]? = nil,
    zeroPoints: [Int64]? = nil, axis: Int32 = 0
  ) -> Int32 {
    var data: [UInt8] = []
    for element in elements {
      for index in 0..<(Element.bitWidth / 8) {
        data.append(UInt8(truncatingIfNeeded: element >> Element(8 * index)))
      }
    }
    tensors.append(
      Tensor(
        name: name, shape: shape.map { Int32($0) }, type: type, scales: scales,
        zeroPoints: zeroPoints ?? scales.map { $0.map { _ in 0 } } ?? [], axis: axis, data: data))
    return Int32(tensors.count - 1)
  }

  mutating func add(
    _ code: BuiltinOperator, _ inputs: [Int32], _ outputs: [Int32], options: (type: UInt8, table: FlatTable)? = nil
  ) {
    operators.append(Operator(code: code, inputs: inputs, outputs: outputs, options: options))
  }

  // MARK: Bytes

  /// The file.
  var bytes: [UInt8] { Self.file([self]) }

  /// A file with several graphs, the first of which is the main one. Version, signatures and edits are the first's.
  static func file(_ graphs: [TestModel]) -> [UInt8] {
    var buffers = [FlatTable()]
    var codes: [FlatTable] = []
    let subgraphs = graphs.enumerated().map { index, graph in
      FlatTable([
        0: .tables(graph.tensorTables(&buffers)), 1: .int32s(graph.inputs), 2: .int32s(graph.outputs),
        3: .tables(graph.operatorTables(&codes)), 4: .string(index == 0 ? "main" : "graph \(index)"),
      ])
    }
    let main = graphs[0]
    var model = FlatTable([
      0: .uint32(main.version), 1: .tables(codes), 2: .tables(subgraphs), 3: .string("made by a test"),
      4: .tables(buffers),
    ])
    if !main.signatures.isEmpty { model[7] = .tables(main.signatures) }
    main.edit(&model)
    return FlatWriter.file(model, identifier: "TFL3")
  }

  private func tensorTables(_ buffers: inout [FlatTable]) -> [FlatTable] {
    var tables: [FlatTable] = []
    for tensor in tensors {
      var table = FlatTable([
        0: .int32s(tensor.shape), 1: .int8(tensor.type.rawValue), 3: .string(tensor.name), 8: .bool(tensor.hasRank),
      ])
      if let data = tensor.data {
        table[2] = .uint32(UInt32(buffers.count))
        buffers.append(FlatTable([0: .bytes(data)]))
      }
      if let buffer = tensor.buffer { table[2] = .uint32(buffer) }
      if let scales = tensor.scales {
        var quantization = FlatTable([
          2: .floats(scales), 3: .int64s(tensor.zeroPoints), 6: .int32(tensor.axis),
        ])
        if let details = tensor.quantizationDetails {
          quantization[4] = .uint8(details.type)
          quantization[5] = .table(details.table)
        }
        if let type = tensor.quantizationDetailsType { quantization[4] = .uint8(type) }
        table[4] = .table(quantization)
      }
      if tensor.isVariable { table[5] = .bool(true) }
      if let sparsity = tensor.sparsity { table[6] = .table(sparsity) }
      if !tensor.shapeSignature.isEmpty { table[7] = .int32s(tensor.shapeSignature) }
      tables.append(table)
    }
    return tables
  }

  private func operatorTables(_ codes: inout [FlatTable]) -> [FlatTable] {
    var nodes: [FlatTable] = []
    for operation in operators {
      var code = FlatTable([
        0: .int8(Int8(clamping: min(operation.code.rawValue, 127))), 2: .int32(operation.version),
        3: .int32(operation.code.rawValue),
      ])
      if let name = operation.customName { code[1] = .string(name) }
      codes.append(code)
      var node = FlatTable([
        0: .uint32(operation.codeIndex ?? UInt32(codes.count - 1)), 1: .int32s(operation.inputs),
        2: .int32s(operation.outputs),
      ])
      if let options = operation.options {
        node[3] = .uint8(options.type)
        node[4] = .table(options.table)
      }
      if let options = operation.options2 {
        node[11] = .uint8(options.type)
        node[12] = .table(options.table)
      }
      if let options = operation.customOptions { node[5] = .bytes(options) }
      if !operation.intermediates.isEmpty { node[8] = .int32s(operation.intermediates) }
      nodes.append(node)
    }
    return nodes
  }

  /// The model, the sizes of its outputs left open: a run that decides them needs a bound.
  var unbounded: TestModel {
    var model = self
    for output in outputs { model.tensors[Int(output)].shapeSignature = [-1] }
    return model
  }

  // MARK: Running

  /// Loads the model and runs it once on inputs of stored bytes; gives the bytes of all outputs.
  func run(_ inputs: [[UInt8]], options: ModelOptions = ModelOptions()) throws -> [[UInt8]] {
    let model = try Model(bytes: bytes, options: options)
    var session = try model.makeSession()
    for (index, bytes) in inputs.enumerated() {
      try session.setInput(model.input(at: index), bytes: bytes.span)
    }
    try session.run()
    var outputs: [[UInt8]] = []
    for index in model.outputs.indices { outputs.append(try session.outputArray(model.output(at: index))) }
    return outputs
  }

  /// The error that loading ends with, or `nil` if it succeeds.
  func loadError(options: ModelOptions = ModelOptions()) -> ModelError? {
    do throws(ModelError) {
      _ = try Model(bytes: bytes, options: options)
      return nil
    } catch {
      return error
    }
  }
}

/// Signed bytes by their bit patterns.
func bits(_ elements: [Int8]) -> [UInt8] { elements.map { UInt8(bitPattern: $0) } }

/// Bit patterns as signed bytes.
func signed(_ elements: [UInt8]) -> [Int8] { elements.map { Int8(bitPattern: $0) } }

/// Numbers by their bytes.
func bytes(_ elements: [Float]) -> [UInt8] { bytes(elements.map(\.bitPattern)) }

/// Integers by their bytes.
func bytes<Element: FixedWidthInteger>(_ elements: [Element]) -> [UInt8] {
  elements.flatMap { element in
    (0..<(Element.bitWidth / 8)).map { UInt8(truncatingIfNeeded: element >> Element(8 * $0)) }
  }
}

/// Bytes as integers.
func integers<Element: FixedWidthInteger>(_ bytes: [UInt8], as: Element.Type = Element.self) -> [Element] {
  let size = Element.bitWidth / 8
  return (0..<(bytes.count / size)).map { index in
    var element: Element = 0
    for byte in (0..<size).reversed() {
      element = element << 8 | Element(truncatingIfNeeded: bytes[size * index + byte])
    }
    return element
  }
}

/// Bytes as numbers.
func floats(_ bytes: [UInt8]) -> [Float] { integers(bytes, as: UInt32.self).map { Float(bitPattern: $0) } }
