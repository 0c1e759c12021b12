import Testing

@testable import TinyTensor

/// Layers of int16 activations: every set of kernels gives the reference's bytes, and writes nowhere else.
@Suite("Kernel sets equal the reference on int16 layers")
struct SixteenBitKernelTests {
  private func compare(_ layers: [SampleLayer], threads: Int = 1) throws {
    for (index, layer) in layers.enumerated() {
      for isWide in layer.kind == .depthwise ? [true] : [true, false] {
        let (test, input) = layer.makeSixteenBit(seed: UInt64(index), isWide: isWide)
        let model = test.bytes
        let expected = try GuardedRun(model, input, .reference, filler: 0)
        try #require(!expected.writesBeyond, "reference: \(layer)")
        for set in KernelSet.vectorSets {
          let run = try GuardedRun(model, input, set, threads: threads, filler: index % 2 == 0 ? 0xA5 : 0x5A)
          let isEqual = run.output == expected.output
          try #require(isEqual, "\(set) differs: \(layer), wide: \(isWide)")
          try #require(!run.writesBeyond, "\(set) writes beyond: \(layer)")
          try #require(run.kernel.hasSuffix(set.rawValue), "\(set) has no kernel: \(layer)")
        }
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
            kind: kind, batches: kind == .fullyConnected ? width : 1, height: 3, width: width, inputChannels: inputs,
            outputChannels: channels, kernelHeight: width % 2 + 2, kernelWidth: 3, isSame: true,
            activation: Int8(index % 4), hasBias: index % 5 != 0))
      }
    }
    try compare(layers)
  }

  @Test("windows", arguments: [SampleLayer.Kind.convolution, .depthwise])
  func windows(kind: SampleLayer.Kind) throws {
    var layers: [SampleLayer] = []
    let strides = [(1, 1), (2, 2), (3, 3), (1, 2), (2, 1)]
    let dilations = [(1, 1), (2, 1), (1, 2), (3, 3)]
    for (height, width) in [(1, 1), (3, 3), (5, 5), (1, 7), (7, 1), (2, 4), (4, 3)] {
      for (strideHeight, strideWidth) in strides {
        for (dilationHeight, dilationWidth) in dilations {
          for isSame in [true, false] {
            let layer = SampleLayer(
              kind: kind, batches: 1 + layers.count % 2, height: 8 + layers.count % 3, width: 7 + layers.count % 13,
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
            height: 4, width: 5, inputChannels: groups * inputs, outputChannels: groups * outputs, kernelHeight: 3,
            kernelWidth: 2, isSame: true, groups: groups))
        layers.append(
          SampleLayer(
            kind: .depthwise, height: 5, width: 6, inputChannels: groups, outputChannels: groups * outputs,
            kernelHeight: 3, kernelWidth: 3, isSame: true))
      }
    }
    try compare(layers)
  }

  @Test("depths and threads")
  func depths() throws {
    var layers: [SampleLayer] = []
    for depth in [1, 7, 64, 1030] {
      for channels in [5, 64, 100] {
        layers.append(SampleLayer(height: 5, width: 7, inputChannels: depth, outputChannels: channels))
        layers.append(
          SampleLayer(kind: .fullyConnected, batches: 1, inputChannels: depth, outputChannels: 8 * channels))
        layers.append(
          SampleLayer(
            height: 13, width: 11, inputChannels: depth, outputChannels: channels, kernelHeight: 3, kernelWidth: 3,
            isSame: true))
        layers.append(
          SampleLayer(
            kind: .depthwise, height: 27, width: 31, inputChannels: channels, outputChannels: channels,
            kernelHeight: 3, kernelWidth: 3, isSame: true))
      }
    }
    try compare(layers, threads: 3)
  }

  @Test("extreme numbers", arguments: [SampleLayer.Kind.convolution, .depthwise, .fullyConnected])
  func extremes(kind: SampleLayer.Kind) throws {
    var layers: [SampleLayer] = []
    for content in [SampleLayer.Content.lowest, .highest, .extremes] {
      for depth in kind == .depthwise ? [33] : [3, 511, 1021, 2050] {
        layers.append(
          SampleLayer(
            kind: kind, batches: 2, height: kind == .fullyConnected ? 1 : 3,
            width: kind == .fullyConnected ? 1 : 4, inputChannels: depth,
            outputChannels: kind == .depthwise ? depth : 17, kernelHeight: kind == .depthwise ? 3 : 1,
            kernelWidth: kind == .depthwise ? 4 : 1, isSame: true, content: content))
      }
    }
    try compare(layers)
  }
}
