import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// CONCATENATION along an axis, and PACK along a new one. Bytes move; only uint8 inputs may have another scale than the
/// output and are then translated by a table.
struct Concatenation: Sendable {
  /// Runs of bytes that each input contributes in turn.
  let rows: Int
  /// How many inputs are copied; the others are written in place.
  let inputCount: Int
  /// The first input's place; the others follow.
  let firstInput: ReadSlot
  /// An `Int` an input: where in a row of the output its bytes begin.
  let offsets: ReadSlot
  /// 256 entries an input, if any input needs them.
  let tables: ReadSlot?
  /// The instruction set whose kernels translate or copy, if there is one.
  let set: InstructionSet?
  let output: WriteSlot
}

extension Concatenation {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let count = graph.node.inputs.count
    try graph.requireOperands(inputs: 1...max(count, 1))
    let options =
      try graph.options(10) { (table) throws(ReadError) in
        (axis: Int(try table.scalar(0, default: Int32(0))), activation: try table.scalar(1, default: Int8(0)))
      } ?? (axis: 0, activation: 0)
    guard options.activation == 0 else {
      throw graph.error(.unsupportedOperator, "a fused activation is not supported in a concatenation")
    }
    let first = try graph.input(0)
    let type = try graph.outputType(0, first.elementType)
    guard let bits = type.bitWidth, bits % 8 == 0 else {
      throw graph.error(.invalidOperator, "tensors of \(type) cannot be concatenated")
    }
    guard options.axis >= -Shape.maximumRank, let axis = first.shape.normalized(axis: options.axis) else {
      throw graph.error(.invalidOperator, "its inputs \(first.shape) have no axis \(options.axis)")
    }
    var inputs: [Operand] = []
    var sizes = first.shape.array
    sizes[axis] = 0
    for index in 0..<count {
      let input = try graph.input(index, type)
      guard matches(input.shape, first.shape, except: axis) else {
        throw graph.error(
          .invalidOperator, "its inputs \(first.shape) and \(input.shape) differ beside axis \(axis)")
      }
      // Each size is below 2^31 and an operator has fewer inputs than its file has bytes.
      sizes[axis] += input.shape[axis]
      inputs.append(input)
    }
    guard let shape = Shape(sizes), let rows = shape.count(of: 0..<axis) else {
      throw graph.error(.tooLarge, "its output \(describeShape(sizes)) is too large")
    }
    let tables = try requantizationTables(&graph, inputs, type)
    return try join(&graph, inputs, rows: rows, tables: tables, shape)
  }

  /// The operation that joins inputs; `nil` where all of them are written in place.
  private static func join(
    _ graph: inout GraphBuilder, _ inputs: [Operand], rows: Int, tables: [UInt8] = [], _ shape: Shape
  ) throws(ModelError) -> Operation? {
    let output = try graph.bindOutput(shape: shape)
    var places = offsets(of: inputs, rows: rows)
    if tables.isEmpty, shape.count > 0 {
      places = try graph.writeInPlace(inputs, rows: rows, output: graph.node.outputs[0])
    }
    var slots: [ReadSlot] = []
    for (input, place) in zip(inputs, places) where place != nil { slots.append(try graph.bind(input)) }
    guard let first = slots.first else {
      graph.markInPlace()
      return nil
    }
    return try graph.operation(
      Operation.concatenation,
      Concatenation(
        rows: rows, inputCount: slots.count, firstInput: first,
        offsets: try graph.bind(packed: places.compactMap { $0 }),
        tables: tables.isEmpty ? nil : try graph.bind(packed: tables),
        set: graph.context.instructionSet, output: output))
  }

  private static func offsets(of inputs: [Operand], rows: Int) -> [Int?] {
    var offset = 0
    var offsets: [Int?] = []
    for input in inputs {
      offsets.append(offset)
      if rows > 0 { offset += (input.elementType.byteCount(of: input.shape.count) ?? 0) / rows }
    }
    return offsets
  }

  /// PACK: inputs of one shape, joined along an axis that is new.
  static func translatePack(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options = try graph.requiredOptions(59) { (table) throws(ReadError) in
      (count: Int(try table.scalar(0, default: Int32(0))), axis: Int(try table.scalar(1, default: Int32(0))))
    }
    guard options.count > 0 else { throw graph.error(.invalidOperator, "it packs \(options.count) inputs") }
    try graph.requireOperands(inputs: options.count...options.count)
    let first = try graph.input(0)
    let type = try graph.outputType(0, first.elementType)
    guard let bits = type.bitWidth, bits % 8 == 0 else {
      throw graph.error(.invalidOperator, "tensors of \(type) cannot be packed")
    }
    let rank = first.shape.rank
    let axis = options.axis < 0 ? options.axis + rank + 1 : options.axis
    guard axis >= 0, axis <= rank, let rows = first.shape.count(of: 0..<axis) else {
      throw graph.error(.invalidOperator, "its inputs \(first.shape) cannot be packed along axis \(options.axis)")
    }
    var inputs: [Operand] = []
    for index in 0..<options.count {
      let input = try graph.input(index, type)
      guard input.shape == first.shape else {
        throw graph.error(.invalidOperator, "its inputs \(first.shape) and \(input.shape) differ")
      }
      try graph.requireOutputQuantization(of: input)
      inputs.append(input)
    }
    var sizes = first.shape.array
    sizes.insert(options.count, at: axis)
    let shape = try graph.outputShape(sizes)
    return try join(&graph, inputs, rows: rows, shape)
  }

  private static func matches(_ shape: Shape, _ other: Shape, except axis: Int) -> Bool {
    guard shape.rank == other.rank else { return false }
    for index in 0..<shape.rank where index != axis && shape[index] != other[index] { return false }
    return true
  }

  /// Elementary steps of making a table.
  private static let tableWork = 4096

  /// A table for every input, or none where all inputs have the output's quantization.
  ///
  /// The reference translates uint8 in single precision with the output's inverse scale.
  private static func requantizationTables(
    _ graph: inout GraphBuilder, _ inputs: [Operand], _ type: ElementType
  ) throws(ModelError) -> [UInt8] {
    guard ByteType(type) != nil else { return [] }
    // Without quantization on any side bytes only move.
    let described = inputs.contains { $0.quantization?.isPresent == true }
    guard described || !graph.lacksQuantization() else { return [] }
    let output = try graph.outputAffine()
    var tables: [UInt8] = []
    var differs = false
    try graph.spend(work: inputs.count * tableWork)
    for input in inputs {
      let affine = try graph.affine(of: input)
      if affine == output {
        tables += LookUp.byteTable(.uint8) { $0 }
        continue
      }
      guard type == .uint8 else {
        throw graph.error(
          .invalidOperator, "\(input.name) has another quantization than the output; \(type) inputs must share it")
      }
      differs = true
      let scale = affine.scale * (1 / output.scale)
      let bias = Float(-affine.zeroPoint) * scale
      tables += LookUp.byteTable(.uint8) { value in
        let rounded = roundHalfAwayFromZero(Double(Float(value) * scale + bias))
        return Int32(clamping: min(max(rounded + Int64(output.zeroPoint), 0), 255))
      }
    }
    return differs ? tables : []
  }
}

extension Concatenation {
  func run(_ memory: OperatorMemory) {
    var output = memory.writeBytes(output)
    let outputStep = rows == 0 ? 0 : output.byteCount / rows
    let offsets = memory.read(offsets, as: Int.self)
    for index in 0..<inputCount {
      let input = memory.readBytes(ReadSlot(index: firstInput.index + index))
      let length = rows == 0 ? 0 : input.byteCount / rows
      let target = offsets[index]
      if let tables, let set {
        let source = unsafe memory.pointer(ReadSlot(index: firstInput.index + index))
        for row in 0..<rows {
          unsafe set.lookUp(
            LookUpTask(
              table: memory.pointer(tables) + 256 * index, input: source + row * length,
              output: memory.pointer(self.output) + target + row * outputStep, count: length))
        }
      } else if let tables {
        let table = memory.read(tables, as: UInt8.self).extracting((256 * index)..<(256 * index + 256))
        lookUpRows(
          count: rows, length: length, table: table, from: input, to: &output, at: target, step: outputStep)
      } else if set != nil {
        let layout = MovementLayout(
          rows: rows, runBytes: length, inputStep: length, outputStart: target, outputStep: outputStep)
        // Sound: the inputs' rows make up those of the output.
        unsafe layout.run(
          memory, from: memory.pointer(ReadSlot(index: firstInput.index + index)), to: memory.pointer(self.output))
      } else {
        copyRows(
          count: rows, length: length, from: input, at: 0, step: length, to: &output, at: target, step: outputStep)
      }
    }
  }

  var facts: OperatorFacts {
    if tables != nil { return OperatorFacts(kernel: "concatenation.requantize.reference", set: set) }
    return OperatorFacts(kernel: "concatenation.reference", set: set == nil ? nil : .portable)
  }
}
