import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// A hybrid layer by the kernels of an instruction set: all batches are quantized, each in its own way, then multiplied
/// at once, and their sums, which lie in the output, become real numbers there. Results equal the reference kernels'.
struct PackedHybrid: Sendable {
  let set: InstructionSet
  let product: Product
  /// What each batch was quantized by, a ``DynamicScale``.
  let batchScales: WriteSlot
  /// Bytes, or sums, of one batch.
  let inputCount: Int
  let rows: Int
  let channels: Int

  /// What takes the sums.
  enum Product: Sendable {
    /// Of bytes, the zero point not taken off; its share is known from the sums of weights.
    case matrix(PackedMatrix, padding: HybridPadding?, weightSums: ReadSlot)
    /// Of bytes less their zero point as real numbers, whose products and sums are whole and exact.
    case real(PackedReal, centred: WriteSlot)
  }
}

/// How one batch is laid into an image with padding around it, whose byte is the batch's zero point.
struct HybridPadding: Sendable {
  let image: ImagePadding
  let padded: WriteSlot
}

extension PackedHybrid {
  func run(_ memory: OperatorMemory, _ layer: HybridLayer) {
    var scales = memory.write(batchScales, as: DynamicScale.self)
    for batch in 0..<layer.batches {
      let scale = quantize(memory, layer, batch)
      scales[batch] = scale
      switch product {
      case .matrix(_, let padding, _):
        guard let padding else { continue }
        var image = padding.image
        image.byte = UInt8(truncatingIfNeeded: scale.zeroPoint)
        // Sound: both have room for all batches.
        unsafe image.copy(
          UnsafeRawPointer(memory.pointer(layer.quantized)) + batch * inputCount,
          to: memory.pointer(padding.padded) + batch * image.byteCount, memory.workers)
      case .real(_, let centred):
        // Sound: both have room for all batches.
        unsafe VectorWork.run(
          set,
          .dequantize(
            DequantizeTask(
              input: UnsafeRawPointer(memory.pointer(layer.quantized)) + batch * inputCount,
              output: memory.pointer(centred).assumingMemoryBound(to: Float.self) + batch * inputCount,
              count: inputCount, scale: 1, zeroPoint: Int32(scale.zeroPoint), isUnsigned: false)), memory.workers)
      }
    }
    switch product {
    case .matrix(let matrix, _, let weightSums):
      matrix.run(memory)
      for batch in 0..<layer.batches { scale(memory, layer, batch, scales[batch], weightSums: weightSums) }
    case .real(let real, _):
      real.run(memory)
      for batch in 0..<layer.batches { scale(memory, layer, batch, scales[batch], weightSums: nil) }
    }
  }

  /// Makes the numbers of a batch bytes.
  private func quantize(_ memory: OperatorMemory, _ layer: HybridLayer, _ batch: Int) -> DynamicScale {
    // Sound: both operands have room for all batches.
    let input = unsafe memory.pointer(layer.input).assumingMemoryBound(to: Float.self) + batch * inputCount
    let output = unsafe memory.pointer(layer.quantized).assumingMemoryBound(to: Int8.self) + batch * inputCount
    let range = unsafe set.range(RealRangeTask(input: input, count: inputCount))
    guard let scale = DynamicScale.covering(range.smallest, range.largest, isAsymmetric: layer.isAsymmetric) else {
      unsafe output.initialize(repeating: 0, count: inputCount)
      return DynamicScale(scale: 1, zeroPoint: 0)
    }
    unsafe VectorWork.run(
      set,
      .dynamicQuantize(
        DynamicQuantizeTask(
          input: input, output: output, count: inputCount, factor: scale.inverse,
          offset: Int32(scale.result.zeroPoint), lowest: layer.isAsymmetric ? -128 : -127)), memory.workers)
    return scale.result
  }

  /// Makes the sums of a batch real numbers.
  private func scale(
    _ memory: OperatorMemory, _ layer: HybridLayer, _ batch: Int, _ scale: DynamicScale, weightSums: ReadSlot?
  ) {
    let sumBytes = rows * channels * MemoryLayout<Float>.stride
    // Sound: the output has room for the sums of all batches; the other operands have a number for every channel.
    unsafe VectorWork.run(
      set,
      .scaling(
        RealScalingTask(
          sums: memory.pointer(layer.output) + batch * sumBytes,
          weightSums: weightSums.map { unsafe memory.pointer($0).assumingMemoryBound(to: Int32.self) },
          factors: memory.pointer(layer.scales).assumingMemoryBound(to: Float.self),
          bias: memory.pointer(layer.bias).assumingMemoryBound(to: Float.self), rows: rows, channels: channels,
          inputScale: scale.scale, inputZeroPoint: Int32(scale.zeroPoint), isFactorFirst: layer.isFactorFirst,
          minimum: layer.activation.minimum, maximum: layer.activation.maximum)), memory.workers)
  }
}

extension GraphBuilder {
  /// A hybrid layer's constants for the kernels of the model's instruction set; `nil` where the reference kernels have to
  /// run: there is no such set, the weights are not constant, the activation is a hyperbolic tangent, or a depthwise
  /// window has more taps than sums of real numbers stay exact for.
  mutating func packedHybrid(_ layer: HybridLayer) throws(ModelError) -> PackedHybrid? {
    guard let set = context.instructionSet, !layer.activation.isHyperbolicTangent else { return nil }
    guard isConstant(layer.weights) else { return nil }
    let window: WindowGeometry
    let product: PackedHybrid.Product?
    switch layer.kind {
    case .convolution(let geometry, let groups):
      window = geometry
      product = try matrixProduct(layer, geometry, groups: groups)
    case .fullyConnected(let sizes):
      window = WindowGeometry(
        batches: 1, inputHeight: 1, inputWidth: 1, inputChannels: sizes.depth, outputHeight: 1, outputWidth: 1,
        outputChannels: sizes.units, kernelHeight: 1, kernelWidth: 1, strideHeight: 1, strideWidth: 1,
        dilationHeight: 1, dilationWidth: 1, paddingTop: 0, paddingLeft: 0)
      product = try matrixProduct(layer, window, groups: 1)
    case .depthwise(let geometry, _):
      window = geometry
      product = try realProduct(layer, geometry)
    }
    guard let product else { return nil }
    return PackedHybrid(
      set: set, product: product, batchScales: try bindScratch(count: layer.batches, of: DynamicScale.self),
      inputCount: window.inputHeight * window.inputWidth * window.inputChannels,
      rows: window.outputHeight * window.outputWidth, channels: window.outputChannels)
  }

  // MARK: Products of bytes

  private mutating func matrixProduct(
    _ layer: HybridLayer, _ geometry: WindowGeometry, groups: Int
  ) throws(ModelError) -> PackedHybrid.Product? {
    var all = geometry
    all.batches = layer.batches
    // Its byte is set in the run.
    let image = ImagePadding(geometry, byte: 0)
    let (count, overflow) = (image?.byteCount ?? 0).multipliedReportingOverflow(by: layer.batches)
    guard !overflow else { return nil }
    let padding = try image.map { (image) throws(ModelError) in
      HybridPadding(image: image, padded: try bindScratch(count: count, of: UInt8.self))
    }
    let source = ReadSlot(index: (padding?.padded ?? layer.quantized).index)
    guard
      let sums = try packedSums(
        all, groups: groups, filter: layer.weights, input: source, height: image?.paddedHeight,
        width: image?.paddedWidth, output: layer.output)
    else { return nil }
    return .matrix(sums.matrix, padding: padding, weightSums: try bind(packed: sums.weightSums))
  }

  // MARK: Products of real numbers

  /// Products are at most `255 * 128`, and real numbers whole up to `2^24`.
  private static var mostExactTaps: Int { (1 << 24) / (255 * 128) }

  private mutating func realProduct(
    _ layer: HybridLayer, _ geometry: WindowGeometry
  ) throws(ModelError) -> PackedHybrid.Product? {
    let (taps, overflow) = geometry.kernelHeight.multipliedReportingOverflow(by: geometry.kernelWidth)
    guard !overflow, taps <= Self.mostExactTaps else { return nil }
    var all = geometry
    all.batches = layer.batches
    let centred = try bindScratch(
      count: layer.batches * geometry.inputHeight * geometry.inputWidth * geometry.inputChannels, of: Float.self)
    guard
      let real = try packedReal(
        wholeDepthwise: all, input: ReadSlot(index: centred.index), filter: layer.weights, output: layer.output)
    else { return nil }
    return .real(real, centred: centred)
  }
}
