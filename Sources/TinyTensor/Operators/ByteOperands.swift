import FlatbufferReader
import KernelInterface
import TinyTensorKernels

extension GraphBuilder {
  /// The set whose kernels can read operands of bytes beyond their ends; `nil` where there is none.
  func byteInstructionSet(for operands: Operand...) -> InstructionSet? {
    for operand in operands where ByteType(operand.elementType) == nil || !isInMemory(operand) { return nil }
    return context.instructionSet
  }

  /// Has the step read an input that vector kernels may read beyond its end: constants of the file are copied.
  mutating func bindPadded(_ operand: Operand) throws(ModelError) -> ReadSlot {
    guard context.instructionSet != nil, !isInMemory(operand), let copy = copiedBytes(of: operand) else {
      return try bind(operand)
    }
    return try bind(packed: copy)
  }

  private func copiedBytes(of operand: Operand) -> [UInt8]? {
    guard let bytes = constantBytes(operand) else { return nil }
    let byteCount = operand.elementType.byteCount(of: operand.shape.count) ?? 0
    var copy: [UInt8] = []
    copy.reserveCapacity(byteCount)
    for index in 0..<byteCount { copy.append(UInt8.load(bytes, at: index)) }
    return copy
  }
}

extension FixedFactor {
  /// The factor as kernels apply it.
  init(_ factor: QuantizedMultiplier) { self.init(multiplier: factor.multiplier, shift: factor.shift) }
}

extension OutputBytes {
  /// A stage of bytes as kernels apply it.
  init(_ stage: OutputStage, isUnsigned: Bool) {
    self.init(zeroPoint: stage.zeroPoint, minimum: stage.minimum, maximum: stage.maximum, isUnsigned: isUnsigned)
  }
}
