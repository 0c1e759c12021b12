import FlatbufferReader
import TinyTensorKernels

/// The slots of a recurrent layer's matrix: real numbers, or integers with one scale.
///
/// One of the two slots is empty; both are for a matrix that is left out.
struct RecurrentWeights: Sendable {
  let reals: ReadSlot
  let integers: ReadSlot
  let scale: Float
}

extension RecurrentWeights {
  @_lifetime(borrow memory)
  func matrix(_ memory: borrowing OperatorMemory) -> RecurrentMatrix {
    RecurrentMatrix(reals: memory.read(reals), integers: memory.read(integers), scale: scale)
  }
}

extension GraphBuilder {
  /// The type of a recurrent layer's weights, by one of them that is always there. Old files declare int8 as uint8: the
  /// reference takes their bits as int8.
  func recurrentWeightType(_ index: Int) throws(ModelError) -> ElementType {
    try input(index, .float32, .int8, .uint8).elementType
  }

  /// Has the step read weights of that type, or nothing where the part is left out.
  mutating func bindMatrix(
    _ index: Int, _ type: ElementType, _ sizes: [Int], isLeftOut: Bool = false
  ) throws(ModelError) -> RecurrentWeights {
    guard type != .float32, !isLeftOut else {
      return RecurrentWeights(
        reals: try bindPart(index, sizes, isLeftOut: isLeftOut), integers: try bind(packed: [Int8]()), scale: 1)
    }
    let operand = try part(index, type, sizes)
    return RecurrentWeights(
      reals: try bind(packed: [Float]()), integers: try bind(operand),
      scale: try channelScales(of: operand, axis: 0, channels: 1)[0])
  }

  /// Has the step read a peephole, if there is one, as real numbers.
  mutating func bindPeephole(
    _ index: Int, _ type: ElementType, _ cells: Int, isLeftOut: Bool
  ) throws(ModelError) -> ReadSlot {
    guard type != .float32, !isLeftOut, try optionalInput(index) != nil else {
      return try bindPart(index, [cells], isLeftOut: isLeftOut, isOptional: true)
    }
    let operand = try part(index, type, [cells])
    return try bind(packed: try realElements(operand))
  }

  /// What the elements of constant int8 weights with one scale stand for.
  func realElements(_ operand: Operand) throws(ModelError) -> [Float] {
    let scale = try channelScales(of: operand, axis: 0, channels: 1)[0]
    guard let bytes = constantBytes(operand) else {
      throw error(.invalidOperator, "\(operand.name) of \(operand.elementType) must be constant")
    }
    var reals: [Float] = []
    for index in 0..<operand.shape.count { reals.append(scale * Float(Int8.load(bytes, at: index))) }
    return reals
  }

  /// A part of a recurrent layer, checked.
  private func part(_ index: Int, _ type: ElementType, _ sizes: [Int]) throws(ModelError) -> Operand {
    let operand = try input(index, type)
    guard operand.shape.array == sizes else {
      throw error(.invalidOperator, "\(operand.name) has the shape \(operand.shape), not \(describeShape(sizes))")
    }
    return operand
  }

  /// Has the step read a float32 part of a recurrent layer, or nothing where the part is left out.
  mutating func bindPart(
    _ index: Int, _ sizes: [Int], isLeftOut: Bool, isOptional: Bool = false
  ) throws(ModelError) -> ReadSlot {
    if isLeftOut { return try bind(packed: [Float]()) }
    if isOptional, try optionalInput(index) == nil { return try bind(packed: [Float]()) }
    return try bind(part(index, .float32, sizes))
  }

  /// The activation of a recurrent layer by its number in the schema.
  func recurrentActivation(_ number: Int8) throws(ModelError) -> RecurrentActivation {
    switch number {
    case 0: return .none
    case 1: return .relu
    case 2: return .reluN1To1
    case 3: return .relu6
    case 4: return .tanh
    default: throw error(.invalidOperator, "the activation \(number) is not one of a recurrent layer")
    }
  }
}
