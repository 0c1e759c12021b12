import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// Operators whose output byte depends on one input byte alone: a table of all 256 answers, made at load.
///
/// Activations and mathematical functions of bytes, and QUANTIZE between 8-bit types.
struct LookUp: Sendable {
  let kernel: StaticString
  /// Of int8 elements, the smallest one that the operator is defined for, if there is one.
  let smallestInput: Int8?
  let set: InstructionSet?
  let table: ReadSlot
  let input: ReadSlot
  let output: WriteSlot
}

extension LookUp {
  /// The step of a table that is known.
  static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, _ table: [UInt8], _ kernel: StaticString,
    smallestInput: Int32? = nil
  ) throws(ModelError) -> Operation? {
    try graph.operation(
      Operation.lookUp,
      LookUp(
        kernel: kernel, smallestInput: smallestInput.map { Int8(clamping: $0) },
        set: graph.context.instructionSet, table: try graph.bind(packed: table), input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }

  /// The bit patterns of all answers, by the bit pattern of the stored value.
  static func byteTable(_ type: ByteType, _ answer: (Int32) -> Int32) -> [UInt8] {
    var table: [UInt8] = []
    table.reserveCapacity(256)
    for pattern in UInt8.min...UInt8.max {
      let value =
        switch type {
        case .int8: Int32(Int8(bitPattern: pattern))
        case .uint8: Int32(pattern)
        }
      table.append(UInt8(truncatingIfNeeded: answer(value)))
    }
    return table
  }
}

extension LookUp {
  func run(_ memory: OperatorMemory) throws(SessionError) {
    if let smallestInput, !areAllReference(memory.read(input, as: Int8.self), atLeast: smallestInput) {
      throw SessionError(.invalidData, "an element stands for a number below 0, of which there is no root")
    }
    if let set {
      let count = memory.readBytes(input).byteCount
      return unsafe VectorWork.run(
        set,
        .lookUp(
          LookUpTask(
            table: memory.pointer(table), input: memory.pointer(input), output: memory.pointer(output), count: count)),
        memory.workers)
    }
    var output = memory.write(output, as: UInt8.self)
    lookUpReference(table: memory.read(table), input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel, set: set) }
}
