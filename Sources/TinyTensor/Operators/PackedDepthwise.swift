import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// A depthwise convolution of 8-bit numbers by the kernels of an instruction set. Results equal the reference kernels'.
struct PackedDepthwise: Sendable {
  let set: InstructionSet
  let sizes: DepthwiseSizes
  let panelStride: Int
  let inputFlip: Int32
  let padding: Int32
  let bytes: OutputBytes
  /// How the image is laid into one with padding, where pixels are joined.
  let imagePadding: ImagePadding?

  let input: ReadSlot
  let panels: ReadSlot
  let paddingRow: ReadSlot
  let output: WriteSlot
  let padded: WriteSlot?
}

extension PackedDepthwise {
  @inline(__always)
  func run(_ memory: OperatorMemory) {
    var input = unsafe memory.pointer(self.input)
    if let imagePadding, let padded {
      let target = unsafe memory.pointer(padded)
      unsafe imagePadding.copy(input, to: target, memory.workers)
      unsafe input = UnsafeRawPointer(target)
    }
    let layer = unsafe DepthwiseLayer(
      panels: memory.pointer(panels), panelStride: panelStride, sizes: sizes, inputFlip: inputFlip, padding: padding,
      paddingRow: memory.pointer(paddingRow), output: bytes)
    let work = unsafe DepthwiseWork(
      set: set,
      task: DepthwiseTask(
        layer: layer, input: input, output: memory.pointer(output), firstRow: 0,
        endRow: sizes.batches * sizes.outputHeight), workers: memory.workers)
    work.run(memory.workers)
  }
}

/// A depthwise convolution's work, in parts of output rows.
struct DepthwiseWork: BitwiseCopyable {
  private let set: InstructionSet
  private let task: DepthwiseTask
  private let parts: Int

  init(set: InstructionSet, task: DepthwiseTask, workers: Workers) {
    self.set = set
    self.task = task
    let sizes = task.layer.sizes
    // About 32 products a nanosecond.
    let outputs = Double(task.endRow) * Double(sizes.outputWidth * sizes.channels)
    let taps = Double(sizes.kernelHeight) * Double(sizes.kernelWidth)
    parts = workers.parts(nanoseconds: outputs * taps / 32, units: task.endRow)
  }

  func run(_ workers: Workers) {
    if parts == 1 { return set.depthwise(task) }
    // Sound: the copy outlives the call, which returns when all parts are done.
    unsafe withUnsafePointer(to: self) { work in
      unsafe workers.run(parts: parts, UnsafeRawPointer(work)) { work, part in
        unsafe work.assumingMemoryBound(to: DepthwiseWork.self).pointee.run(part: part)
      }
    }
  }

  private func run(part: Range<Int>) {
    var task = self.task
    let rows = share(of: task.endRow, step: 1, part: part, of: parts)
    task.firstRow = rows.lowerBound
    task.endRow = rows.upperBound
    set.depthwise(task)
  }
}

extension GraphBuilder {
  /// A depthwise convolution's constants for the kernels of the model's instruction set; `nil` where the reference
  /// kernels have to run: there is no such set, the numbers have other types, there are several outputs a channel, rows
  /// are very long, or a sum could leave the range that they scale.
  mutating func packedDepthwise(
    _ geometry: WindowGeometry, input: Operand, _ operands: FilterOperands, output: WriteSlot
  ) throws(ModelError) -> PackedDepthwise? {
    guard let set = context.instructionSet, var numbers = ByteLayer(operands.arithmetic), isInMemory(input),
      geometry.inputChannels == geometry.outputChannels, !operands.hasNegativeFactors
    else { return nil }
    let (rowBytes, overflow) = geometry.inputWidth.multipliedReportingOverflow(by: geometry.inputChannels)
    guard !overflow, rowBytes <= Self.largestPaddingRow else { return nil }
    let joined = set.joinedPixels(geometry)
    if !shiftRight(operands.factors, channels: geometry.outputChannels) { numbers.output.scaling = .general }
    let panels = DepthwisePanels(
      lanes: set.lanes, channels: geometry.outputChannels, copies: joined,
      parts: numbers.signedWeightZeroPoint == 0 ? 1 : 2, kernelHeight: geometry.kernelHeight,
      kernelWidth: geometry.kernelWidth, fifthRowStride: geometry.joinedFifthRowStride(numbers.output.scaling))
    guard let memory = try packedPanels(panels, numbers, operands) else { return nil }
    let imagePadding = joined > 1 ? ImagePadding(geometry, byte: numbers.paddingByte) : nil
    var sizes = DepthwiseSizes(geometry, imagePadding, parts: panels.parts)
    if joined > 1 { sizes = sizes.joining(joined) }
    sizes.joinsFifthRow = panels.fifthRowStride != nil
    let row = [UInt8](
      repeating: numbers.paddingByte, count: sizes.inputWidth * sizes.inputStep + AlignedMemory.slack)
    return PackedDepthwise(
      set: set, sizes: sizes, panelStride: panels.panelStride, inputFlip: numbers.inputFlip,
      padding: Int32(bitPattern: UInt32(numbers.paddingByte) * 0x0101_0101), bytes: numbers.output,
      imagePadding: imagePadding, input: operands.input, panels: bind(packed: memory),
      paddingRow: try bind(packed: row), output: output,
      padded: try imagePadding.map { (padding) throws(ModelError) in
        try bindScratch(count: padding.byteCount, of: UInt8.self)
      })
  }

  /// Bytes of a row of padding up to which one is made; images with longer rows have the reference kernels.
  private static var largestPaddingRow: Int { 1 << 20 }

  private func packedPanels(
    _ sizes: DepthwisePanels, _ numbers: ByteLayer, _ operands: FilterOperands
  ) throws(ModelError) -> AlignedMemory? {
    guard let filter = constantBytes(operands.filter), let bias = constantBytes(operands.bias),
      let factors = constantBytes(operands.factors)
    else { return nil }
    let taps = sizes.kernelHeight * sizes.kernelWidth
    let flip = UInt8(truncatingIfNeeded: numbers.weightFlip)
    let zeroPoint = numbers.signedWeightZeroPoint
    // The zero point of the weights is taken off them here.
    var layer = numbers
    layer.weightZeroPoint = numbers.isUnsigned ? 128 : 0
    var list: [ChannelNumbers] = []
    list.reserveCapacity(sizes.channels)
    for channel in 0..<sizes.channels {
      var sum: Int32 = 0
      for tap in 0..<taps {
        sum += Int32(Int8(bitPattern: UInt8.load(filter, at: tap * sizes.channels + channel) ^ flip)) - zeroPoint
      }
      guard
        let entry = channelNumbers(layer, bias: bias, factors: factors, channel: channel, weightSum: sum, taps: taps)
      else { return nil }
      list.append(entry)
    }
    try spend(bytes: sizes.byteCount)
    guard let panels = AlignedMemory(byteCount: sizes.byteCount) else { throw .outOfMemory(sizes.byteCount) }
    // Sound: the filter has a byte for every tap of every channel, checked when its operand was bound.
    unsafe filter.withUnsafeBytes { bytes in
      unsafe list.withUnsafeBufferPointer { list in
        if let weights = bytes.baseAddress, let entries = list.baseAddress {
          unsafe sizes.fill(panels.base, weights: weights, flip: flip, zeroPoint: zeroPoint, entries)
        }
      }
    }
    return panels
  }
}

extension InstructionSet {
  /// How many pixels of a depthwise convolution of few channels share a block, their windows beside each other.
  func joinedPixels(_ geometry: WindowGeometry) -> Int {
    let isJoinable =
      geometry.strideWidth == 1 && geometry.dilationWidth == 1 && geometry.kernelWidth == 3
      && geometry.kernelHeight <= 3
    return isJoinable ? max(1, 4 * lanes / geometry.outputChannels) : 1
  }
}

extension WindowGeometry {
  /// The step of a kernel of 5 rows and columns whose fifth row is joined; `nil` for all others.
  func joinedFifthRowStride(_ scaling: SumScaling) -> Int? {
    let isJoined =
      kernelHeight == 5 && kernelWidth == 5 && dilationWidth == 1 && (1...2).contains(strideWidth)
      && scaling != .general
    return isJoined ? strideWidth : nil
  }
}

extension DepthwiseSizes {
  /// The sizes of a convolution, of an image that already has its padding where that is given.
  init(_ geometry: WindowGeometry, _ padding: ImagePadding?, parts: Int) {
    self.init(
      batches: geometry.batches, channels: geometry.outputChannels,
      inputHeight: padding?.paddedHeight ?? geometry.inputHeight,
      inputWidth: padding?.paddedWidth ?? geometry.inputWidth, outputHeight: geometry.outputHeight,
      outputWidth: geometry.outputWidth, kernelHeight: geometry.kernelHeight, kernelWidth: geometry.kernelWidth,
      strideHeight: geometry.strideHeight, strideWidth: geometry.strideWidth,
      dilationHeight: geometry.dilationHeight, dilationWidth: geometry.dilationWidth,
      paddingTop: padding == nil ? geometry.paddingTop : 0,
      paddingLeft: padding == nil ? geometry.paddingLeft : 0, parts: parts)
  }
}
