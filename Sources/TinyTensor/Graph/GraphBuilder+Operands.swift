import FlatbufferReader
import TinyTensorKernels

/// A tensor as the operator that is translated sees it.
struct Operand: Sendable {
  let tensor: Int
  let name: String
  let elementType: ElementType
  let shape: Shape
  let quantization: Quantization?
  /// Where its data lies, if it is constant.
  let constant: ConstantPlace?
}

/// A scale and a zero point, both checked.
struct Affine: Sendable, Hashable {
  /// Positive and finite.
  var scale: Float
  /// In the element type's range.
  var zeroPoint: Int32
}

extension GraphBuilder {
  // MARK: Counts

  /// Refuses an operator with other counts of operands.
  func requireOperands(inputs: ClosedRange<Int>, outputs: Int = 1) throws(ModelError) {
    guard inputs.contains(node.inputs.count) else {
      let wanted =
        inputs.lowerBound == inputs.upperBound
        ? "\(inputs.lowerBound)" : "\(inputs.lowerBound) to \(inputs.upperBound)"
      throw error(.invalidOperator, "it has \(node.inputs.count) inputs instead of \(wanted)")
    }
    guard node.outputs.count == outputs else {
      throw error(.invalidOperator, "it has \(node.outputs.count) outputs instead of \(outputs)")
    }
  }

  // MARK: Inputs

  /// An input that must be there, of one of these types.
  func input(_ index: Int, _ types: ElementType...) throws(ModelError) -> Operand {
    try input(index, oneOf: types)
  }

  /// An input that must be there, of one of these types; of any type if there are none.
  func input(_ index: Int, oneOf types: [ElementType]) throws(ModelError) -> Operand {
    guard let operand = try optionalInput(index) else {
      throw error(.invalidOperator, "input \(index) is required but left out")
    }
    try require(operand, oneOf: types, "input \(index)")
    return operand
  }

  /// An input that may be left out, at the end or by the index -1. Its type is not checked.
  func optionalInput(_ index: Int) throws(ModelError) -> Operand? {
    guard index < node.inputs.count else { return nil }
    let tensor = node.inputs[index]
    // Other indices out of range were refused before.
    if tensor < 0 { return nil }
    let description = subgraph.tensors[tensor]
    let value = values[tensor]
    if case .unset = value.source {
      throw error(
        .invalidGraph,
        "input \(index) (\(description.name)) has no data: it is no input of the graph, no constant, and no earlier "
          + "operator writes it")
    }
    guard let shape = value.shape else {
      throw error(
        .invalidOperator, "\(description.name) cannot have the shape \(describeShape(description.shape))")
    }
    var constant: ConstantPlace?
    if case .constant(let place) = values[root(of: tensor)].source {
      constant = place
      if case .file(let range) = place { try checkData(description, shape, range) }
    }
    guard description.externalBuffer == 0 else {
      throw error(
        .unsupportedFile, "\(description.name) lies in a file beside the model, which is not supported")
    }
    if case .resource = value.source {
      throw error(.invalidOperator, "input \(index) (\(description.name)) is a handle of a variable, not a tensor")
    }
    guard let byteCount = description.elementType.byteCount(of: shape.count) else {
      throw error(
        .unsupportedOperator,
        "input \(index) (\(description.name)) is of the type \(description.elementType), "
          + description.elementType.whyUnsupported)
    }
    // Constants are read where they lie in the file.
    guard byteCount <= limits.tensorBytes || isInFile(constant) else {
      throw error(
        .tooLarge,
        "\(description.name) of \(description.elementType) \(shape) has \(byteCount) bytes, more than the limit of "
          + "\(limits.tensorBytes) for one tensor")
    }
    if isWidened(tensor) {
      return Operand(
        tensor: tensor, name: description.name, elementType: .float32, shape: shape, quantization: nil, constant: nil)
    }
    return Operand(
      tensor: tensor, name: description.name, elementType: description.elementType, shape: shape,
      quantization: description.quantization, constant: constant)
  }

  private func isInFile(_ place: ConstantPlace?) -> Bool {
    if case .file? = place { return true }
    return false
  }

  /// Refuses constant data that does not fit its tensor.
  private func checkData(_ tensor: ModelFile.Tensor, _ shape: Shape, _ range: Range<Int>) throws(ModelError) {
    guard let needed = tensor.elementType.byteCount(of: shape.count) else {
      throw error(
        .unsupportedOperator,
        "\(tensor.name) is of the type \(tensor.elementType), " + tensor.elementType.whyUnsupported)
    }
    guard needed <= range.count else {
      throw error(
        .invalidOperator,
        "\(tensor.name) of \(tensor.elementType) \(shape) needs \(needed) bytes; its buffer has \(range.count)")
    }
  }

  /// The bytes of a constant operand's elements, at least; `nil` if the operand is not constant.
  @_lifetime(borrow self)
  func constantBytes(_ operand: Operand) -> RawSpan? {
    switch operand.constant {
    case .file(let range): return context.file.storage.bytes(heldBy: self).extracting(range)
    case .block(let block): return blocks[block].bytes(heldBy: self)
    case nil: return nil
    }
  }

  /// The bytes of a constant that the current step reads, to be packed; `nil` if it is not constant, or too large to be
  /// copied.
  @_lifetime(borrow self)
  func constantBytes(_ slot: ReadSlot) -> RawSpan? {
    switch source(of: slot) {
    case .file(let offset, let byteCount):
      // A copy in another layout would be as large.
      guard byteCount <= limits.tensorBytes else { return nil }
      return context.file.storage.bytes(heldBy: self).extracting(offset..<(offset + byteCount))
    case .block(let block): return blocks[block].bytes(heldBy: self)
    case .tensor, .part, .scratch, .variable: return nil
    }
  }

  /// The variable that an input is a handle of, or `nil` if it is a tensor.
  func resourceInput(_ index: Int) -> Int? {
    guard index < node.inputs.count, node.inputs[index] >= 0,
      case .resource(let number) = values[node.inputs[index]].source
    else { return nil }
    return number
  }

  /// The error of an operator that cannot be translated before an operand's elements are known.
  func needsValue(of operand: Operand, what: String) -> ModelError {
    error(.invalidOperator, "\(what) (\(operand.name)) must be constant").deferred(.value(operand.tensor))
  }

  /// How many elements of a constant may become a list of `Int`.
  static let longestList = 1 << 23

  /// The integers of a constant int16, int32 or int64 input.
  func constantIntegers(_ operand: Operand, what: String) throws(ModelError) -> [Int] {
    guard let bytes = constantBytes(operand) else { throw needsValue(of: operand, what: what) }
    guard operand.shape.count <= Self.longestList else {
      throw error(.tooLarge, "\(what) (\(operand.name)) has \(operand.shape.count) elements; no list may have as many")
    }
    var integers: [Int] = []
    integers.reserveCapacity(operand.shape.count)
    for index in 0..<operand.shape.count {
      switch operand.elementType {
      case .int16: integers.append(Int(Int16.load(bytes, at: 2 * index)))
      case .int32: integers.append(Int(Int32.load(bytes, at: 4 * index)))
      case .int64: integers.append(Int(clamping: Int64.load(bytes, at: 8 * index)))
      default: throw error(.invalidOperator, "\(what) (\(operand.name)) must be int16, int32 or int64")
      }
    }
    return integers
  }

  // MARK: Outputs

  /// The type that the file gives an output, which must be one of these.
  func outputType(_ index: Int = 0, _ types: ElementType...) throws(ModelError) -> ElementType {
    let description = subgraph.tensors[node.outputs[index]]
    if isWidened(node.outputs[index]), types.isEmpty || types.contains(.float32) { return .float32 }
    guard types.isEmpty || types.contains(description.elementType) else {
      throw error(
        .invalidOperator,
        "output \(description.name) is \(description.elementType); supported here: \(describe(types))")
    }
    return description.elementType
  }

  /// The scale and zero point of an output.
  func outputAffine(_ index: Int = 0) throws(ModelError) -> Affine {
    let description = subgraph.tensors[node.outputs[index]]
    return try affine(description.quantization, description.elementType, description.name)
  }

  // MARK: Quantization

  /// The single scale and zero point of an operand.
  func affine(of operand: Operand) throws(ModelError) -> Affine {
    try affine(operand.quantization, operand.elementType, operand.name)
  }

  /// A single scale and zero point, checked.
  func affine(
    _ quantization: Quantization?, _ type: ElementType, _ name: String
  ) throws(ModelError) -> Affine {
    guard let quantization, quantization.isPresent else {
      throw error(.invalidOperator, "\(name) has no quantization")
    }
    guard !quantization.hasOtherScheme, quantization.scales.count == 1, quantization.zeroPoints.count <= 1 else {
      throw error(.invalidOperator, "\(name) must have a single scale and zero point")
    }
    return Affine(
      scale: try checkedScale(quantization.scales[0], name),
      zeroPoint: try checkedZeroPoint(quantization.zeroPoints.first ?? 0, type, name))
  }

  /// Scales of symmetric weights, one or one a channel: finite, and at least one positive. A channel's may be 0 or
  /// negative, as some converters write them.
  func channelScales(of operand: Operand, axis: Int, channels: Int) throws(ModelError) -> [Float] {
    guard let quantization = operand.quantization, quantization.isPresent else {
      throw error(.invalidOperator, "\(operand.name) has no quantization")
    }
    guard !quantization.hasOtherScheme else {
      throw error(.unsupportedFile, "\(operand.name) has a quantization scheme that is not supported")
    }
    let count = quantization.scales.count
    guard count == 1 || count == channels else {
      throw error(.invalidOperator, "\(operand.name) has \(count) scales for \(channels) channels")
    }
    guard quantization.zeroPoints.count == count || quantization.zeroPoints.count <= 1 else {
      throw error(
        .invalidOperator, "\(operand.name) has \(count) scales but \(quantization.zeroPoints.count) zero points")
    }
    guard count == 1 || quantization.axis == axis else {
      throw error(
        .invalidOperator, "\(operand.name) is quantized along axis \(quantization.axis) instead of \(axis)")
    }
    var hasPositive = false
    for scale in quantization.scales {
      if scale <= 0, scale.isFinite, count > 1 { continue }
      _ = try checkedScale(scale, operand.name)
      hasPositive = true
    }
    guard hasPositive else { throw error(.invalidOperator, "\(operand.name) has no channel with a positive scale") }
    for zeroPoint in quantization.zeroPoints where zeroPoint != 0 {
      throw error(.invalidOperator, "\(operand.name) has the zero point \(zeroPoint); weights must be symmetric")
    }
    return quantization.scales
  }

  /// Whether neither an operator's inputs nor its output say what their elements stand for, so that they are plain
  /// numbers.
  func lacksQuantization(_ inputs: Operand...) -> Bool {
    for input in inputs where input.quantization?.isPresent == true { return false }
    return subgraph.tensors[node.outputs[0]].quantization?.isPresent != true
  }

  private func checkedScale(_ scale: Float, _ name: String) throws(ModelError) -> Float {
    guard scale > 0, scale.isFinite else {
      throw error(.invalidOperator, "\(name) has a scale that is not a positive finite number")
    }
    return scale
  }

  private func checkedZeroPoint(_ zeroPoint: Int64, _ type: ElementType, _ name: String) throws(ModelError) -> Int32 {
    guard let narrow = Int32(exactly: zeroPoint), storedRange(of: type).contains(narrow) else {
      throw error(.invalidOperator, "\(name) has the zero point \(zeroPoint), which \(type) cannot hold")
    }
    return narrow
  }

  /// A real factor in the form that integers are multiplied with. Those of `2^31` and more are what the reference makes
  /// of them, and their shift may be 31.
  func multiplier(_ real: Double) throws(ModelError) -> QuantizedMultiplier { try finiteMultiplier(real).wrapped }

  /// A factor below `2^31`, for operators for which the reference has no larger ones.
  func boundedMultiplier(_ real: Double) throws(ModelError) -> QuantizedMultiplier {
    let multiplier = QuantizedMultiplier(real)
    guard multiplier.isUsable else {
      throw error(.invalidOperator, "the scales of its tensors are too far apart: their ratio does not fit 32 bits")
    }
    return multiplier
  }

  /// A finite real factor, whose shift may be any.
  func finiteMultiplier(_ real: Double) throws(ModelError) -> QuantizedMultiplier {
    guard real.isFinite else {
      throw error(.invalidOperator, "the scales of its tensors are too far apart: their ratio is not finite")
    }
    return QuantizedMultiplier(real)
  }

  // MARK: Binding operands to the step

  /// Has the step read an input.
  mutating func bind(_ operand: Operand) throws(ModelError) -> ReadSlot {
    if isWidened(operand.tensor) { return try bindWidened(operand) }
    let tensor = root(of: operand.tensor)
    if case .variable(let number) = values[tensor].source { return ReadSlot(index: addOperand(.variable(number))) }
    // The operand's own shape decides, not that of a root with another shape: their bytes are equal.
    let byteCount = operand.elementType.byteCount(of: operand.shape.count) ?? 0
    if let place = try alignedPlace(ofConstant: operand.tensor, byteCount: byteCount) {
      return ReadSlot(index: addOperand(place))
    }
    return ReadSlot(index: addOperand(.tensor(tensor, byteCount: byteCount)))
  }

  /// Has the step read constants of the operator's own making.
  mutating func bind<Element: BitwiseCopyable>(packed elements: [Element]) throws(ModelError) -> ReadSlot {
    let byteCount = elements.count * MemoryLayout<Element>.stride
    try spend(bytes: byteCount)
    // An element of a table may be an elementary function's.
    try spend(work: 8 * byteCount)
    let block = addBlock(try AlignedMemory.holding(elements))
    return ReadSlot(index: addOperand(.block(block)))
  }

  /// Has the step read memory of the operator's own making.
  mutating func bind(packed memory: AlignedMemory) -> ReadSlot {
    ReadSlot(index: addOperand(.block(addBlock(memory))))
  }

  /// Has the step write an output of that shape.
  mutating func bindOutput(_ index: Int = 0, shape: Shape) throws(ModelError) -> WriteSlot {
    let tensor = node.outputs[index]
    if isWidened(tensor) { return try bindWidenedOutput(index, shape: shape) }
    try define(tensor, shape: shape, source: .written)
    return WriteSlot(index: addOutputOperand(tensor))
  }

  /// Has the step read and write a variable that is one of its inputs.
  mutating func bindState(_ operand: Operand) throws(ModelError) -> WriteSlot {
    guard case .variable(let number) = values[operand.tensor].source else {
      throw error(.invalidOperator, "\(operand.name) must be a variable: the operator keeps its state in it")
    }
    return WriteSlot(index: addOperand(.variable(number)))
  }

  /// Gives the step memory for its own use, of `count` elements.
  mutating func bindScratch<Element: BitwiseCopyable>(
    count: Int, of: Element.Type
  ) throws(ModelError) -> WriteSlot {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, byteCount <= limits.arenaBytes else {
      throw error(.tooLarge, "it needs more scratch memory than the limit of \(limits.arenaBytes) bytes")
    }
    return WriteSlot(index: addOperand(.scratch(addScratch(byteCount: byteCount))))
  }

  /// Makes an output a view of an input: the same elements in another shape, for which nothing runs.
  mutating func viewOutput(_ index: Int = 0, of operand: Operand, shape: Shape) throws(ModelError) {
    precondition(shape.count == operand.shape.count)
    try define(node.outputs[index], shape: shape, source: .view(root: root(of: operand.tensor)))
  }

  /// Whether an operand's memory may change after this operator has run, so that no view of it is safe.
  func isVariable(_ operand: Operand) -> Bool {
    if case .variable = values[root(of: operand.tensor)].source { return true }
    return false
  }

  // MARK: Options

  /// The operator's options, from the table of the schema's first union with that number.
  ///
  /// - Returns: `nil` if the operator has none, or only their type, as some converters write it.
  func options<Options>(
    _ type: UInt8, _ read: (borrowing Table) throws(ReadError) -> Options
  ) throws(ModelError) -> Options? {
    try options(type, read, in: node.options)
  }

  private func options<Options>(
    _ type: UInt8, _ read: (borrowing Table) throws(ReadError) -> Options, in options: ModelFile.OptionsTable?
  ) throws(ModelError) -> Options? {
    guard let options else { return nil }
    guard options.type == type else {
      throw error(.invalidOperator, "its options are those of another operator (table \(options.type))")
    }
    guard let position = options.position else { return nil }
    do throws(ReadError) {
      var budget = ReadBudget(ReadLimits(forByteCount: file.byteCount))
      let table = try Table(revisiting: file.bytes, at: position, &budget)
      return try read(table)
    } catch {
      throw ModelError(
        .malformedFile,
        "operator \(operatorIndex) (\(nodeName)): its options are damaged at byte \(error.position): \(error.message)",
        byteOffset: error.position, operatorIndex: operatorIndex)
    }
  }

  /// The operator's options, which it must have, from the table of the schema's second union with that number.
  func requiredSecondOptions<Options>(
    _ type: UInt8, _ read: (borrowing Table) throws(ReadError) -> Options
  ) throws(ModelError) -> Options {
    guard let options = try self.options(type, read, in: node.options2) else {
      throw error(.invalidOperator, "its options are missing")
    }
    return options
  }

  /// The operator's options, which it must have.
  func requiredOptions<Options>(
    _ type: UInt8, _ read: (borrowing Table) throws(ReadError) -> Options
  ) throws(ModelError) -> Options {
    guard let options = try options(type, read) else {
      throw error(.invalidOperator, "its options are missing")
    }
    return options
  }

  // MARK: Texts

  private func require(_ operand: Operand, oneOf types: [ElementType], _ what: String) throws(ModelError) {
    guard types.isEmpty || types.contains(operand.elementType) else {
      throw error(
        .invalidOperator,
        "\(what) (\(operand.name)) is \(operand.elementType); supported here: \(describe(types))")
    }
  }

  private func describe(_ types: [ElementType]) -> String {
    var text = ""
    for type in types { text += (text.isEmpty ? "" : ", ") + type.name }
    return text
  }
}
