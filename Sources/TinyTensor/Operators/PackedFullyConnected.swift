import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// A fully connected layer of bytes by the kernels of an instruction set. Results equal the reference kernels'.
struct PackedFullyConnected: Sendable {
  let matrix: PackedMatrix
  /// How sums become bytes, where the matrix stores sums.
  let scaling: Scaling?

  /// In double precision.
  struct Scaling: Sendable {
    var stage: OutputStage
    var rows: Int
    var channels: Int
    var factors: ReadSlot
    var output: WriteSlot
  }
}

extension PackedFullyConnected {
  @inline(__always)
  func run(_ memory: OperatorMemory) {
    matrix.run(memory)
    guard let scaling else { return }
    unsafe matrix.set.scaleSums(
      SumScalingTask(
        sums: UnsafePointer(memory.pointer(matrix.output).assumingMemoryBound(to: Int32.self)),
        factors: memory.pointer(scaling.factors).assumingMemoryBound(to: Double.self),
        output: memory.pointer(scaling.output), rows: scaling.rows, channels: scaling.channels,
        zeroPoint: scaling.stage.zeroPoint, minimum: scaling.stage.minimum, maximum: scaling.stage.maximum))
  }
}

/// What a fully connected layer reads, already bound to its step.
struct FullyConnectedOperands {
  var sizes: FullyConnectedSizes
  var input: ReadSlot
  var weights: ReadSlot
  /// `nil` where the bias is no integer and is added later.
  var bias: ReadSlot?
  /// Fixed-point factors; `nil` where sums are stored.
  var multipliers: ReadSlot?
}

extension GraphBuilder {
  /// A layer that scales in double precision, or `nil` where the reference kernels have to run.
  mutating func packedFullyConnected<Input, Weight, Output>(
    _ arithmetic: IntegerArithmetic<Input, Weight, Int32, Double, Output>, input: Operand, isUnsigned: Bool,
    _ operands: FullyConnectedOperands, factors: ReadSlot, output: WriteSlot
  ) throws(ModelError) -> PackedFullyConnected? {
    let numbers = ByteLayer(arithmetic, isUnsigned: isUnsigned)
    guard context.instructionSet != nil, isInMemory(input), isPackable(operands) else { return nil }
    let (count, overflow) = operands.sizes.rows.multipliedReportingOverflow(by: operands.sizes.units)
    guard !overflow else { return nil }
    let sums = try bindScratch(count: count, of: Int32.self)
    guard let matrix = try packedMatrix(numbers, operands, output: sums) else { return nil }
    return PackedFullyConnected(
      matrix: matrix,
      scaling: PackedFullyConnected.Scaling(
        stage: arithmetic.stage, rows: operands.sizes.rows, channels: operands.sizes.units, factors: factors,
        output: output))
  }

  /// A layer that scales in fixed point, or `nil` where the reference kernels have to run.
  mutating func packedFullyConnected<Input, Weight, Output>(
    _ arithmetic: IntegerArithmetic<Input, Weight, Int32, QuantizedMultiplier, Output>, input: Operand,
    isUnsigned: Bool, _ operands: FullyConnectedOperands, output: WriteSlot
  ) throws(ModelError) -> PackedFullyConnected? {
    guard context.instructionSet != nil, isInMemory(input), isPackable(operands),
      let matrix = try packedMatrix(ByteLayer(arithmetic, isUnsigned: isUnsigned), operands, output: output)
    else { return nil }
    return PackedFullyConnected(matrix: matrix, scaling: nil)
  }

  /// Whether all that has to be packed is constant.
  private func isPackable(_ operands: FullyConnectedOperands) -> Bool {
    guard constantBytes(operands.weights) != nil else { return false }
    if let bias = operands.bias, constantBytes(bias) == nil { return false }
    return true
  }

  /// The product of an input with weights: sums, or bytes where the operands have multipliers.
  ///
  /// - Returns: `nil` if an operand is not constant or a sum that is scaled could be too large.
  mutating func packedMatrix(
    _ numbers: ByteLayer, _ operands: FullyConnectedOperands, output: WriteSlot
  ) throws(ModelError) -> PackedMatrix? {
    guard let set = context.instructionSet else { return nil }
    var numbers = numbers
    if !shiftRight(operands) { numbers.output.scaling = .general }
    let layer = operands.sizes
    let storesSums = operands.multipliers == nil
    let sizes = MatrixPanels(
      lanes: set.lanes, channels: layer.units, groups: (layer.depth + 3) / 4, isNatural: storesSums)
    guard let panels = try packedPanels(sizes, numbers, operands) else { return nil }
    let windowFactor = numbers.signedWeightZeroPoint == 0 ? nil : 0 &- numbers.signedWeightZeroPoint
    return PackedMatrix(
      set: set, groups: 1,
      layout: MatrixLayout(
        panels: MatrixPanelSizes(sizes), segmentCount: 1, segmentTaps: layer.depth, rows: layer.rows, outputHeight: 1,
        outputWidth: layer.rows, imageStride: 0, rowStride: 0, columnStride: layer.depth,
        outputStride: layer.units * (storesSums ? 4 : 1), inputFlip: numbers.inputFlip, output: numbers.output,
        storesSums: storesSums, groupInputStride: 0),
      padding: nil, windowFactor: windowFactor, input: operands.input, panels: bind(packed: panels),
      segments: try bind(packed: [Segment(offset: 0, groups: (layer.depth + 3) / 4)]), output: output, padded: nil,
      rowTerms: windowFactor == nil ? nil : try bindScratch(count: layer.rows, of: Int32.self), windowPanel: nil)
  }

  /// Whether every unit's factor shifts right.
  private func shiftRight(_ operands: FullyConnectedOperands) -> Bool {
    guard let slot = operands.multipliers, let factors = constantBytes(slot) else { return false }
    return shiftRight(factors, channels: operands.sizes.units)
  }

  private func packedPanels(
    _ sizes: MatrixPanels, _ numbers: ByteLayer, _ operands: FullyConnectedOperands
  ) throws(ModelError) -> AlignedMemory? {
    try spend(bytes: sizes.channels * MemoryLayout<ChannelNumbers>.stride)
    var list: [ChannelNumbers] = []
    list.reserveCapacity(sizes.channels)
    for unit in 0..<sizes.channels {
      guard let entry = unitNumbers(numbers, operands, unit) else { return nil }
      list.append(entry)
    }
    let depth = operands.sizes.depth
    return try pack(operands.weights, sizes, taps: depth, segmentTaps: depth, numbers, list)
  }

  /// What a unit's sum starts from if its weights are 0, and is scaled by.
  private func unitNumbers(
    _ numbers: ByteLayer, _ operands: FullyConnectedOperands, _ unit: Int
  ) -> ChannelNumbers? {
    let depth = operands.sizes.depth
    guard let slot = operands.bias else {
      return sumNumbers(numbers, bias: 0, taps: depth)
    }
    guard let bias = constantBytes(slot) else { return nil }
    guard let multipliers = operands.multipliers else {
      return sumNumbers(numbers, bias: Int32.load(bias, at: 4 * unit), taps: depth)
    }
    guard let factors = constantBytes(multipliers) else { return nil }
    return channelNumbers(numbers, bias: bias, factors: factors, channel: unit, weightSum: 0, taps: depth)
  }

  /// What a sum starts from that is stored as it is, if the weights are 0.
  private func sumNumbers(_ numbers: ByteLayer, bias: Int32, taps: Int) -> ChannelNumbers {
    ChannelNumbers(
      bias: numbers.bias(bias, weightSum: 0, taps: taps), multiplier: 0, shift: 0,
      inputFlip: numbers.inputFlip)
  }
}
