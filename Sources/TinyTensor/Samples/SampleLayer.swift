import KernelInterface
import TinyTensorKernels

/// A layer of int8 numbers that are made up, packed for one set of kernels as a model's would be, to measure kernels
/// without a model.
///
/// Input, weights and output of the same shape and seed are the same whatever the kernels.
///
/// ```swift
/// @_spi(Kernels) import TinyTensor
///
/// var layer = try SampleLayer(.matrix(rows: 49, depth: 512, channels: 512), kernels: .portable)
/// layer.run()
/// ```
@_spi(Kernels)
@safe
public struct SampleLayer: ~Copyable {
  /// Its sizes.
  public let shape: LayerShape
  /// The set of kernels that runs it.
  public let kernels: KernelSet

  // One of these.
  private var reference: ReferenceSample?
  private var matrix: MatrixSample?
  private var depthwise: DepthwiseSample?

  /// Makes up a layer and packs it.
  ///
  /// - Parameters:
  ///   - shape: its sizes.
  ///   - kernels: what shall run it.
  ///   - seed: where its numbers begin.
  /// - Throws: ``ModelError`` when the processor cannot run these kernels, the layer is too large for them, or the
  ///   system has no memory for it.
  /// - Complexity: O(numbers of all operands); allocates.
  public init(_ shape: LayerShape, kernels: KernelSet, seed: UInt64 = 1) throws(ModelError) {
    let parts = try SampleParts(shape, try CPUOptions(kernels: kernels).chosenKernels(), seed: seed)
    self.shape = shape
    self.kernels = kernels
    reference = parts.reference
    matrix = parts.matrix
    depthwise = parts.depthwise
  }

  /// Runs the layer once, on this thread. Allocates nothing.
  public mutating func run() {
    matrix?.run()
    depthwise?.run()
    reference?.run()
  }

  /// The output of the last run: of each row or pixel all channels. All zeros before the first run.
  ///
  /// - Complexity: O(outputs); allocates.
  public func output() -> [Int8] {
    if let reference { return reference.output }
    guard let memory = matrix?.output ?? depthwise?.output else { return [] }
    // Sound: the memory is initialized, and nobody writes it while self is borrowed.
    return unsafe [Int8](
      UnsafeBufferPointer(start: memory.base.assumingMemoryBound(to: Int8.self), count: memory.byteCount))
  }
}

/// A layer of one of three kinds.
private struct SampleParts {
  var reference: ReferenceSample?
  var matrix: MatrixSample?
  var depthwise: DepthwiseSample?

  init(_ shape: LayerShape, _ kernels: KernelSet, seed: UInt64) throws(ModelError) {
    try shape.check()
    let numbers = SampleNumbers(shape, seed: seed)
    guard let set = InstructionSet.allCases.first(where: { $0.name == kernels.rawValue }) else {
      reference = ReferenceSample(shape, numbers)
      return
    }
    let layer = ByteLayer(numbers.arithmetic, isUnsigned: false)
    switch shape {
    case .matrix: matrix = try MatrixSample(shape, numbers, layer, set)
    case .depthwise: depthwise = try DepthwiseSample(shape, numbers, layer, set)
    }
  }
}

/// A layer for the reference kernels.
private struct ReferenceSample {
  private let shape: LayerShape
  private let numbers: SampleNumbers
  private(set) var output: [Int8]

  init(_ shape: LayerShape, _ numbers: SampleNumbers) {
    self.shape = shape
    self.numbers = numbers
    output = [Int8](repeating: 0, count: shape.geometry.outputCount)
  }

  mutating func run() {
    let (shape, numbers) = (self.shape, self.numbers)
    var target = output.mutableSpan
    switch shape {
    case .matrix:
      convolveReference(
        numbers.arithmetic, shape.geometry, groups: 1, input: numbers.input.span, filter: numbers.filter.span,
        bias: numbers.bias.span, factors: numbers.factors.span, output: &target)
    case .depthwise:
      convolveDepthwiseReference(
        numbers.arithmetic, shape.geometry, depthMultiplier: 1, input: numbers.input.span, filter: numbers.filter.span,
        bias: numbers.bias.span, factors: numbers.factors.span, output: &target)
    }
  }
}

/// A product of matrices, packed. The memory that the work's pointers lead to lives as long as the object.
@safe
private final class MatrixSample {
  private let input: AlignedMemory
  private let panels: AlignedMemory
  private let segments: AlignedMemory
  let output: AlignedMemory
  private let work: MatrixWork

  init(_ shape: LayerShape, _ numbers: SampleNumbers, _ layer: ByteLayer, _ set: InstructionSet) throws(ModelError) {
    let geometry = shape.geometry
    let (rows, depth, channels) = (geometry.outputWidth, geometry.inputChannels, geometry.outputChannels)
    let groups = (depth + 3) / 4
    let sizes = MatrixPanels(lanes: set.lanes, channels: channels, groups: groups, isNatural: false)
    input = try .holding(numbers.input)
    segments = try .holding([Segment(offset: 0, groups: groups)])
    let panels = try AlignedMemory.zeroed(sizes.byteCount)
    self.panels = panels
    output = try .zeroed(rows * channels)
    // Sound: the filter has a byte for every tap of every channel, and there are numbers for every channel.
    unsafe numbers.filter.withUnsafeBytes { bytes in
      guard let weights = bytes.baseAddress else { return }
      let filter = unsafe MatrixFilter(bytes: weights, channels: channels, taps: depth, segmentTaps: depth, flip: 0)
      let list = numbers.channels(layer, taps: depth) { filter.sum($0) }
      unsafe list.withUnsafeBufferPointer { list in
        if let entries = list.baseAddress {
          unsafe sizes.fill(panels.base, blocks: 0..<sizes.blocks, filter, entries)
        }
      }
    }
    // Sound: all memory has the sizes that the layer says, and is readable for a vector more.
    work = unsafe MatrixWork(
      set: set,
      task: MatrixTask(
        layer: MatrixLayer(
          segments: UnsafePointer(segments.base.assumingMemoryBound(to: Segment.self)), segmentCount: 1,
          panels: UnsafeRawPointer(panels.base), panelStride: sizes.panelStride, channels: channels, outputHeight: 1,
          outputWidth: rows, imageStride: rows * depth, rowStride: rows * depth, columnStride: depth,
          outputStride: channels, inputFlip: layer.inputFlip, output: layer.output, storesSums: false),
        input: UnsafeRawPointer(input.base), output: output.base, rowTerms: nil, firstRow: 0, endRow: rows,
        firstBlock: 0, endBlock: sizes.blocks), terms: .none, workers: .one)
  }

  func run() { work.run(.one) }
}

/// A depthwise convolution, packed. The memory that the work's pointers lead to lives as long as the object.
@safe
private final class DepthwiseSample {
  private let input: AlignedMemory
  private let panels: AlignedMemory
  private let paddingRow: AlignedMemory
  let output: AlignedMemory
  private let imagePadding: ImagePadding?
  /// The image with its padding, where it needs any before the kernel.
  private let padded: AlignedMemory?
  private let work: DepthwiseWork

  init(_ shape: LayerShape, _ numbers: SampleNumbers, _ layer: ByteLayer, _ set: InstructionSet) throws(ModelError) {
    let geometry = shape.geometry
    let joined = set.joinedPixels(geometry)
    let order = DepthwisePanels(
      lanes: set.lanes, channels: geometry.outputChannels, copies: joined, parts: 1,
      kernelHeight: geometry.kernelHeight, kernelWidth: geometry.kernelWidth,
      fifthRowStride: geometry.joinedFifthRowStride(layer.output.scaling))
    let imagePadding = joined > 1 ? ImagePadding(geometry, byte: layer.paddingByte) : nil
    var sizes = DepthwiseSizes(geometry, imagePadding, parts: 1)
    if joined > 1 { sizes = sizes.joining(joined) }
    sizes.joinsFifthRow = order.fifthRowStride != nil
    self.imagePadding = imagePadding
    input = try .holding(numbers.input)
    paddingRow = try .holding(
      [UInt8](repeating: layer.paddingByte, count: sizes.inputWidth * sizes.inputStep + AlignedMemory.slack))
    let panels = try AlignedMemory.zeroed(order.byteCount)
    self.panels = panels
    output = try .zeroed(geometry.outputCount)
    padded = try imagePadding.map { (padding) throws(ModelError) in try .zeroed(padding.byteCount) }
    let channels = geometry.outputChannels
    let list = numbers.channels(layer, taps: shape.taps) { channel in
      var sum: Int32 = 0
      for tap in 0..<shape.taps { sum += Int32(numbers.filter[tap * channels + channel]) }
      return sum
    }
    // Sound: the filter has a byte for every tap of every channel, and there are numbers for every channel.
    unsafe numbers.filter.withUnsafeBytes { bytes in
      unsafe list.withUnsafeBufferPointer { list in
        if let weights = bytes.baseAddress, let entries = list.baseAddress {
          unsafe order.fill(panels.base, weights: weights, flip: 0, zeroPoint: 0, entries)
        }
      }
    }
    // Sound: all memory has the sizes that the layer says, and is readable for a vector more.
    work = unsafe DepthwiseWork(
      set: set,
      task: DepthwiseTask(
        layer: DepthwiseLayer(
          panels: UnsafeRawPointer(panels.base), panelStride: order.panelStride, sizes: sizes,
          inputFlip: layer.inputFlip, padding: Int32(bitPattern: UInt32(layer.paddingByte) * 0x0101_0101),
          paddingRow: UnsafeRawPointer(paddingRow.base), output: layer.output),
        input: UnsafeRawPointer((padded ?? input).base), output: output.base, firstRow: 0,
        endRow: geometry.outputHeight), workers: .one)
  }

  func run() {
    // Sound: both have the sizes of the padding.
    if let imagePadding, let padded {
      unsafe imagePadding.copy(UnsafeRawPointer(input.base), to: padded.base, .one)
    }
    work.run(.one)
  }
}

extension AlignedMemory {
  /// Memory of zeros.
  fileprivate static func zeroed(_ byteCount: Int) throws(ModelError) -> AlignedMemory {
    guard let memory = AlignedMemory(byteCount: byteCount) else { throw .outOfMemory(byteCount) }
    return memory
  }
}
