import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// The numbers of a layer of 8-bit operands, as the kernels of an instruction set need them.
struct ByteLayer {
  var isUnsigned: Bool
  /// Of the input and the weights, in their own types.
  var inputZeroPoint: Int32
  var weightZeroPoint: Int32
  var output: OutputBytes

  /// `nil` for arithmetic that these kernels do not have.
  init?(_ arithmetic: FilterArithmetic) {
    switch arithmetic {
    case .int8(let numbers): self.init(numbers, isUnsigned: false)
    case .uint8(let numbers): self.init(numbers, isUnsigned: true)
    case .int16, .int16Wide, .float32: return nil
    }
  }

  /// A layer whose stage is known.
  init<Input, Weight, Sum, Factor, Output>(
    _ numbers: IntegerArithmetic<Input, Weight, Sum, Factor, Output>, isUnsigned: Bool
  ) {
    self.isUnsigned = isUnsigned
    inputZeroPoint = Int32(numbers.inputZeroPoint)
    weightZeroPoint = Int32(numbers.weightZeroPoint)
    output = OutputBytes(
      zeroPoint: numbers.stage.zeroPoint, minimum: numbers.stage.minimum, maximum: numbers.stage.maximum,
      isUnsigned: isUnsigned)
  }

  /// What makes input bytes uint8.
  var inputFlip: Int32 { isUnsigned ? 0 : Int32(bitPattern: 0x8080_8080) }
  /// What makes weights int8.
  var weightFlip: UInt32 { isUnsigned ? 0x8080_8080 : 0 }
  /// The input's zero point as uint8.
  var unsignedInputZeroPoint: Int32 { isUnsigned ? inputZeroPoint : inputZeroPoint + 128 }
  /// The weights' zero point as int8.
  var signedWeightZeroPoint: Int32 { isUnsigned ? weightZeroPoint - 128 : weightZeroPoint }
  /// The input's byte that stands for 0.
  var paddingByte: UInt8 { UInt8(truncatingIfNeeded: inputZeroPoint) }

  /// What a channel's sum of uint8 by int8 products starts from, so that it is the sum of the real ones.
  ///
  /// Modulo `2^32`, as all sums are.
  func bias(_ bias: Int32, weightSum: Int32, taps: Int) -> Int32 {
    let correction = Int32(truncatingIfNeeded: taps) &* signedWeightZeroPoint &- weightSum
    return bias &+ unsignedInputZeroPoint &* correction
  }

  /// Whether every sum, shifted left as its channel wants it, stays where the layer's scaling needs it: below `2^30` for
  /// the general one, anywhere for the others.
  func fits(_ bias: Int32, taps: Int, shift: Int32) -> Bool {
    switch output.scaling {
    case .positive, .signed: return true
    case .general: break
    }
    let (products, overflow) = taps.multipliedReportingOverflow(
      by: 255 * (isUnsigned || weightZeroPoint != 0 ? 255 : 128))
    guard !overflow, products < 1 << 30 else { return false }
    return (Int64(products) + Int64(bias.magnitude)) << Int64(max(0, shift)) < 1 << 30
  }
}

extension GraphBuilder {
  /// A convolution's constants for the kernels of the model's instruction set; `nil` where the reference kernels have to
  /// run: there is no such set, the numbers have other types, or a sum could leave the range that they scale.
  ///
  /// - Parameters:
  ///   - geometry: how the window moves.
  ///   - groups: groups of channels.
  ///   - input: the image.
  ///   - operands: what the step reads already.
  ///   - output: what it writes.
  ///   - isTransposed: whether the filter has its output channels last, as that of a depthwise convolution.
  mutating func packedConvolution(
    _ geometry: WindowGeometry, groups: Int, input: Operand, _ operands: FilterOperands, output: WriteSlot,
    isTransposed: Bool = false
  ) throws(ModelError) -> PackedMatrix? {
    guard let set = context.instructionSet, var numbers = ByteLayer(operands.arithmetic), isInMemory(input),
      !operands.hasNegativeFactors
    else { return nil }
    let channels = geometry.inputChannels / groups
    let joinsColumns = groups == 1 && geometry.dilationWidth == 1
    let segmentTaps = joinsColumns ? geometry.kernelWidth * channels : channels
    let taps = geometry.kernelHeight * geometry.kernelWidth * channels
    let sizes = MatrixPanels(
      lanes: set.lanes, channels: geometry.outputChannels / groups,
      groups: taps / segmentTaps * ((segmentTaps + 3) / 4), isNatural: false)
    guard
      let panels = try packedPanels(
        sizes, groups: groups, &numbers, taps: taps, segmentTaps: segmentTaps, operands, isTransposed: isTransposed)
    else { return nil }

    let padding = ImagePadding(geometry, byte: numbers.paddingByte)
    let step = (padding?.paddedWidth ?? geometry.inputWidth) * geometry.inputChannels
    let height = padding?.paddedHeight ?? geometry.inputHeight
    let segments = Self.segments(geometry, joinsColumns: joinsColumns, step: step, taps: segmentTaps)
    let rows = geometry.batches * geometry.outputHeight * geometry.outputWidth
    let windowFactor = numbers.signedWeightZeroPoint == 0 ? nil : 0 &- numbers.signedWeightZeroPoint
    return PackedMatrix(
      set: set, groups: groups,
      layout: MatrixLayout(
        panels: MatrixPanelSizes(sizes), segmentCount: segments.count, segmentTaps: segmentTaps, rows: rows,
        outputHeight: geometry.outputHeight, outputWidth: geometry.outputWidth, imageStride: height * step,
        rowStride: geometry.strideHeight * step, columnStride: geometry.strideWidth * geometry.inputChannels,
        outputStride: geometry.outputChannels, inputFlip: numbers.inputFlip, output: numbers.output,
        storesSums: false, groupInputStride: channels),
      padding: padding, windowFactor: windowFactor, input: operands.input, panels: bind(packed: panels),
      segments: try bind(packed: segments), output: output,
      padded: try padding.map { (padding) throws(ModelError) in
        try bindScratch(count: padding.byteCount, of: UInt8.self)
      },
      rowTerms: windowFactor == nil ? nil : try bindScratch(count: rows, of: Int32.self),
      windowPanel: try windowPanel(numbers, sizes, taps: taps, segmentTaps: segmentTaps).map { bind(packed: $0) })
  }

  /// What a window reads of an image whose rows are `step` bytes apart: its rows where columns are joined, else its
  /// pixels, each of `taps` bytes.
  static func segments(_ geometry: WindowGeometry, joinsColumns: Bool, step: Int, taps: Int) -> [Segment] {
    var segments: [Segment] = []
    for row in 0..<geometry.kernelHeight {
      for column in 0..<(joinsColumns ? 1 : geometry.kernelWidth) {
        segments.append(
          Segment(
            offset: row * geometry.dilationHeight * step
              + column * geometry.dilationWidth * geometry.inputChannels,
            groups: (taps + 3) / 4))
      }
    }
    return segments
  }

  /// The panel of a channel whose weights are all the factor of windows; `nil` where the filter has no zero point, or a
  /// window is large: then a row's sum is quicker taken across the vector.
  func windowPanel(
    _ numbers: ByteLayer, _ sizes: MatrixPanels, taps: Int, segmentTaps: Int
  ) throws(ModelError) -> AlignedMemory? {
    let factor = 0 &- numbers.signedWeightZeroPoint
    guard factor != 0, let weight = Int8(exactly: factor), sizes.groups <= Self.smallWindowGroups else { return nil }
    let panel = MatrixPanels(lanes: sizes.lanes, channels: 1, groups: sizes.groups, isNatural: true)
    try spend(bytes: panel.byteCount)
    guard let memory = AlignedMemory(byteCount: panel.byteCount) else { throw .outOfMemory(panel.byteCount) }
    let weights = [Int8](repeating: weight, count: taps)
    let entry = ChannelNumbers(bias: 0, multiplier: 0, shift: -1, inputFlip: numbers.inputFlip)
    unsafe weights.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let filter = unsafe MatrixFilter(bytes: base, channels: 1, taps: taps, segmentTaps: segmentTaps, flip: 0)
      // Sound: the panel has room for one channel.
      unsafe withUnsafePointer(to: entry) { unsafe panel.fill(memory.base, blocks: 0..<1, filter, $0) }
    }
    return memory
  }

  /// Groups of 4 bytes up to which a window's sum is taken as one more channel's.
  private static var smallWindowGroups: Int { 40 }

  /// Whether an operand lies where a few bytes behind it can be read: not in the file.
  func isInMemory(_ operand: Operand) -> Bool {
    if case .file? = operand.constant { return false }
    return true
  }

  /// The panels of all groups, or `nil` where a sum could be too large or an operand is not constant.
  ///
  /// They are filled when all operators have been translated.
  private func packedPanels(
    _ sizes: MatrixPanels, groups: Int, _ numbers: inout ByteLayer, taps: Int, segmentTaps: Int,
    _ operands: FilterOperands, isTransposed: Bool
  ) throws(ModelError) -> AlignedMemory? {
    guard let bias = constantBytes(operands.bias), let factors = constantBytes(operands.factors) else { return nil }
    let channels = sizes.channels * groups
    if !shiftRight(factors, channels: channels) { numbers.output.scaling = .general }
    var list: [ChannelNumbers] = []
    list.reserveCapacity(channels)
    for channel in 0..<channels {
      guard
        let entry = channelNumbers(numbers, bias: bias, factors: factors, channel: channel, weightSum: 0, taps: taps)
      else { return nil }
      list.append(entry)
    }
    return try pack(
      operands.filter, sizes, groups: groups, taps: taps, segmentTaps: segmentTaps, numbers, list,
      isTransposed: isTransposed)
  }

  /// The panels of a filter; `nil` where it is not constant. They are filled when all operators have been translated.
  ///
  /// - Parameters:
  ///   - slot: the filter, a byte for every tap of every channel, as was checked when it was bound.
  ///   - list: the numbers of all channels, as if all weights were 0.
  ///   - isTransposed: whether the filter has its output channels last.
  func pack(
    _ slot: ReadSlot, _ sizes: MatrixPanels, groups: Int = 1, taps: Int, segmentTaps: Int, _ numbers: ByteLayer,
    _ list: [ChannelNumbers], isTransposed: Bool = false
  ) throws(ModelError) -> AlignedMemory? {
    guard let set = context.instructionSet, let filter = constantBytes(slot) else { return nil }
    let holder: PanelPacking.Holder
    let bytes: UnsafeRawPointer
    if isTransposed {
      let copy = try AlignedMemory.holding(
        Self.transposed(filter, rows: taps, columns: sizes.channels * groups))
      holder = .memory(copy)
      unsafe bytes = UnsafeRawPointer(copy.base)
    } else {
      switch source(of: slot) {
      case .file(let offset, _):
        holder = .file(file.storage, offset: offset)
        unsafe bytes = file.storage.base + offset
      case .block(let block):
        holder = .memory(blocks[block])
        unsafe bytes = UnsafeRawPointer(blocks[block].base)
      case .tensor, .part, .scratch, .variable: return nil
      }
    }
    try spend(bytes: groups * sizes.byteCount)
    guard let panels = AlignedMemory(byteCount: groups * sizes.byteCount, isResident: false) else {
      throw .outOfMemory(groups * sizes.byteCount)
    }
    context.packingQueue.add(
      try PanelPacking(
        set, sizes, groups: groups, to: panels,
        unsafe MatrixFilter(
          bytes: bytes, channels: sizes.channels, taps: taps, segmentTaps: segmentTaps, flip: numbers.weightFlip),
        holder: holder, list, inputZeroPoint: numbers.unsignedInputZeroPoint))
    return panels
  }

  /// Whether every channel's factor shifts right, so that high words of products are enough; see ``ChannelRow``.
  func shiftRight(_ factors: RawSpan, channels: Int) -> Bool {
    for channel in 0..<channels where factors.int32(2 * channel) != 0 && factors.int32(2 * channel + 1) >= 0 {
      return false
    }
    return true
  }

  /// The same of factors that a step reads.
  func shiftRight(_ factors: ReadSlot, channels: Int) -> Bool {
    guard let factors = constantBytes(factors) else { return false }
    return shiftRight(factors, channels: channels)
  }

  /// Whether what a step reads is known when the model is loaded.
  func isConstant(_ slot: ReadSlot) -> Bool { constantBytes(slot) != nil }

  /// What a channel starts from and is scaled by; `nil` where its sums could be too large.
  func channelNumbers(
    _ numbers: ByteLayer, bias: RawSpan, factors: RawSpan, channel: Int, weightSum: Int32, taps: Int
  ) -> ChannelNumbers? {
    // A factor is stored as its multiplier and its shift.
    let start = bias.int32(channel)
    let multiplier = factors.int32(2 * channel)
    // All shifts of the factor 0 are equal.
    let shift = multiplier == 0 ? -1 : factors.int32(2 * channel + 1)
    guard numbers.fits(start, taps: taps, shift: shift) else { return nil }
    return ChannelNumbers(
      bias: numbers.bias(start, weightSum: weightSum, taps: taps), multiplier: multiplier, shift: shift,
      inputFlip: numbers.inputFlip)
  }

  private static func transposed(_ bytes: RawSpan, rows: Int, columns: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(rows * columns)
    for column in 0..<columns {
      for row in 0..<rows { result.append(UInt8.load(bytes, at: row * columns + column)) }
    }
    return result
  }
}

extension InstructionSet {
  /// The sum of each channel's weights, as int8.
  ///
  /// Sound if the filter is as large as it says.
  func weightSums(_ filter: MatrixFilter) -> [Int32] {
    unsafe [Int32](unsafeUninitializedCapacity: filter.channels) { target, count in
      if let base = target.baseAddress { unsafe sumWeights(filter, 0..<filter.channels, to: base) }
      count = filter.channels
    }
  }

  /// The sums of some channels' weights, as int8.
  ///
  /// Sound if the filter is as large as it says, and `sums` has room for one number a channel.
  func sumWeights(_ filter: MatrixFilter, _ channels: Range<Int>, to sums: UnsafeMutablePointer<Int32>) {
    let segment = Segment(offset: 0, groups: 0)
    unsafe withUnsafePointer(to: segment) { segment in
      unsafe windowSums(
        WindowSumTask(
          layer: MatrixLayer(
            segments: segment, segmentCount: 1, panels: filter.bytes, panelStride: 0, channels: 1, outputHeight: 1,
            outputWidth: channels.count, imageStride: 0, rowStride: 0, columnStride: filter.taps, outputStride: 0,
            inputFlip: Int32(bitPattern: filter.flip ^ 0x8080_8080),
            output: OutputBytes(zeroPoint: 0, minimum: 0, maximum: 0, isUnsigned: false), storesSums: false),
          input: filter.bytes + channels.lowerBound * filter.taps, segmentBytes: filter.taps, factor: 1, sums: sums,
          firstRow: 0, endRow: channels.count))
    }
    // Windows are summed as uint8: 128 a tap too much.
    let excess = 128 &* Int32(truncatingIfNeeded: filter.taps)
    for channel in 0..<channels.count { unsafe sums[channel] &-= excess }
  }
}

extension RawSpan {
  /// The int32 of that number.
  fileprivate func int32(_ index: Int) -> Int32 { Int32.load(self, at: 4 * index) }
}

extension MatrixPanelSizes {
  init(_ panels: MatrixPanels) {
    self.init(
      channels: panels.channels, blocks: panels.blocks, panelStride: panels.panelStride, byteCount: panels.byteCount)
  }
}

extension ImagePadding {
  /// `nil` where no window reaches over the image's edges.
  init?(_ geometry: WindowGeometry, byte: UInt8) {
    let height =
      (geometry.outputHeight - 1) * geometry.strideHeight + (geometry.kernelHeight - 1) * geometry.dilationHeight + 1
    let width =
      (geometry.outputWidth - 1) * geometry.strideWidth + (geometry.kernelWidth - 1) * geometry.dilationWidth + 1
    if geometry.paddingTop == 0, geometry.paddingLeft == 0, height <= geometry.inputHeight,
      width <= geometry.inputWidth
    {
      return nil
    }
    self.init(
      batches: geometry.batches, height: geometry.inputHeight, width: geometry.inputWidth,
      channels: geometry.inputChannels, paddedHeight: height, paddedWidth: width, top: geometry.paddingTop,
      left: geometry.paddingLeft, byte: byte)
  }
}
