import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// A depthwise convolution of 8-bit numbers by the kernels of an instruction set. Results equal the reference kernels'.
struct PackedDepthwise: Sendable {
  let set: InstructionSet
  let geometry: WindowGeometry
  let panelStride: Int
  let inputFlip: Int32
  let padding: Int32
  let bytes: OutputBytes

  let input: ReadSlot
  let panels: ReadSlot
  let paddingRow: ReadSlot
  let output: WriteSlot
}

extension PackedDepthwise {
  @inline(__always)
  func run(_ memory: OperatorMemory) {
    let layer = unsafe DepthwiseLayer(
      panels: memory.pointer(panels), panelStride: panelStride, channels: geometry.outputChannels,
      inputHeight: geometry.inputHeight, inputWidth: geometry.inputWidth, outputHeight: geometry.outputHeight,
      outputWidth: geometry.outputWidth, kernelHeight: geometry.kernelHeight, kernelWidth: geometry.kernelWidth,
      strideHeight: geometry.strideHeight, strideWidth: geometry.strideWidth,
      dilationHeight: geometry.dilationHeight, dilationWidth: geometry.dilationWidth,
      paddingTop: geometry.paddingTop, paddingLeft: geometry.paddingLeft, inputFlip: inputFlip, padding: padding,
      paddingRow: memory.pointer(paddingRow), output: bytes)
    let work = unsafe DepthwiseWork(
      set: set,
      task: DepthwiseTask(
        layer: layer, input: memory.pointer(input), output: memory.pointer(output), firstRow: 0,
        endRow: geometry.batches * geometry.outputHeight), threads: memory.workers.threads)
    work.run(memory.workers)
  }
}

/// A depthwise convolution's work, in parts of output rows.
struct DepthwiseWork: BitwiseCopyable {
  private let set: InstructionSet
  private let task: DepthwiseTask
  private let parts: Int

  init(set: InstructionSet, task: DepthwiseTask, threads: Int) {
    self.set = set
    self.task = task
    parts = threads > 1 ? max(1, min(task.endRow, 3 * threads)) : 1
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

  private func run(part: Int) {
    var task = self.task
    let rows = share(of: task.endRow, step: 1, part: part, of: parts)
    task.firstRow = rows.lowerBound
    task.endRow = rows.upperBound
    set.depthwise(task)
  }
}

extension GraphBuilder {
  /// A depthwise convolution's constants for the kernels of the model's instruction set; `nil` where the reference
  /// kernels have to run: there is no such set, the numbers have other types, the filter has a zero point or several
  /// outputs a channel, or a sum could leave the range that they scale.
  mutating func packedDepthwise(
    _ geometry: WindowGeometry, input: Operand, _ operands: FilterOperands, output: WriteSlot
  ) throws(ModelError) -> PackedDepthwise? {
    guard let set = context.instructionSet, let numbers = ByteLayer(operands.arithmetic), isInMemory(input),
      geometry.inputChannels == geometry.outputChannels
    else { return nil }
    let sizes = DepthwisePanels(
      lanes: set.lanes, channels: geometry.outputChannels, kernelHeight: geometry.kernelHeight,
      kernelWidth: geometry.kernelWidth)
    guard let panels = try packedPanels(sizes, numbers, operands) else { return nil }
    let row = [UInt8](
      repeating: numbers.paddingByte, count: geometry.inputWidth * geometry.inputChannels + AlignedMemory.slack)
    return PackedDepthwise(
      set: set, geometry: geometry, panelStride: sizes.panelStride, inputFlip: numbers.inputFlip,
      padding: Int32(bitPattern: UInt32(numbers.paddingByte) * 0x0101_0101), bytes: numbers.output,
      input: operands.input, panels: bind(packed: panels), paddingRow: try bind(packed: row), output: output)
  }

  private func packedPanels(
    _ sizes: DepthwisePanels, _ numbers: ByteLayer, _ operands: FilterOperands
  ) throws(ModelError) -> AlignedMemory? {
    guard let filter = constantBytes(operands.filter), let bias = constantBytes(operands.bias),
      let factors = constantBytes(operands.factors)
    else { return nil }
    let taps = sizes.kernelHeight * sizes.kernelWidth
    let flip = UInt8(truncatingIfNeeded: numbers.weightFlip)
    // A zero point of the weights is taken off them here: the difference must fit 8 bits.
    guard numbers.signedWeightZeroPoint == 0 else { return nil }
    var list: [ChannelNumbers] = []
    list.reserveCapacity(sizes.channels)
    for channel in 0..<sizes.channels {
      var sum: Int32 = 0
      for tap in 0..<taps {
        sum += Int32(Int8(bitPattern: UInt8.load(filter, at: tap * sizes.channels + channel) ^ flip))
      }
      guard
        let entry = channelNumbers(
          numbers, bias: bias, factors: factors, channel: channel, weightSum: sum, taps: taps)
      else { return nil }
      list.append(entry)
    }
    guard let panels = AlignedMemory(byteCount: sizes.byteCount) else { throw .outOfMemory(sizes.byteCount) }
    // Sound: the filter has a byte for every tap of every channel, checked when its operand was bound.
    unsafe filter.withUnsafeBytes { bytes in
      unsafe list.withUnsafeBufferPointer { list in
        if let weights = bytes.baseAddress, let entries = list.baseAddress {
          unsafe sizes.fill(panels.base, weights: weights, flip: flip, entries)
        }
      }
    }
    return panels
  }
}
