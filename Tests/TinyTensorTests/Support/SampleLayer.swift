@testable import TinyTensor

/// A layer of 8-bit numbers, from which a model is made up: what kernels of all sets are compared on.
struct SampleLayer {
  enum Kind { case convolution, depthwise, fullyConnected }

  /// What the image and the filter hold.
  enum Content { case random, lowest, highest, extremes }

  /// Factors of the output's channels.
  enum Scaling {
    /// So that outputs take most of their range.
    case ordinary
    /// At least 1/2: shifts are 0 or to the left.
    case large
    /// Shifted right by 29 to 31.
    case tiny
    /// Of every size.
    case mixed
  }

  var kind = Kind.convolution
  var batches = 1
  var height = 1
  var width = 1
  var inputChannels = 1
  /// A multiple of `inputChannels` for a depthwise layer.
  var outputChannels = 1
  var kernelHeight = 1
  var kernelWidth = 1
  var strideHeight = 1
  var strideWidth = 1
  var dilationHeight = 1
  var dilationWidth = 1
  var isSame = false
  var groups = 1
  var isUnsigned = false
  /// Of zero points; those of uint8 are 128 more.
  var inputZeroPoint: Int64 = 3
  var weightZeroPoint: Int64 = 0
  var outputZeroPoint: Int64 = -5
  /// 0 none, 1 RELU, 2 RELU_N1_TO_1, 3 RELU6.
  var activation: Int8 = 0
  var hasBias = true
  var content = Content.random
  var scaling = Scaling.ordinary

  private var type: ElementType { isUnsigned ? .uint8 : .int8 }
  private var offset: Int64 { isUnsigned ? 128 : 0 }

  /// Taps of an output's sum.
  private var taps: Int {
    kind == .depthwise ? kernelHeight * kernelWidth : kernelHeight * kernelWidth * inputChannels / groups
  }

  var inputShape: [Int] {
    kind == .fullyConnected ? [batches, inputChannels] : [batches, height, width, inputChannels]
  }

  private var filterShape: [Int] {
    switch kind {
    case .convolution: [outputChannels, kernelHeight, kernelWidth, inputChannels / groups]
    case .depthwise: [1, kernelHeight, kernelWidth, outputChannels]
    case .fullyConnected: [outputChannels, inputChannels]
    }
  }

  var outputShape: [Int] {
    func size(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
      isSame ? (input + stride - 1) / stride : (input - (kernel - 1) * dilation - 1 + stride) / stride
    }
    if kind == .fullyConnected { return [batches, outputChannels] }
    return [
      batches, size(height, kernelHeight, strideHeight, dilationHeight),
      size(width, kernelWidth, strideWidth, dilationWidth), outputChannels,
    ]
  }

  /// Bytes of a tensor.
  private func bytes(_ count: Int, _ generator: inout SplitMix) -> [UInt8] {
    let lowest: UInt8 = isUnsigned ? 0 : 0x80
    let highest: UInt8 = isUnsigned ? 0xFF : 0x7F
    return (0..<count).map { _ in
      switch content {
      case .random: UInt8.random(in: 0...255, using: &generator)
      case .lowest: lowest
      case .highest: highest
      case .extremes: Bool.random(using: &generator) ? lowest : highest
      }
    }
  }

  /// The factor of a channel.
  private func factor(_ generator: inout SplitMix) -> Float {
    // Random sums are around 74 * 74 * the root of the taps, others up to 128 * 128 * the taps.
    let size = content == .random ? 5500 * Float(taps).squareRoot() : 16384 * Float(taps)
    let ordinary = Float.random(in: 0.3...3, using: &generator) * 60 / size
    let large = Float.random(in: 0.5...4, using: &generator)
    let tiny = Float.random(in: 0x1p-32...0x1p-29, using: &generator)
    switch scaling {
    case .ordinary: return ordinary
    case .large: return large
    case .tiny: return tiny
    case .mixed: return [ordinary, large, tiny, 0.5, 1, 0x1p-31][Int.random(in: 0..<6, using: &generator)]
    }
  }

  /// The model, and an input for it; the same for the same seed.
  func make(seed: UInt64) -> (model: TestModel, input: [UInt8]) {
    var generator = SplitMix(state: seed)
    var test = TestModel()
    let image = test.input(inputShape, type, scale: 0.5, zeroPoint: inputZeroPoint + offset)
    let weights = bytes(filterShape.reduce(1, *), &generator)
    // uint8 layers have one scale, those of int8 one a channel.
    let scales = (0..<(isUnsigned ? 1 : outputChannels)).map { _ in factor(&generator) }
    let filter = test.constant(
      "filter", filterShape, type, weights, scales: scales,
      zeroPoints: scales.map { _ in weightZeroPoint + offset }, axis: kind == .depthwise ? 3 : 0)
    var operands = [image, filter]
    if hasBias {
      let range: Int32 = scaling == .large ? 100 : 20_000
      operands.append(
        test.constant(
          "bias", [outputChannels], .int32,
          (0..<outputChannels).map { _ in Int32.random(in: -range...range, using: &generator) }))
    }
    let output = test.output(outputShape, type, scale: 0.5, zeroPoint: outputZeroPoint + offset)
    test.add(code, operands, [output], options: options)
    return (test, bytes(inputShape.reduce(1, *), &generator))
  }

  private var code: BuiltinOperator {
    switch kind {
    case .convolution: .conv2D
    case .depthwise: .depthwiseConv2D
    case .fullyConnected: .fullyConnected
    }
  }

  private var options: (type: UInt8, table: FlatTable) {
    let padding: Int8 = isSame ? 0 : 1
    switch kind {
    case .convolution:
      return Options.convolution(
        padding: padding, strideWidth: Int32(strideWidth), strideHeight: Int32(strideHeight), activation: activation,
        dilationWidth: Int32(dilationWidth), dilationHeight: Int32(dilationHeight))
    case .depthwise:
      return Options.depthwise(
        padding: padding, strideWidth: Int32(strideWidth), strideHeight: Int32(strideHeight), activation: activation,
        dilationWidth: Int32(dilationWidth), dilationHeight: Int32(dilationHeight))
    case .fullyConnected: return Options.fullyConnected(activation: activation)
    }
  }
}

// MARK: Real numbers

extension SampleLayer {
  /// What tensors of real numbers hold.
  enum RealContent: CaseIterable {
    case ordinary
    /// With zeros of both signs and the smallest numbers.
    case small
    /// With infinities and numbers whose products overflow.
    case large
  }

  /// The same layer of float32, and an input for it; the same for the same seed.
  func makeReal(seed: UInt64, _ content: RealContent) -> (model: TestModel, input: [UInt8]) {
    var generator = SplitMix(state: seed)
    func patterns(_ count: Int) -> [UInt32] {
      (0..<count).map { _ in
        let ordinary = Float.random(in: -2...2, using: &generator)
        let special: [Float] =
          switch content {
          case .ordinary: []
          case .small: [0, -0.0, Float.leastNonzeroMagnitude, -Float.leastNormalMagnitude, 1e-30, -1e-25]
          case .large: [Float.infinity, -Float.infinity, 3e38, -3e38, 0, -0.0, 1e20]
          }
        // One of large numbers in about 50 taps: else all sums would be no numbers.
        guard !special.isEmpty, Int.random(in: 0..<(content == .large ? 50 : 3), using: &generator) == 0 else {
          return ordinary.bitPattern
        }
        return special[Int.random(in: 0..<special.count, using: &generator)].bitPattern
      }
    }
    var test = TestModel()
    let image = test.input(inputShape, .float32)
    var operands = [image, test.constant("filter", filterShape, .float32, patterns(filterShape.reduce(1, *)))]
    if hasBias { operands.append(test.constant("bias", [outputChannels], .float32, patterns(outputChannels))) }
    let output = test.output(outputShape, .float32)
    test.add(code, operands, [output], options: options)
    let input = patterns(inputShape.reduce(1, *)).flatMap { pattern in
      (0..<4).map { UInt8(truncatingIfNeeded: pattern >> (8 * UInt32($0))) }
    }
    return (test, input)
  }
}

// MARK: Hybrid layers

extension SampleLayer {
  /// The same layer of float32 activations and int8 weights, and an input for it; the same for the same seed.
  ///
  /// - Parameters:
  ///   - content: what the input holds.
  ///   - isPerChannel: whether each channel has its own scale.
  ///   - isAsymmetric: the option of a fully connected layer.
  func makeHybrid(
    seed: UInt64, _ content: RealContent, isPerChannel: Bool, isAsymmetric: Bool
  ) -> (model: TestModel, input: [UInt8]) {
    var generator = SplitMix(state: seed)
    var test = TestModel()
    let image = test.input(inputShape, .float32)
    let weights = bytes(filterShape.reduce(1, *), &generator)
    let scales = (0..<(isPerChannel ? outputChannels : 1)).map { _ in Float.random(in: 0.01...0.1, using: &generator) }
    let filter = test.constant(
      "filter", filterShape, .int8, weights, scales: scales, zeroPoints: scales.map { _ in 0 },
      axis: kind == .depthwise ? 3 : 0)
    var operands = [image, filter]
    if hasBias {
      let biases = (0..<outputChannels).map { _ in Float.random(in: -5...5, using: &generator).bitPattern }
      operands.append(test.constant("bias", [outputChannels], .float32, biases))
    }
    let output = test.output(outputShape, .float32)
    test.add(
      code, operands, [output],
      options: kind == .fullyConnected
        ? (8, FlatTable([0: .int8(activation), 3: .bool(isAsymmetric)])) : options)
    let special: [Float] =
      switch content {
      case .ordinary: []
      case .small: [0, -0.0, Float.leastNonzeroMagnitude, -Float.leastNormalMagnitude, 1e-30, -1e-25]
      case .large: [Float.infinity, -Float.infinity, Float.nan, 3e38, -3e38, 0, -0.0, 1e20]
      }
    let size = inputShape.reduce(1, *)
    // Numbers whose quotients are halves, and any.
    let step = Float.random(in: 0.5...2, using: &generator)
    let input = (0..<size).flatMap { _ in
      let choice = Int.random(in: 0..<4, using: &generator)
      let number: Float =
        if choice == 0, let chosen = special.randomElement(using: &generator) {
          chosen
        } else if content == .small {
          0
        } else if choice == 1 {
          Float(Int.random(in: -254...254, using: &generator)) / 2 * step
        } else {
          Float.random(in: -127...127, using: &generator) * step
        }
      return (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt32($0))) }
    }
    return (test, input)
  }
}

// MARK: int16 activations

extension SampleLayer {
  /// The same layer of int16 activations and int8 weights, and an input for it; the same for the same seed.
  ///
  /// - Parameters:
  ///   - isWide: whether sums and biases have 64 bits.
  func makeSixteenBit(seed: UInt64, isWide: Bool) -> (model: TestModel, input: [UInt8]) {
    var generator = SplitMix(state: seed)
    func number(_ type: ClosedRange<Int16>) -> Int16 {
      switch content {
      case .random: Int16.random(in: type, using: &generator)
      case .lowest: type.lowerBound
      case .highest: type.upperBound
      case .extremes: Bool.random(using: &generator) ? type.lowerBound : type.upperBound
      }
    }
    var test = TestModel()
    let image = test.input(inputShape, .int16, scale: 0.5)
    let weights = (0..<filterShape.reduce(1, *)).map { _ in Int8(number(-128...127)) }
    // Sums of random numbers are around 19000 * 74 * the root of the taps.
    let count = Float(kind == .depthwise ? kernelHeight * kernelWidth : filterShape.reduce(1, *) / outputChannels)
    let size = content == .random ? 1.4e6 * count.squareRoot() : 4.2e6 * count
    let scales = (0..<outputChannels).map { _ in 2e4 / size * Float.random(in: 0.3...3, using: &generator) }
    let filter = test.constant("filter", filterShape, .int8, weights, scales: scales, axis: kind == .depthwise ? 3 : 0)
    var operands = [image, filter]
    let bias = (0..<outputChannels).map { _ in Int64.random(in: -1_000_000...1_000_000, using: &generator) }
    if isWide, hasBias {
      operands.append(test.constant("bias", [outputChannels], .int64, bias))
    } else if !isWide {
      operands.append(test.constant("bias", [outputChannels], .int32, bias.map { Int32($0) }))
    }
    let output = test.output(outputShape, .int16, scale: 0.5)
    test.add(code, operands, [output], options: options)
    let input = (0..<inputShape.reduce(1, *)).flatMap { _ in
      let element = UInt16(bitPattern: number(-32768...32767))
      return [UInt8(truncatingIfNeeded: element), UInt8(element >> 8)]
    }
    return (test, input)
  }
}
