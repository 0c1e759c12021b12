import KernelInterface
import TinyTensorKernels

/// The numbers of a layer that are made up from a seed, the same on every machine and for every set of kernels.
struct SampleNumbers {
  let input: [Int8]
  /// `[channels, taps]` of a product of matrices, `[taps, channels]` of a depthwise convolution.
  let filter: [Int8]
  let bias: [Int32]
  let factors: [QuantizedMultiplier]
  /// As RELU has it: negative sums become the output's zero point.
  let arithmetic = Int8Arithmetic(
    inputZeroPoint: -7, weightZeroPoint: 0, stage: OutputStage(zeroPoint: -128, minimum: -128, maximum: 127))

  /// The standard deviation of a sum of products of evenly distributed bytes, divided by the square root of their count.
  private static let deviation = 74.0 * 74.0
  /// The standard deviation of outputs before they are clamped.
  private static let spread = 50.0

  init(_ shape: LayerShape, seed: UInt64) {
    let geometry = shape.geometry
    let channels = geometry.outputChannels
    let taps = shape.taps
    var random = SampleRandom(state: seed)
    input = random.bytes(geometry.batches * geometry.inputHeight * geometry.inputWidth * geometry.inputChannels)
    filter = random.bytes(channels * taps)
    bias = (0..<channels).map { _ in Int32(truncatingIfNeeded: random.next() % 2001) - 1000 }
    let usual = Self.spread / (Self.deviation * Double(taps).squareRoot())
    factors = (0..<channels).map { _ in QuantizedMultiplier(usual * (0.5 + Double(random.next() % 1000) / 1000)) }
  }

  /// What the channels of a packed layer start from and are scaled by.
  ///
  /// - Parameters:
  ///   - numbers: of the layer.
  ///   - taps: of a channel.
  ///   - weightSum: the sum of a channel's weights.
  func channels(_ numbers: ByteLayer, taps: Int, weightSum: (Int) -> Int32) -> [ChannelNumbers] {
    bias.indices.map { channel in
      ChannelNumbers(
        bias: numbers.bias(bias[channel], weightSum: weightSum(channel), taps: taps),
        multiplier: factors[channel].multiplier, shift: factors[channel].shift, inputFlip: numbers.inputFlip)
    }
  }
}

/// SplitMix64.
private struct SampleRandom {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [Int8] {
    var bytes: [Int8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      var number = next()
      for _ in 0..<min(8, count - bytes.count) {
        bytes.append(Int8(truncatingIfNeeded: number))
        number >>= 8
      }
    }
    return bytes
  }
}
