import Testing

@testable import TinyTensor

@Suite("Paddings folded into convolutions")
struct FoldedPaddingTests {
  /// An image, the PADs behind it, and the layer behind those.
  struct Layer {
    var input: [Int]
    /// Of each PAD: above, below, left, right.
    var paddings: [[Int32]]
    var kernel: [Int] = [3, 3]
    var strides: [Int32] = [1, 1]
    var dilations: [Int32] = [1, 1]
    var outputChannels = 5
    var type = ElementType.int8
    var zeroPoint: Int64 = -3
    var filterZeroPoint: Int64 = 0
    var isDepthwise = false
    /// The operand that PADV2 pads with; PAD if there is none.
    var value: Int64?
    /// What the channels are padded by.
    var channelPadding: Int32 = 0
    var padding: Int8 = 1
    var paddedScale: Float = 0.5

    /// Sizes after all PADs.
    var padded: [Int] {
      var sizes = input
      for amounts in paddings {
        sizes[1] += Int(amounts[0] + amounts[1])
        sizes[2] += Int(amounts[2] + amounts[3])
        sizes[3] += Int(channelPadding)
      }
      return sizes
    }

    var output: [Int] {
      let padded = padded
      func size(_ axis: Int) -> Int {
        let stride = Int(strides[axis])
        if padding == 0 { return (padded[axis + 1] + stride - 1) / stride }
        return (padded[axis + 1] - (kernel[axis] - 1) * Int(dilations[axis]) - 1) / stride + 1
      }
      return [padded[0], size(0), size(1), outputChannels]
    }

    /// - Parameter keepsPadded: whether what the PADs write is read after the run, so that they must run.
    func model(keepsPadded: Bool) -> TestModel {
      var test = TestModel()
      var last = test.input(input, type, scale: 0.5, zeroPoint: zeroPoint)
      var sizes = input
      var results: [Int32] = []
      for (index, amounts) in paddings.enumerated() {
        sizes[1] += Int(amounts[0] + amounts[1])
        sizes[2] += Int(amounts[2] + amounts[3])
        sizes[3] += Int(channelPadding)
        let list = test.constant(
          "amounts \(index)", [4, 2], .int32,
          [0, 0, amounts[0], amounts[1], amounts[2], amounts[3], 0, channelPadding])
        let next = test.tensor("padded \(index)", sizes, type, scale: paddedScale, zeroPoint: zeroPoint)
        if let value {
          let element = test.constant(
            "value \(index)", [1], type, [UInt8(truncatingIfNeeded: value)], scales: [paddedScale],
            zeroPoints: [zeroPoint])
          test.add(.padV2, [last, list, element], [next])
        } else {
          test.add(.pad, [last, list], [next])
        }
        results.append(next)
        last = next
      }
      let filterShape =
        isDepthwise
        ? [1, kernel[0], kernel[1], outputChannels] : [outputChannels, kernel[0], kernel[1], sizes[3]]
      let weights = (0..<filterShape.reduce(1, *)).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 29) }
      let filter = test.constant(
        "filter", filterShape, type, weights, scales: [0.0625], zeroPoints: [filterZeroPoint])
      let bias = test.constant(
        "bias", [outputChannels], .int32, (0..<outputChannels).map { Int32($0 * 100) }, scales: [paddedScale * 0.0625])
      let output = test.output(output, type, scale: 16, zeroPoint: zeroPoint)
      test.add(
        isDepthwise ? .depthwiseConv2D : .conv2D, [last, filter, bias], [output],
        options: isDepthwise
          ? Options.depthwise(
            padding: padding, strideWidth: strides[1], strideHeight: strides[0], dilationWidth: dilations[1],
            dilationHeight: dilations[0])
          : Options.convolution(
            padding: padding, strideWidth: strides[1], strideHeight: strides[0], dilationWidth: dilations[1],
            dilationHeight: dilations[0]))
      if keepsPadded { test.outputs += results }
      return test
    }

    var elements: [UInt8] { (0..<input.reduce(1, *)).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 11) } }
  }

  private func run(_ bytes: [UInt8], _ input: [UInt8], _ kernels: KernelSet) throws -> (Model, [UInt8]) {
    let model = try Model(bytes: bytes, device: .cpu(CPUOptions(threads: 1, kernels: kernels)))
    var session = try model.makeSession()
    try session.setInput(model.input(at: 0), bytes: input.span)
    try session.run()
    return (model, try session.outputArray(model.output(at: 0)))
  }

  /// Compares a layer with itself where its PADs have to run.
  private func check(_ layer: Layer, folded: Int) throws {
    let input = layer.elements
    for kernels in KernelSet.allCases where kernels.isAvailable {
      let (model, output) = try run(layer.model(keepsPadded: false).bytes, input, kernels)
      let (kept, wanted) = try run(layer.model(keepsPadded: true).bytes, input, kernels)
      #expect(output == wanted, "\(kernels.rawValue) \(layer)")
      #expect(Set(wanted).count > 1)
      let last = model.operators.count - 1
      #expect(kept.operators.allSatisfy { $0.foldedInto == nil })
      #expect(kept.planSteps.count == kept.operators.count)
      #expect(model.operators.map(\.foldedInto).filter { $0 == last }.count == folded, "\(layer)")
      #expect(model.planSteps.count == model.operators.count - folded)
      for info in model.operators where info.foldedInto != nil {
        #expect(info.kernel == "folded into operator \(last)")
        #expect(info.isFolded)
        #expect(model.plan.locations[info.outputs[0]] == nil)
      }
    }
  }

  static let convolutions: [Layer] = [
    Layer(input: [1, 8, 8, 3], paddings: [[0, 1, 0, 1]], strides: [2, 2]),
    Layer(input: [2, 5, 6, 4], paddings: [[1, 1, 1, 1]]),
    Layer(input: [1, 5, 6, 4], paddings: [[2, 0, 0, 3]], strides: [2, 3]),
    Layer(input: [1, 3, 4, 2], paddings: [[5, 4, 6, 3]], kernel: [2, 2]),
    Layer(input: [1, 6, 7, 2], paddings: [[1, 2, 3, 4]], dilations: [2, 3]),
    Layer(input: [1, 4, 4, 2], paddings: [[1, 0, 2, 1], [0, 3, 1, 1]]),
    Layer(input: [1, 9, 9, 3], paddings: [[1, 1, 1, 1]], kernel: [1, 1], strides: [3, 3]),
    Layer(input: [1, 9, 7, 3], paddings: [[0, 0, 0, 0]]),
    Layer(input: [1, 7, 7, 16], paddings: [[3, 3, 3, 3]], kernel: [7, 7], strides: [2, 2], outputChannels: 33),
    Layer(input: [1, 6, 5, 3], paddings: [[1, 1, 1, 1]], type: .uint8, zeroPoint: 120, filterZeroPoint: 99),
    Layer(input: [1, 6, 5, 3], paddings: [[1, 1, 1, 1]], value: -3),
  ]

  @Test("CONV_2D gives the same bytes", arguments: convolutions.indices)
  func convolution(_ index: Int) throws {
    try check(Self.convolutions[index], folded: Self.convolutions[index].paddings.count)
  }

  @Test("DEPTHWISE_CONV_2D gives the same bytes", arguments: [1, 3, 8, 16, 40])
  func depthwise(_ channels: Int) throws {
    for layer in Self.convolutions {
      var layer = layer
      layer.isDepthwise = true
      layer.input[3] = channels
      layer.outputChannels = channels
      try check(layer, folded: layer.paddings.count)
      layer.outputChannels = 2 * channels
      try check(layer, folded: layer.paddings.count)
    }
  }

  @Test("an image that no window reaches keeps its PAD")
  func outside() throws {
    let layer = Layer(input: [1, 4, 4, 2], paddings: [[7, 0, 0, 0]], kernel: [1, 1], strides: [5, 1])
    try check(layer, folded: 1)
    var beyond = layer
    beyond.input = [1, 1, 4, 2]
    let (model, _) = try run(beyond.model(keepsPadded: false).bytes, beyond.elements, .reference)
    #expect(model.operators[0].foldedInto == nil)
  }

  @Test("other paddings stay")
  func kept() throws {
    let layer = Layer(input: [1, 6, 5, 3], paddings: [[1, 1, 1, 1]])
    var other = layer
    other.value = 5
    try check(other, folded: 0)
    other = layer
    other.channelPadding = 1
    try check(other, folded: 0)
    other = layer
    other.padding = 0
    try check(other, folded: 0)
    other = layer
    other.paddedScale = 0.25
    try check(other, folded: 0)
  }

  @Test("a padded image that another operator reads stays")
  func secondReader() throws {
    var test = Self.convolutions[1].model(keepsPadded: false)
    let padded = try #require(test.operators.last).inputs[0]
    let shape = test.tensors[Int(padded)].shape.map { Int($0) }
    let copy = test.output("copy", shape, .int8, scale: 0.5, zeroPoint: -3)
    test.add(.relu, [padded], [copy])
    #expect(try Model(bytes: test.bytes).operators.allSatisfy { $0.foldedInto == nil })
  }

  @Test("an average over a padded image counts the padding, so the PAD stays")
  func pool() throws {
    var test = TestModel()
    let input = test.input([1, 4, 4, 2], .int8, scale: 0.5)
    let list = test.constant("amounts", [4, 2], .int32, [Int32](arrayLiteral: 0, 0, 1, 1, 1, 1, 0, 0))
    let padded = test.tensor("padded", [1, 6, 6, 2], .int8, scale: 0.5)
    let output = test.output([1, 3, 3, 2], .int8, scale: 0.5)
    test.add(.pad, [input, list], [padded])
    test.add(.averagePool2D, [padded], [output], options: Options.pool(padding: 1, stride: 2))
    #expect(try Model(bytes: test.bytes).operators.allSatisfy { $0.foldedInto == nil })
  }

  /// Notes what it can read of a tensor.
  private struct Reader: RunObserver {
    let tensor: Int
    var operators: [Int] = []
    var isReadable = false

    mutating func willRun(_ event: OperatorEvent) {}

    mutating func didRun(_ event: OperatorEvent, _ tensors: borrowing TensorReader) {
      operators.append(event.index)
      if tensors.array(tensor) != nil { isReadable = true }
    }
  }

  @Test("an observer sees the convolution alone, and no bytes of the padded image")
  func observer() throws {
    let test = Self.convolutions[1].model(keepsPadded: false)
    let model = try Model(bytes: test.bytes)
    var session = try model.makeSession()
    var observer = Reader(tensor: model.operators[0].outputs[0])
    try session.run(observer: &observer)
    #expect(observer.operators == [1])
    #expect(!observer.isReadable)
  }
}
