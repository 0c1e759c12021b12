import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// A product of windows with int8 weights that is stored as it is, and the sum of each channel's weights.
struct PackedSums {
  let matrix: PackedMatrix
  let weightSums: [Int32]
}

extension GraphBuilder {
  /// The sums of products of int8 windows with int8 weights, as int32 in the output; `nil` where there is no instruction
  /// set or the weights are not constant.
  ///
  /// - Parameters:
  ///   - geometry: how the window moves.
  ///   - groups: groups of channels.
  ///   - filter: `[outputChannels, kernelHeight, kernelWidth, inputChannels / groups]` of bytes.
  ///   - input: the image with its padding, in memory.
  ///   - height: rows of an image with its padding; `nil` where it has none.
  ///   - width: pixels of such a row.
  ///   - output: what the step writes, 4 bytes an output.
  mutating func packedSums(
    _ geometry: WindowGeometry, groups: Int, filter: ReadSlot, input: ReadSlot, height: Int?, width: Int?,
    output: WriteSlot
  ) throws(ModelError) -> PackedSums? {
    guard let set = context.instructionSet else { return nil }
    let channels = geometry.inputChannels / groups
    let joinsColumns = groups == 1 && geometry.dilationWidth == 1
    let segmentTaps = joinsColumns ? geometry.kernelWidth * channels : channels
    let taps = geometry.kernelHeight * geometry.kernelWidth * channels
    let sizes = MatrixPanels(
      lanes: set.lanes, channels: geometry.outputChannels / groups,
      groups: taps / segmentTaps * ((segmentTaps + 3) / 4), isNatural: true)
    let numbers = ByteLayer(
      Int8Arithmetic(
        inputZeroPoint: 0, weightZeroPoint: 0, stage: OutputStage(zeroPoint: 0, minimum: 0, maximum: 0)),
      isUnsigned: false)
    guard let weightSums = weightSums(filter, channels: geometry.outputChannels, taps: taps) else { return nil }
    let start = ChannelNumbers(
      bias: numbers.bias(0, weightSum: 0, taps: taps), multiplier: 0, shift: 0, inputFlip: numbers.inputFlip)
    guard
      let panels = try pack(
        filter, sizes, groups: groups, taps: taps, segmentTaps: segmentTaps, numbers,
        [ChannelNumbers](repeating: start, count: geometry.outputChannels))
    else { return nil }
    let step = (width ?? geometry.inputWidth) * geometry.inputChannels
    let segments = Self.segments(geometry, joinsColumns: joinsColumns, step: step, taps: segmentTaps)
    let matrix = PackedMatrix(
      set: set, groups: groups,
      layout: MatrixLayout(
        panels: MatrixPanelSizes(sizes), segmentCount: segments.count, segmentTaps: segmentTaps,
        rows: geometry.batches * geometry.outputHeight * geometry.outputWidth, outputHeight: geometry.outputHeight,
        outputWidth: geometry.outputWidth, imageStride: (height ?? geometry.inputHeight) * step,
        rowStride: geometry.strideHeight * step, columnStride: geometry.strideWidth * geometry.inputChannels,
        outputStride: geometry.outputChannels * MemoryLayout<Int32>.stride, inputFlip: numbers.inputFlip,
        output: numbers.output, storesSums: true, groupInputStride: channels),
      padding: nil, windowFactor: nil, input: input, panels: bind(packed: panels),
      segments: try bind(packed: segments), output: output, padded: nil, rowTerms: nil, windowPanel: nil)
    return PackedSums(matrix: matrix, weightSums: weightSums)
  }

  /// The sum of each channel's weights; `nil` where they are not constant.
  private func weightSums(_ filter: ReadSlot, channels: Int, taps: Int) -> [Int32]? {
    guard let set = context.instructionSet, let weights = constantBytes(filter) else { return nil }
    // Sound: the filter has a byte for every tap of every channel, checked when its operand was bound.
    return unsafe weights.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return nil }
      return set.weightSums(
        unsafe MatrixFilter(bytes: base, channels: channels, taps: taps, segmentTaps: taps, flip: 0))
    }
  }
}
