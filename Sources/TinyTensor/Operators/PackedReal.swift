import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// A convolution or fully connected layer of float32 by the kernels of an instruction set. Results equal the reference
/// kernels': every sum has the same roundings in the same order.
struct PackedReal: Sendable {
  let set: InstructionSet
  let groups: Int
  /// Of one group.
  let sizes: WindowSizes
  let pixels: Int
  let activation: RealActivation
  let input: ReadSlot
  let panels: ReadSlot
  let output: WriteSlot
}

extension PackedReal {
  func run(_ memory: OperatorMemory) {
    for group in 0..<groups {
      let panels = unsafe memory.pointer(self.panels).assumingMemoryBound(to: Float.self)
      let input = unsafe memory.pointer(self.input).assumingMemoryBound(to: Float.self)
      let output = unsafe memory.pointer(self.output).assumingMemoryBound(to: Float.self)
      let work = unsafe RealWork(
        set: set,
        task: RealTask(
          sizes: sizes, panels: panels + group * sizes.blocks * sizes.panelStep, input: input + group * sizes.depth,
          output: output + group * sizes.channels, minimum: activation.minimum, maximum: activation.maximum,
          firstPixel: 0, endPixel: pixels, firstBlock: 0, endBlock: sizes.blocks), workers: memory.workers)
      work.run(memory.workers)
    }
  }
}

/// A layer's work, in parts of pixels or of blocks of channels.
private struct RealWork: BitwiseCopyable {
  private let set: InstructionSet
  private let task: RealTask
  private let division: WindowDivision

  init(set: InstructionSet, task: RealTask, workers: Workers) {
    self.set = set
    self.task = task
    division = WindowDivision(
      pixels: task.endPixel, blocks: task.endBlock, products: task.sizes.panelStep * task.sizes.blocks,
      workers: workers)
  }

  func run(_ workers: Workers) {
    if division.parts == 1 { return set.realWindows(task) }
    // Sound: the copy outlives the call, which returns when all parts are done.
    unsafe withUnsafePointer(to: self) { work in
      unsafe workers.run(parts: division.parts, UnsafeRawPointer(work)) { work, part in
        unsafe work.assumingMemoryBound(to: RealWork.self).pointee.run(part: part)
      }
    }
  }

  private func run(part: Range<Int>) {
    var task = self.task
    let share = division.part(part)
    (task.firstPixel, task.endPixel) = (share.pixels.lowerBound, share.pixels.upperBound)
    (task.firstBlock, task.endBlock) = (share.blocks.lowerBound, share.blocks.upperBound)
    set.realWindows(task)
  }
}

extension WindowSizes {
  /// Of one group of a convolution; its rows joined where each window is one pixel.
  init(_ geometry: WindowGeometry, groups: Int, isDepthwise: Bool) {
    self.init(
      inputHeight: geometry.inputHeight, inputWidth: geometry.inputWidth, inputStep: geometry.inputChannels,
      outputHeight: geometry.outputHeight, outputWidth: geometry.outputWidth, outputStep: geometry.outputChannels,
      kernelHeight: geometry.kernelHeight, kernelWidth: geometry.kernelWidth, strideHeight: geometry.strideHeight,
      strideWidth: geometry.strideWidth, dilationHeight: geometry.dilationHeight,
      dilationWidth: geometry.dilationWidth, paddingTop: geometry.paddingTop, paddingLeft: geometry.paddingLeft,
      depth: isDepthwise ? 1 : geometry.inputChannels / groups, channels: geometry.outputChannels / groups,
      isDepthwise: isDepthwise)
    let isPointwise =
      kernelHeight == 1 && kernelWidth == 1 && strideHeight == 1 && strideWidth == 1 && paddingTop == 0
      && paddingLeft == 0 && outputHeight == inputHeight && outputWidth == inputWidth
    if isPointwise { joinRows(geometry.batches * outputHeight * outputWidth) }
  }

  /// Of a fully connected layer, whose rows are pixels.
  init(_ sizes: FullyConnectedSizes) {
    self.init(
      inputHeight: 1, inputWidth: sizes.rows, inputStep: sizes.depth, outputHeight: 1, outputWidth: sizes.rows,
      outputStep: sizes.units, kernelHeight: 1, kernelWidth: 1, strideHeight: 1, strideWidth: 1, dilationHeight: 1,
      dilationWidth: 1, paddingTop: 0, paddingLeft: 0, depth: sizes.depth, channels: sizes.units, isDepthwise: false)
  }

  private mutating func joinRows(_ pixels: Int) {
    (inputHeight, inputWidth) = (1, pixels)
    (outputHeight, outputWidth) = (1, pixels)
  }
}

extension GraphBuilder {
  /// A convolution of float32 for the kernels of the model's instruction set; `nil` where the reference kernels have to
  /// run: there is no such set, the numbers have other types, or an operand is not constant.
  ///
  /// - Parameters:
  ///   - geometry: how the window moves.
  ///   - groups: groups of channels.
  ///   - input: the image.
  ///   - operands: what the step reads already.
  ///   - output: what it writes.
  ///   - isDepthwise: whether the filter has its output channels last.
  mutating func packedReal(
    _ geometry: WindowGeometry, groups: Int, input: Operand, _ operands: FilterOperands, output: WriteSlot,
    isDepthwise: Bool = false
  ) throws(ModelError) -> PackedReal? {
    guard case .float32(let arithmetic) = operands.arithmetic else { return nil }
    // With several outputs a channel, each channel of the input is a group.
    let multiple = geometry.outputChannels / geometry.inputChannels
    let isVector = isDepthwise && multiple == 1
    guard !isVector || isInMemory(input) else { return nil }
    let groups = isDepthwise && !isVector ? geometry.inputChannels : groups
    return try packedReal(
      WindowSizes(geometry, groups: groups, isDepthwise: isVector), groups: groups, arithmetic.activation,
      pixels: geometry.batches * geometry.outputHeight * geometry.outputWidth, input: operands.input,
      filter: operands.filter, bias: operands.bias, output: output, isTransposed: isDepthwise)
  }

  /// The same for a fully connected layer, whose rows are pixels.
  mutating func packedReal(_ layer: FullyConnected, _ arithmetic: RealArithmetic) throws(ModelError) -> PackedReal? {
    try packedReal(
      WindowSizes(layer.sizes), groups: 1, arithmetic.activation, pixels: layer.sizes.rows, input: layer.input,
      filter: layer.weights, bias: layer.bias, output: layer.output)
  }

  /// A depthwise convolution of whole numbers with int8 weights and neither bias nor activation.
  ///
  /// - Parameters:
  ///   - geometry: how the window moves.
  ///   - input: the image, in memory.
  ///   - filter: constant weights.
  ///   - output: what the step writes.
  mutating func packedReal(
    wholeDepthwise geometry: WindowGeometry, input: ReadSlot, filter: ReadSlot, output: WriteSlot
  ) throws(ModelError) -> PackedReal? {
    guard let set = context.instructionSet else { return nil }
    let isVector = geometry.outputChannels == geometry.inputChannels
    let groups = isVector ? 1 : geometry.inputChannels
    let sizes = WindowSizes(geometry, groups: groups, isDepthwise: isVector)
    guard
      let panels = try realPanels(sizes, groups: groups, filter: filter, areBytes: true, bias: nil, isTransposed: true)
    else { return nil }
    return PackedReal(
      set: set, groups: groups, sizes: sizes,
      pixels: geometry.batches * geometry.outputHeight * geometry.outputWidth,
      activation: RealActivation(minimum: -.infinity, maximum: .infinity), input: input,
      panels: bind(packed: panels), output: output)
  }

  /// - Parameters:
  ///   - isTransposed: whether the filter has its output channels last.
  private mutating func packedReal(
    _ sizes: WindowSizes, groups: Int, _ activation: RealActivation, pixels: Int, input: ReadSlot, filter: ReadSlot,
    bias: ReadSlot, output: WriteSlot, isTransposed: Bool = false
  ) throws(ModelError) -> PackedReal? {
    guard let set = context.instructionSet, !activation.isHyperbolicTangent,
      let panels = try realPanels(
        sizes, groups: groups, filter: filter, areBytes: false, bias: bias, isTransposed: isTransposed)
    else { return nil }
    return PackedReal(
      set: set, groups: groups, sizes: sizes, pixels: pixels, activation: activation, input: input,
      panels: bind(packed: panels), output: output)
  }

  /// The panels of all groups; `nil` where an operand is not constant.
  ///
  /// - Parameters:
  ///   - areBytes: whether the filter has int8 weights, not float32 ones.
  ///   - bias: zeros where it is left out.
  ///   - isTransposed: whether the filter has its output channels last.
  private func realPanels(
    _ sizes: WindowSizes, groups: Int, filter: ReadSlot, areBytes: Bool, bias: ReadSlot?, isTransposed: Bool
  ) throws(ModelError) -> AlignedMemory? {
    guard let weights = constantBytes(filter) else { return nil }
    // Not read where there is no bias.
    guard let biases = constantBytes(bias ?? filter) else { return nil }
    let block = WindowSizes.blockChannels
    let byteCount = groups * sizes.blocks * sizes.panelStep * MemoryLayout<Float>.stride
    try spend(bytes: byteCount)
    guard let panels = AlignedMemory(byteCount: byteCount) else { throw .outOfMemory(byteCount) }
    let taps = sizes.taps
    let channels = groups * sizes.channels
    for channel in 0..<channels {
      let (group, place) = (channel / sizes.channels, channel % sizes.channels)
      let start = (group * sizes.blocks + place / block) * sizes.panelStep + place % block
      // Sound: there is a panel for the channel, and a row of it for the bias and each tap.
      let panel = unsafe panels.base.assumingMemoryBound(to: Float.self) + start
      if bias != nil { unsafe panel[0] = Float.load(biases, at: 4 * channel) }
      for tap in 0..<taps {
        let index = isTransposed ? tap * channels + channel : channel * taps + tap
        unsafe panel[(1 + tap) * block] =
          areBytes ? Float(Int8(bitPattern: UInt8.load(weights, at: index))) : Float.load(weights, at: 4 * index)
      }
    }
    return panels
  }
}
