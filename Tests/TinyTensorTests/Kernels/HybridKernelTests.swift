import KernelInterface
import Testing
import TinyTensorKernels

@testable import TinyTensor

/// Layers of float32 activations and int8 weights: every set of kernels gives the reference's bits, and writes nowhere
/// else.
@Suite("Kernel sets equal the reference on hybrid layers")
struct HybridKernelTests {
  private func compare(_ layers: [SampleLayer], threads: Int = 1) throws {
    for (index, layer) in layers.enumerated() {
      let contents = SampleLayer.RealContent.allCases
      let content = contents[index / 4 % contents.count]
      let (test, input) = layer.makeHybrid(
        seed: UInt64(index), content, isPerChannel: index % 2 == 0, isAsymmetric: index / 2 % 2 == 0)
      let model = test.bytes
      let expected = try GuardedRun(model, input, .reference, filler: 0)
      try #require(!expected.writesBeyond, "reference: \(layer)")
      for set in KernelSet.vectorSets {
        let run = try GuardedRun(model, input, set, threads: threads, filler: index % 2 == 0 ? 0xA5 : 0x5A)
        let isEqual = run.output == expected.output
        try #require(isEqual, "\(set) differs: \(layer), \(content)")
        try #require(!run.writesBeyond, "\(set) writes beyond: \(layer)")
        try #require(run.kernel.hasSuffix(set.rawValue), "\(set) has no kernel: \(layer)")
      }
    }
  }

  @Test("channels", arguments: [SampleLayer.Kind.convolution, .depthwise, .fullyConnected])
  func channels(kind: SampleLayer.Kind) throws {
    var layers: [SampleLayer] = []
    for (index, channels) in KernelSetTests.channels.enumerated() {
      for width in [1, index % 23 + 1] {
        let inputs = kind == .depthwise ? channels : index % 11 + 1
        layers.append(
          SampleLayer(
            kind: kind, batches: kind == .fullyConnected ? width : index % 3 + 1, height: 3, width: width,
            inputChannels: inputs, outputChannels: channels, kernelHeight: width % 2 + 2, kernelWidth: 3,
            isSame: true, activation: Int8(index % 4), hasBias: index % 5 != 0))
      }
    }
    try compare(layers)
  }

  @Test("windows", arguments: [SampleLayer.Kind.convolution, .depthwise])
  func windows(kind: SampleLayer.Kind) throws {
    var layers: [SampleLayer] = []
    let strides = [(1, 1), (2, 2), (1, 2), (2, 1)]
    let dilations = [(1, 1), (2, 1), (3, 3)]
    for (height, width) in [(1, 1), (3, 3), (5, 5), (1, 7), (7, 1), (2, 4)] {
      for (strideHeight, strideWidth) in strides {
        for (dilationHeight, dilationWidth) in dilations {
          for isSame in [true, false] {
            let layer = SampleLayer(
              kind: kind, batches: 1 + layers.count % 3, height: 8 + layers.count % 3, width: 7 + layers.count % 13,
              inputChannels: kind == .depthwise ? 19 : 3, outputChannels: 19, kernelHeight: height, kernelWidth: width,
              strideHeight: strideHeight, strideWidth: strideWidth, dilationHeight: dilationHeight,
              dilationWidth: dilationWidth, isSame: isSame, activation: Int8(layers.count / 3 % 4))
            if layer.outputShape.allSatisfy({ $0 > 0 }) { layers.append(layer) }
          }
        }
      }
    }
    try compare(layers)
  }

  @Test("groups and several outputs a channel")
  func groups() throws {
    var layers: [SampleLayer] = []
    for groups in [2, 3, 5] {
      for (inputs, outputs) in [(1, 1), (3, 4), (2, 17), (4, 16), (5, 65)] {
        layers.append(
          SampleLayer(
            batches: 2, height: 4, width: 5, inputChannels: groups * inputs, outputChannels: groups * outputs,
            kernelHeight: 3, kernelWidth: 2, isSame: true, groups: groups))
        layers.append(
          SampleLayer(
            kind: .depthwise, batches: 2, height: 5, width: 6, inputChannels: groups, outputChannels: groups * outputs,
            kernelHeight: 3, kernelWidth: 3, isSame: true))
      }
    }
    try compare(layers)
  }

  @Test("extreme weights and threads")
  func extremes() throws {
    var layers: [SampleLayer] = []
    for content in [SampleLayer.Content.lowest, .highest, .extremes] {
      for kind in [SampleLayer.Kind.convolution, .depthwise, .fullyConnected] {
        layers += (0..<4).map { _ in
          SampleLayer(
            kind: kind, batches: 3, height: 21, width: 22, inputChannels: 20, outputChannels: 20, kernelHeight: 7,
            kernelWidth: 5, isSame: true, content: content)
        }
      }
    }
    try compare(layers, threads: 3)
  }

  @Test("ranges and roundings of numbers", arguments: InstructionSet.available)
  func numbers(set: InstructionSet) throws {
    var generator = SplitMix(state: 3)
    for count in [0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000] {
      for isAsymmetric in [false, true] {
        for kind in 0..<5 {
          let step = Float.random(in: 0.001...3, using: &generator)
          let numbers = (0..<count).map { _ -> Float in
            let half = Float(Int.random(in: -255...255, using: &generator)) / 2 * step
            switch kind {
            case 0: return half
            case 1: return half.nextUp
            case 2: return half.nextDown
            case 3: return Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
            default: return Float.random(in: -100...1, using: &generator)
            }
          }
          var expected = [Int8](repeating: 1, count: count)
          var span = expected.mutableSpan
          let scale = quantizeDynamicallyReference(isAsymmetric: isAsymmetric, input: numbers.span, output: &span)
          var found = [Int8](repeating: 0, count: count)
          unsafe numbers.withUnsafeBufferPointer { input in
            unsafe found.withUnsafeMutableBufferPointer { output in
              guard let source = input.baseAddress, let target = output.baseAddress else { return }
              let range = unsafe set.range(RealRangeTask(input: source, count: count))
              guard
                let chosen = DynamicScale.covering(range.smallest, range.largest, isAsymmetric: isAsymmetric)
              else { return }
              #expect(chosen.result == scale)
              unsafe set.quantize(
                DynamicQuantizeTask(
                  input: source, output: target, count: count, factor: chosen.inverse,
                  offset: Int32(scale.zeroPoint), lowest: isAsymmetric ? -128 : -127))
            }
          }
          #expect(found == expected, "\(count) numbers of kind \(kind)")
        }
      }
    }
  }
}
