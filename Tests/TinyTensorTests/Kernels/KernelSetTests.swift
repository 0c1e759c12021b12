import Testing

@testable import TinyTensor

/// Every set of kernels that this processor can run gives the reference's bytes, and writes nowhere else.
@Suite("Kernel sets equal the reference")
struct KernelSetTests {
  /// Around the lanes of all sets (4, 8, 16), their blocks (16, 32, 64), and primes.
  static let channels = [
    1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 23, 24, 25, 28, 31, 32, 33, 37, 41, 47, 48, 49, 53, 60, 61, 63,
    64, 65, 67, 79, 80, 81, 97, 112, 127, 128, 129, 131, 193,
  ]

  /// Compares all sets on some layers.
  ///
  /// - Parameters:
  ///   - layers: what to compare on.
  ///   - threads: threads of the sets' runs.
  ///   - isPacked: whether the sets must have a kernel for all layers, and not leave them to the reference.
  private func compare(_ layers: [SampleLayer], threads: Int = 1, isPacked: Bool = true) throws {
    for (index, layer) in layers.enumerated() {
      let (test, input) = layer.make(seed: UInt64(index))
      let model = test.bytes
      let expected = try GuardedRun(model, input, .reference, filler: 0)
      try #require(!expected.writesBeyond, "reference: \(layer)")
      for set in KernelSet.vectorSets {
        let run = try GuardedRun(model, input, set, threads: threads, filler: index % 2 == 0 ? 0xA5 : 0x5A)
        let isEqual = run.output == expected.output
        try #require(isEqual, "\(set) differs: \(layer)")
        try #require(!run.writesBeyond, "\(set) writes beyond: \(layer)")
        if isPacked { try #require(run.kernel.hasSuffix(set.rawValue), "\(set) has no kernel: \(layer)") }
      }
    }
  }

  /// The layers with both types.
  private func both(_ layers: [SampleLayer]) -> [SampleLayer] {
    layers.flatMap { layer in
      [false, true].map { isUnsigned in
        var layer = layer
        layer.isUnsigned = isUnsigned
        return layer
      }
    }
  }

  // MARK: Convolution

  @Test("convolution: channels")
  func convolutionChannels() throws {
    var layers: [SampleLayer] = []
    for (index, channels) in Self.channels.enumerated() {
      layers.append(
        SampleLayer(
          width: [1, 2, 3, 4, 5, 6, 7, 8, 13][index % 9], inputChannels: index % 9 + 1, outputChannels: channels,
          activation: Int8(index % 4), hasBias: index % 5 != 0))
    }
    try compare(both(layers))
  }

  @Test("convolution: depths")
  func convolutionDepths() throws {
    var layers: [SampleLayer] = []
    for depth in [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 130, 257] {
      for channels in [1, 17, 64] {
        layers.append(SampleLayer(width: 7, inputChannels: depth, outputChannels: channels))
      }
    }
    try compare(both(layers))
  }

  @Test("convolution: rows")
  func convolutionRows() throws {
    var layers: [SampleLayer] = []
    for rows in [1, 2, 3, 4, 5, 6, 7, 8, 13] {
      for channels in [3, 16, 30, 64, 70] {
        layers.append(
          SampleLayer(batches: rows % 2 + 1, height: rows, width: 1, inputChannels: 5, outputChannels: channels))
      }
    }
    try compare(both(layers))
  }

  /// Kernels, strides, dilations and paddings that the image has room for.
  private func windows(_ kind: SampleLayer.Kind, _ inputChannels: Int, _ outputChannels: Int) -> [SampleLayer] {
    var layers: [SampleLayer] = []
    let kernels = [(1, 1), (3, 3), (5, 5), (7, 7), (1, 7), (7, 1), (2, 4), (3, 2), (1, 3), (2, 3), (4, 3), (5, 3)]
    for (height, width) in kernels {
      for (strideHeight, strideWidth) in [(1, 1), (2, 2), (3, 3), (1, 2), (2, 1)] {
        for (dilationHeight, dilationWidth) in [(1, 1), (2, 1), (1, 2), (3, 3)] {
          // TensorFlow has no dilation with a stride.
          if strideHeight * strideWidth > 1 && dilationHeight * dilationWidth > 1 { continue }
          for isSame in [true, false] {
            let layer = SampleLayer(
              kind: kind, batches: 1 + layers.count % 2, height: 8 + layers.count % 3, width: 9 - layers.count % 3,
              inputChannels: inputChannels, outputChannels: outputChannels, kernelHeight: height, kernelWidth: width,
              strideHeight: strideHeight, strideWidth: strideWidth, dilationHeight: dilationHeight,
              dilationWidth: dilationWidth, isSame: isSame, activation: Int8(layers.count / 3 % 4))
            if layer.outputShape.allSatisfy({ $0 > 0 }) { layers.append(layer) }
          }
        }
      }
    }
    return layers
  }

  @Test("convolution: windows")
  func convolutionWindows() throws {
    try compare(both(windows(.convolution, 3, 19)))
  }

  @Test("convolution: groups")
  func convolutionGroups() throws {
    var layers: [SampleLayer] = []
    for groups in [2, 3, 5] {
      for (inputs, outputs) in [(1, 1), (3, 4), (2, 17), (4, 16), (5, 65)] {
        layers.append(
          SampleLayer(
            height: 4, width: 5, inputChannels: groups * inputs, outputChannels: groups * outputs, kernelHeight: 3,
            kernelWidth: 2, isSame: true, groups: groups))
      }
    }
    try compare(layers)
  }

  // MARK: Depthwise convolution

  @Test("depthwise: channels")
  func depthwiseChannels() throws {
    var layers: [SampleLayer] = []
    for (index, channels) in Self.channels.enumerated() {
      for (size, stride) in [(3, 1), (3, 2), (5, 1)] {
        layers.append(
          SampleLayer(
            kind: .depthwise, height: 4, width: 3 + index % 5, inputChannels: channels, outputChannels: channels,
            kernelHeight: size, kernelWidth: size, strideHeight: stride, strideWidth: stride, isSame: true,
            activation: Int8(index % 4), hasBias: index % 5 != 0))
      }
    }
    try compare(both(layers))
  }

  @Test("depthwise: windows", arguments: [5, 17, 66])
  func depthwiseWindows(channels: Int) throws {
    try compare(both(windows(.depthwise, channels, channels)))
  }

  @Test("depthwise: 5 rows and columns", arguments: [1, 2])
  func depthwiseFive(stride: Int) throws {
    var layers: [SampleLayer] = []
    let contents = [SampleLayer.Content.random, .lowest, .highest, .extremes]
    for width in 1...11 {
      for (index, channels) in [3, 16, 32, 50, 64, 72, 130].enumerated() {
        for (strideHeight, dilationHeight) in [(1, 1), (2, 1), (1, 2)] {
          if stride > 1 && dilationHeight > 1 { continue }
          let isUnsigned = (width + index) % 2 == 0
          layers.append(
            SampleLayer(
              kind: .depthwise, batches: index % 2 + 1, height: width % 7 + 1, width: width, inputChannels: channels,
              outputChannels: channels, kernelHeight: 5, kernelWidth: 5,
              strideHeight: dilationHeight > 1 ? 1 : strideHeight, strideWidth: stride,
              dilationHeight: dilationHeight, isSame: true, isUnsigned: isUnsigned,
              weightZeroPoint: isUnsigned && index % 3 == 0 ? -100 : 0, activation: Int8(index % 4),
              content: contents[width % 4], scaling: index == 5 ? .mixed : .ordinary))
        }
      }
    }
    try compare(layers)
    try compare(Array(layers.suffix(20)), threads: 3)
  }

  @Test("depthwise: several outputs a channel, zero points of weights")
  func depthwiseMultiples() throws {
    var layers: [SampleLayer] = []
    for multiple in [1, 2, 3, 8, 17] {
      for channels in [1, 3, 4, 16] {
        for isUnsigned in [false, true] {
          layers.append(
            SampleLayer(
              kind: .depthwise, height: 5, width: 6, inputChannels: channels, outputChannels: multiple * channels,
              kernelHeight: 3, kernelWidth: 3, isSame: true, isUnsigned: isUnsigned,
              weightZeroPoint: isUnsigned ? 9 : 0))
        }
      }
    }
    try compare(layers, isPacked: false)
  }

  // MARK: Numbers

  @Test("extreme numbers", arguments: [SampleLayer.Kind.convolution, .depthwise])
  func extremes(kind: SampleLayer.Kind) throws {
    var layers: [SampleLayer] = []
    for content in [SampleLayer.Content.lowest, .highest, .extremes] {
      for zeroPoint: Int64 in [-128, 0, 127] {
        for weightZeroPoint: Int64 in kind == .convolution ? [0, -128, -1, 127] : [0] {
          for (index, channels) in [3, 16, 64, 65].enumerated() {
            layers.append(
              SampleLayer(
                kind: kind, height: 4, width: 5, inputChannels: kind == .depthwise ? channels : 9,
                outputChannels: channels, kernelHeight: 3, kernelWidth: 3, isSame: true,
                isUnsigned: weightZeroPoint != 0 || index % 2 == 0, inputZeroPoint: zeroPoint,
                weightZeroPoint: weightZeroPoint, outputZeroPoint: -zeroPoint / 2, content: content))
          }
        }
      }
    }
    try compare(layers)
  }

  @Test("factors of every size", arguments: [SampleLayer.Scaling.large, .tiny, .mixed])
  func factors(scaling: SampleLayer.Scaling) throws {
    var layers: [SampleLayer] = []
    for kind in [SampleLayer.Kind.convolution, .depthwise] {
      for zeroPoint: Int64 in [-128, -5, 100] {
        for activation: Int8 in 0..<4 {
          for channels in [5, 16, 64, 67] {
            layers.append(
              SampleLayer(
                kind: kind, height: 3, width: 5, inputChannels: kind == .depthwise ? channels : 2,
                outputChannels: channels, kernelHeight: 3, kernelWidth: 3, isSame: true, outputZeroPoint: zeroPoint,
                activation: activation, scaling: scaling))
          }
        }
      }
    }
    try compare(both(layers))
  }

  @Test("fully connected")
  func fullyConnected() throws {
    var layers: [SampleLayer] = []
    for (index, channels) in Self.channels.enumerated() {
      for depth in [index % 9 + 1, 67] {
        layers.append(
          SampleLayer(
            kind: .fullyConnected, batches: [1, 2, 3, 7, 13][index % 5], inputChannels: depth,
            outputChannels: channels, isUnsigned: index % 3 == 0, weightZeroPoint: index % 3 == 0 ? -7 : 0,
            activation: Int8(index % 4)))
      }
    }
    try compare(layers, isPacked: false)
  }

  @Test("several threads")
  func threads() throws {
    var layers: [SampleLayer] = []
    for channels in [17, 64, 200] {
      for kind in [SampleLayer.Kind.convolution, .depthwise] {
        layers.append(
          SampleLayer(
            kind: kind, height: 13, width: 11, inputChannels: channels, outputChannels: channels, kernelHeight: 3,
            kernelWidth: 3, isSame: true))
      }
    }
    try compare(both(layers), threads: 3)
  }
}
