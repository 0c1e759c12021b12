import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// A convolution or fully connected layer of int16 activations and int8 weights by the kernels of an instruction set.
/// Results equal the reference kernels'.
struct PackedSixteenBit: Sendable {
  let set: InstructionSet
  let groups: Int
  /// Of one group.
  let sizes: WindowSizes
  let panelStep: Int
  let pixels: Int
  let scaling: SixteenBitScaling
  let minimum: Int32
  let maximum: Int32
  let input: ReadSlot
  let panels: ReadSlot
  let bias: ReadSlot
  let factors: ReadSlot
  let sums: WriteSlot
  let output: WriteSlot
}

extension PackedSixteenBit {
  func run(_ memory: OperatorMemory) {
    for group in 0..<groups {
      let panels = unsafe memory.pointer(self.panels).assumingMemoryBound(to: Int32.self)
      let input = unsafe memory.pointer(self.input).assumingMemoryBound(to: Int16.self)
      let output = unsafe memory.pointer(self.output).assumingMemoryBound(to: Int16.self)
      let firstChannel = group * sizes.channels
      let biasBytes = scaling == .wide || scaling == .wideReal ? 8 : 4
      // A factor is a multiplier and a shift of 32 bits, or a number of 64.
      let work = unsafe SixteenBitWork(
        set: set,
        task: SixteenBitTask(
          sizes: sizes, panels: panels + group * sizes.blocks * panelStep, panelStep: panelStep,
          input: input + group * sizes.depth, sums: memory.pointer(sums).assumingMemoryBound(to: Int64.self),
          output: output + firstChannel, scaling: scaling, bias: memory.pointer(bias) + biasBytes * firstChannel,
          factors: memory.pointer(factors) + 8 * firstChannel, minimum: minimum, maximum: maximum, firstPixel: 0,
          endPixel: pixels, firstBlock: 0, endBlock: sizes.blocks), workers: memory.workers)
      work.run(memory.workers)
    }
  }
}

/// A layer's work, in parts of pixels or of blocks of channels.
private struct SixteenBitWork: BitwiseCopyable {
  private let set: InstructionSet
  private let task: SixteenBitTask
  private let division: WindowDivision

  init(set: InstructionSet, task: SixteenBitTask, workers: Workers) {
    self.set = set
    self.task = task
    division = WindowDivision(
      pixels: task.endPixel, blocks: task.endBlock, products: task.panelStep * task.sizes.blocks, workers: workers)
  }

  func run(_ workers: Workers) {
    if division.parts == 1 { return set.sixteenBitWindows(task) }
    // Sound: the copy outlives the call, which returns when all parts are done.
    unsafe withUnsafePointer(to: self) { work in
      unsafe workers.run(parts: division.parts, UnsafeRawPointer(work)) { work, part in
        unsafe work.assumingMemoryBound(to: SixteenBitWork.self).pointee.run(part: part)
      }
    }
  }

  private func run(part: Range<Int>) {
    var task = self.task
    let share = division.part(part)
    (task.firstPixel, task.endPixel) = (share.pixels.lowerBound, share.pixels.upperBound)
    (task.firstBlock, task.endBlock) = (share.blocks.lowerBound, share.blocks.upperBound)
    set.sixteenBitWindows(task)
  }
}

extension GraphBuilder {
  /// A convolution of int16 and int8 for the kernels of the model's instruction set; `nil` where the reference kernels
  /// have to run: there is no such set, the numbers have other types, or an operand is not constant.
  ///
  /// - Parameters:
  ///   - geometry: how the window moves.
  ///   - groups: groups of channels.
  ///   - input: the image.
  ///   - operands: what the step reads already.
  ///   - output: what it writes.
  ///   - isDepthwise: whether the filter has its output channels last.
  mutating func packedSixteenBit(
    _ geometry: WindowGeometry, groups: Int, input: Operand, _ operands: FilterOperands, output: WriteSlot,
    isDepthwise: Bool = false
  ) throws(ModelError) -> PackedSixteenBit? {
    let numbers: (scaling: SixteenBitScaling, stage: OutputStage)
    switch operands.arithmetic {
    case .int16(let arithmetic): numbers = (.narrow, arithmetic.stage)
    case .int16Wide(let arithmetic): numbers = (.wide, arithmetic.stage)
    default: return nil
    }
    // With several outputs a channel, each channel of the input is a group.
    let isVector = isDepthwise && geometry.outputChannels == geometry.inputChannels
    let groups = isDepthwise && !isVector ? geometry.inputChannels : groups
    return try packedSixteenBit(
      WindowSizes(geometry, groups: groups, isDepthwise: isVector), groups: groups, numbers.scaling, numbers.stage,
      pixels: geometry.batches * geometry.outputHeight * geometry.outputWidth, input: input, operands, output: output,
      isTransposed: isDepthwise)
  }

  /// The same for a fully connected layer, whose rows are pixels.
  mutating func packedSixteenBit(
    _ layer: FullyConnected, input: Operand
  ) throws(ModelError) -> PackedSixteenBit? {
    let numbers: (scaling: SixteenBitScaling, stage: OutputStage)
    switch layer.arithmetic {
    case .int16(let arithmetic): numbers = (.narrowReal, arithmetic.stage)
    case .int16FixedPoint(let arithmetic): numbers = (.narrow, arithmetic.stage)
    case .int16Wide(let arithmetic): numbers = (.wideReal, arithmetic.stage)
    case .int16WideFixedPoint(let arithmetic): numbers = (.wide, arithmetic.stage)
    default: return nil
    }
    // The arithmetic of these operands is not read.
    let operands = FilterOperands(
      arithmetic: .float32(RealArithmetic(activation: RealActivation(minimum: 0, maximum: 0))), input: layer.input,
      filter: layer.weights, bias: layer.bias, factors: layer.factors)
    return try packedSixteenBit(
      WindowSizes(layer.sizes), groups: 1, numbers.scaling, numbers.stage, pixels: layer.sizes.rows, input: input,
      operands, output: layer.output, isTransposed: false)
  }

  private mutating func packedSixteenBit(
    _ sizes: WindowSizes, groups: Int, _ scaling: SixteenBitScaling, _ stage: OutputStage, pixels: Int,
    input: Operand, _ operands: FilterOperands, output: WriteSlot, isTransposed: Bool
  ) throws(ModelError) -> PackedSixteenBit? {
    guard let set = context.instructionSet, isInMemory(input), stage.zeroPoint == 0, !operands.hasNegativeFactors else {
      return nil
    }
    let block = WindowSizes.blockChannels
    let depthPairs = (sizes.depth + 1) / 2
    let panelStep = sizes.kernelHeight * sizes.kernelWidth * depthPairs * block
    guard
      let panels = try sixteenBitPanels(
        sizes, groups: groups, panelStep: panelStep, filter: operands.filter, isTransposed: isTransposed)
    else { return nil }
    let (count, overflow) = pixels.multipliedReportingOverflow(by: sizes.blocks * block)
    guard !overflow else { return nil }
    return PackedSixteenBit(
      set: set, groups: groups, sizes: sizes, panelStep: panelStep, pixels: pixels, scaling: scaling,
      minimum: stage.minimum, maximum: stage.maximum, input: operands.input, panels: bind(packed: panels),
      bias: operands.bias, factors: operands.factors, sums: try bindScratch(count: count, of: Int64.self),
      output: output)
  }

  /// The panels of all groups; `nil` where the filter is not constant.
  private func sixteenBitPanels(
    _ sizes: WindowSizes, groups: Int, panelStep: Int, filter: ReadSlot, isTransposed: Bool
  ) throws(ModelError) -> AlignedMemory? {
    guard let weights = constantBytes(filter) else { return nil }
    let block = WindowSizes.blockChannels
    let byteCount = groups * sizes.blocks * panelStep * MemoryLayout<Int32>.stride
    try spend(bytes: byteCount)
    guard let panels = AlignedMemory(byteCount: byteCount) else { throw .outOfMemory(byteCount) }
    let (taps, depth) = (sizes.taps, sizes.depth)
    let channels = groups * sizes.channels
    for channel in 0..<channels {
      let (group, place) = (channel / sizes.channels, channel % sizes.channels)
      let start = (group * sizes.blocks + place / block) * panelStep + place % block
      for tap in 0..<taps {
        let byte = UInt8.load(weights, at: isTransposed ? tap * channels + channel : channel * taps + tap)
        let weight = Int16(Int8(bitPattern: byte))
        let pair = tap / depth * ((depth + 1) / 2) + tap % depth / 2
        let target = 4 * (start + pair * block)
        // Sound: there is a panel for the channel, with a row for every tap or pair of taps.
        if sizes.isDepthwise {
          unsafe panels.base.storeBytes(of: Int32(weight), toByteOffset: target, as: Int32.self)
        } else {
          unsafe panels.base.storeBytes(of: weight, toByteOffset: target + 2 * (tap % depth % 2), as: Int16.self)
        }
      }
    }
    return panels
  }
}
