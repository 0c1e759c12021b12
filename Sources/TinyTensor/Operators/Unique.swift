import FlatbufferReader
import TinyTensorKernels

/// UNIQUE of elements that are known: each value once, in the order in which they come first, and for each element the
/// place of its value. How many there are decides the output's shape.
enum Unique {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1, outputs: 2)
    let listed = try graph.options(80) { (table) throws(ReadError) in
      ElementType(rawValue: try table.scalar(0, default: ElementType.int32.rawValue))
    }
    let input = try graph.input(0, .float32, .int8, .uint8, .int16, .int32, .int64)
    _ = try graph.outputType(0, input.elementType)
    let type = try graph.outputType(1, .int32, .int64)
    guard listed == nil || listed == type else {
      throw graph.error(.invalidOperator, "its options ask for another type than that of its positions, \(type)")
    }
    guard input.shape.rank <= 1 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) has more than one axis")
    }
    guard let patterns = try graph.constantPatterns(input) else {
      throw graph.needsValue(of: input, what: "the elements")
    }
    let elementSize = try graph.elementSize(of: input)
    var numbers: [UInt64: Int] = [:]
    var values: [UInt8] = []
    var positions: [Int] = []
    for pattern in patterns {
      // Both zeros of real numbers are one value.
      let key = input.elementType == .float32 && pattern == 0x8000_0000 ? 0 : pattern
      if let number = numbers[key] {
        positions.append(number)
        continue
      }
      positions.append(numbers.count)
      numbers[key] = numbers.count
      for byte in 0..<elementSize { values.append(UInt8(truncatingIfNeeded: pattern >> UInt64(8 * byte))) }
    }
    let shape = try graph.outputShape([numbers.count])
    let places = try graph.outputShape([positions.count])
    let packed =
      type == .int64
      ? try AlignedMemory.holding(positions.map { Int64($0) })
      : try AlignedMemory.holding(positions.map { Int32(truncatingIfNeeded: $0) })
    try graph.defineConstant(0, shape: shape, try AlignedMemory.holding(values))
    try graph.defineConstant(1, shape: places, packed)
    return nil
  }
}

extension GraphBuilder {
  /// Makes an output of the current operator a constant.
  mutating func defineConstant(_ index: Int, shape: Shape, _ memory: AlignedMemory) throws(ModelError) {
    try define(node.outputs[index], shape: shape, source: .constant(.block(addBlock(memory))))
    folded.insert(operatorIndex)
  }
}
