import FlatbufferReader
import TinyTensorKernels

/// RESHAPE: a view; nothing runs.
enum Reshape {
  /// The new shape is that of a constant second input, else that of the options; one size may be -1.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...2)
    let optionSizes =
      try graph.options(17) { (table) throws(ReadError) -> [Int] in
        var sizes: [Int] = []
        guard let vector = try table.vector(0, of: Int32.self) else { return sizes }
        guard vector.count <= 64 else {
          throw ReadError(.outOfBounds, at: vector.position, "a shape of \(vector.count) axes")
        }
        for index in 0..<vector.count { sizes.append(Int(vector[index])) }
        return sizes
      } ?? []
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    var sizes = optionSizes
    if let shape = try graph.optionalInput(1), shape.shape.rank == 1 {
      sizes = try graph.constantIntegers(shape, what: "the shape")
    } else if optionSizes == [0] {
      // How old converters write a scalar.
      sizes = []
    }
    return try Copy.view(&graph, of: input, shape: try newShape(graph, sizes, count: input.shape.count))
  }

  private static func newShape(
    _ graph: GraphBuilder, _ sizes: [Int], count: Int
  ) throws(ModelError) -> Shape {
    var known = 1
    var wildcard: Int?
    for (axis, size) in sizes.enumerated() {
      if size == -1 {
        guard wildcard == nil else {
          throw graph.error(.invalidOperator, "its shape \(describeShape(sizes)) leaves more than one size open")
        }
        wildcard = axis
        continue
      }
      let (product, overflow) = known.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else {
        throw graph.error(.invalidOperator, "its shape \(describeShape(sizes)) is impossible")
      }
      known = product
    }
    var complete = sizes
    if let wildcard {
      guard known > 0, count % known == 0 else {
        throw graph.error(
          .invalidOperator, "\(count) elements cannot take the shape \(describeShape(sizes))")
      }
      complete[wildcard] = count / known
    }
    guard let shape = Shape(complete), shape.count == count else {
      throw graph.error(.invalidOperator, "\(count) elements cannot take the shape \(describeShape(sizes))")
    }
    return shape
  }
}

/// SQUEEZE: a view without some axes of size 1; nothing runs.
enum Squeeze {
  /// The options list the axes, negative ones counted from the back; an empty list means all of size 1.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let listed =
      try graph.options(30) { (table) throws(ReadError) -> [Int] in
        var axes: [Int] = []
        guard let vector = try table.vector(0, of: Int32.self) else { return axes }
        guard vector.count <= 64 else {
          throw ReadError(.outOfBounds, at: vector.position, "a list of \(vector.count) axes")
        }
        for index in 0..<vector.count { axes.append(Int(vector[index])) }
        return axes
      } ?? []
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    var isRemoved = [Bool](repeating: false, count: input.shape.rank)
    if listed.isEmpty {
      for axis in 0..<input.shape.rank { isRemoved[axis] = input.shape[axis] == 1 }
    }
    for axis in listed {
      guard let normalized = input.shape.normalized(axis: axis), input.shape[normalized] == 1 else {
        throw graph.error(.invalidOperator, "its input \(input.shape) has no axis \(axis) of size 1")
      }
      isRemoved[normalized] = true
    }
    var sizes: [Int] = []
    for axis in 0..<input.shape.rank where !isRemoved[axis] { sizes.append(input.shape[axis]) }
    guard let shape = Shape(sizes) else {
      throw graph.error(.invalidOperator, "its output \(describeShape(sizes)) is impossible")
    }
    return try Copy.view(&graph, of: input, shape: shape)
  }
}

/// EXPAND_DIMS: a view with one more axis of size 1; nothing runs.
enum ExpandDimensions {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    let listed = try graph.constantInteger(graph.input(1, .int32, .int64), what: "the axis")
    let rank = input.shape.rank
    guard listed >= -rank - 1, listed <= rank else {
      throw graph.error(.invalidOperator, "its input \(input.shape) has no place for an axis \(listed)")
    }
    var sizes = input.shape.array
    sizes.insert(1, at: listed < 0 ? listed + rank + 1 : listed)
    return try Copy.view(&graph, of: input, shape: try graph.outputShape(sizes))
  }
}

/// A copy of a tensor, where a view of it would not be safe.
struct Copy: Sendable {
  let input: ReadSlot
  let output: WriteSlot
}

extension Copy {
  /// Makes the output a view of an input with as many elements, or a copy where the input's memory may change later.
  static func view(_ graph: inout GraphBuilder, of input: Operand, shape: Shape) throws(ModelError) -> Operation? {
    if graph.options.passes.contains(.views), !graph.isVariable(input) {
      try graph.viewOutput(of: input, shape: shape)
      return nil
    }
    return try graph.operation(
      Operation.copy, Copy(input: try graph.bind(input), output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) {
    var output = memory.writeBytes(output)
    copyBytes(memory.readBytes(input), to: &output, at: 0)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "copy.reference") }
}

extension Copy {
  /// BITCAST: the same bytes as elements of another type.
  ///
  /// Where that is wider, the input's last axis makes up one element; where it is narrower, the output has one axis
  /// more.
  static func translateBitcast(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0)
    let inputSize = try graph.elementSize(of: input)
    let type = try graph.outputType()
    guard let bits = type.bitWidth, [8, 16, 32, 64].contains(bits) else {
      throw graph.error(
        .invalidOperator, "its output is \(type); only elements of 1, 2, 4 or 8 bytes are supported here")
    }
    let outputSize = bits / 8
    var sizes = input.shape.array
    if outputSize < inputSize { sizes.append(inputSize / outputSize) }
    if outputSize > inputSize {
      guard sizes.last == outputSize / inputSize else {
        throw graph.error(
          .invalidOperator, "the last axis of its input \(input.shape) does not make up one element of \(type)")
      }
      sizes.removeLast()
    }
    return try graph.operation(
      Operation.copy,
      Copy(input: try graph.bind(input), output: try graph.bindOutput(shape: try graph.outputShape(sizes))))
  }
}
