import Testing

@testable import TinyTensor

/// Layers, matrices, pools and resizes with wrong counts, ranks, types, options and quantization.
@Suite("Refusals of layers and resizes")
struct MatrixRefusalTests {
  private func expectRefusal(
    _ test: TestModel, _ code: ModelError.Code = .invalidOperator, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = test.loadError()
    #expect(error?.code == code, "\(error?.message ?? "accepted")", sourceLocation: sourceLocation)
  }

  private func changed(_ test: TestModel, _ change: (inout TestModel) -> Void) -> TestModel {
    var test = test
    change(&test)
    return test
  }

  @Test("16-bit convolution")
  func wideConvolution() {
    let test = TestModel.pointwise(filter: [2, 1, 1, 1], .int8, [Int8(1), 2], bias: [Int64(0), 0])
    #expect(test.loadError() == nil)
    // Input, filter, bias, output are tensors 0 to 3.
    expectRefusal(changed(test) { $0.tensors[0].zeroPoints = [1] })
    expectRefusal(changed(test) { $0.tensors[3].zeroPoints = [1] })
    expectRefusal(changed(test) { $0.tensors[1].type = .uint8 })
    expectRefusal(changed(test) { $0.tensors[1].type = .float32 })
    expectRefusal(changed(test) { $0.tensors[3].type = .int8 })
    expectRefusal(changed(test) { $0.tensors[2].type = .float32 })
    expectRefusal(changed(test) { $0.tensors[2].shape = [1] })
    // A factor of 2^14 does not fit the arithmetic of 64-bit sums.
    expectRefusal(changed(test) { $0.tensors[3].scales = [0x1p-14] })
    #expect(changed(test) { $0.tensors[3].scales = [0x1p-13] }.loadError() == nil)
    for (option, isValid) in [(Int8(0), true), (4, true), (2, false), (9, false), (-1, false), (99, false)] {
      let changed = changed(test) {
        $0.operators[0].options = (1, FlatTable([0: .int8(1), 1: .int32(1), 2: .int32(1), 6: .int8(option)]))
      }
      #expect((changed.loadError() == nil) == isValid, "bias type \(option)")
    }
  }

  @Test("weights of other types than the input's kernel takes")
  func weights() {
    for (input, type) in [
      (ElementType.int8, ElementType.uint8), (.int16, .uint8), (.int16, .int16), (.uint8, .int8), (.uint8, .int4),
      (.int8, .float32), (.float32, .int16), (.float32, .float16), (.int8, .bool),
    ] {
      for code in [BuiltinOperator.conv2D, .depthwiseConv2D] {
        let test = TestModel.pointwise(
          code, input: input, filter: [1, 1, 1, 1], type, [Int32(0)], bias: [Int64]?.none,
          options: code == .conv2D ? Options.convolution(padding: 1) : Options.depthwise(padding: 1))
        expectRefusal(test)
      }
      var test = TestModel()
      let source = test.input([1, 1], input, scale: 1)
      let weights = test.constant("weights", [1, 1], type, [Int32(0)], scales: [1])
      let output = test.output([1, 1], input, scale: 1)
      test.add(.fullyConnected, [source, weights], [output], options: Options.fullyConnected())
      expectRefusal(test)
    }
  }

  @Test("16-bit depthwise convolution takes a 64-bit bias only")
  func wideDepthwise() {
    let test = TestModel.pointwise(
      .depthwiseConv2D, filter: [1, 1, 1, 2], .int8, [Int8(1), 2], bias: [Int64(0), 0],
      options: Options.depthwise(padding: 1))
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[2].type = .int32 })
    expectRefusal(changed(test) { $0.tensors[0].zeroPoints = [-1] })
  }

  @Test("packed weights")
  func packed() {
    for type in [ElementType.int4, .int2] {
      let test = TestModel.pointwise(
        input: .int8, filter: [2, 1, 1, 1], type, [UInt8(0x21)], bias: [Int32(0), 0], .int32)
      #expect(test.loadError() == nil)
      expectRefusal(changed(test) { $0.tensors[1].data = [] }, .invalidGraph)
      expectRefusal(changed(test) { $0.tensors[1].shape = [20, 1, 1, 1] })
      expectRefusal(changed(test) { $0.tensors[1].zeroPoints = [1] })
      expectRefusal(changed(test) { $0.tensors[1].scales = nil })
      expectRefusal(
        changed(test) {
          $0.tensors[1].data = nil
          $0.inputs.append(1)
        })
    }
    let unsigned = TestModel.pointwise(
      input: .int8, filter: [2, 1, 1, 1], .uint4, [UInt8(0x21)], bias: [Int32(0), 0], .int32)
    expectRefusal(unsigned)
  }

  @Test("float32 and hybrid layers")
  func real() {
    func layer(_ type: ElementType, _ weights: [UInt32], activation: Int8 = 0) -> TestModel {
      var test = TestModel()
      let input = test.input([1, 2], .float32)
      let kernel = test.constant("weights", [1, 2], type, weights, scales: [1])
      let bias = test.constant("bias", [1], [0])
      let output = test.output([1, 1], .float32)
      test.add(
        .fullyConnected, [input, kernel, bias], [output], options: Options.fullyConnected(activation: activation))
      return test
    }
    let real = layer(.float32, [0, 0])
    #expect(real.loadError() == nil)
    expectRefusal(changed(real) { $0.tensors[2].type = .int32 })
    expectRefusal(changed(real) { $0.tensors[3].type = .int8 })
    expectRefusal(layer(.float32, [0, 0], activation: 4), .unsupportedOperator)
    expectRefusal(layer(.float32, [0, 0], activation: 5), .unsupportedOperator)
    expectRefusal(layer(.float32, [0, 0], activation: 6))

    let hybrid = layer(.int8, [0])
    #expect(hybrid.loadError() == nil)
    #expect(layer(.int8, [0], activation: 4).loadError() == nil)
    expectRefusal(layer(.int8, [0], activation: 5), .unsupportedOperator)
    // Bytes of old files, whose bits are those of int8.
    #expect(layer(.uint8, [0]).loadError() == nil)
    expectRefusal(changed(layer(.uint8, [0])) { $0.tensors[1].zeroPoints = [128] })
    expectRefusal(
      TestModel.pointwise(
        .depthwiseConv2D, input: .float32, filter: [1, 1, 1, 1], .uint8, [Int32(0)], bias: [UInt32]?.none,
        options: Options.depthwise(padding: 1)))
    expectRefusal(layer(.float16, [0]))
    expectRefusal(changed(hybrid) { $0.tensors[1].scales = nil })
    expectRefusal(changed(hybrid) { $0.tensors[1].scales = [1, 1] })
    expectRefusal(changed(hybrid) { $0.tensors[1].zeroPoints = [1] })
    expectRefusal(changed(hybrid) { $0.tensors[2].type = .int32 })
    expectRefusal(changed(hybrid) { $0.tensors[3].type = .int8 })

    let convolution = TestModel.pointwise(
      input: .float32, filter: [1, 1, 1, 1], .float32, [UInt32(0)], bias: [UInt32]?.none,
      options: Options.convolution(padding: 1, activation: 4))
    expectRefusal(convolution, .unsupportedOperator)
  }

  @Test("transposed convolution")
  func transposed() {
    let test = TestModel.transposed(
      input: [1, 1, 2, 1], filter: [1, 2, 3], kernel: [1, 3], output: [1, 1, 4, 1], stride: 2)
    #expect(test.loadError() == nil)
    // Sizes, filter, input, output are tensors 0 to 3.
    func sized(_ sizes: [Int32]) -> TestModel {
      changed(test) { $0.tensors[0].data = bytes(sizes) }
    }
    for sizes in [
      [1, 1, 5, 1], [1, 1, 2, 1], [2, 1, 4, 1], [1, 1, 4, 2], [1, 0, 4, 1], [1, 1, -4, 1], [1, 3, 4, 1],
    ] {
      expectRefusal(sized(sizes.map { Int32($0) }))
    }
    expectRefusal(sized([1, .max, .max, 1]))
    expectRefusal(changed(test) { $0.tensors[0].type = .float32 })
    expectRefusal(changed(test) { $0.tensors[0].shape = [2, 2] })
    expectRefusal(
      changed(test) {
        $0.tensors[0].data = nil
        $0.inputs.append(0)
        $0 = $0.unbounded
      })
    expectRefusal(changed(test) { $0.tensors[1].shape = [1, 3] })
    expectRefusal(changed(test) { $0.tensors[1].type = .uint8 })
    expectRefusal(changed(test) { $0.tensors[2].shape = [2, 1] })
    expectRefusal(changed(test) { $0.tensors[2].shape = [1, 1, 1, 2] })
    expectRefusal(changed(test) { $0.operators[0].inputs = [0, 1] })
    expectRefusal(changed(test) { $0.operators[0].options = nil })
    expectRefusal(
      changed(test) { $0.operators[0].options = (49, FlatTable([0: .int8(0), 1: .int32(0), 2: .int32(2)])) })
    expectRefusal(
      changed(test) { $0.operators[0].options = (49, FlatTable([0: .int8(7), 1: .int32(2), 2: .int32(2)])) })
  }

  @Test("products of matrices")
  func matrices() {
    let test = TestModel.matrices(.int8, [2, 3, 4], [2, 4, 5], [2, 3, 5])
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[1].shape = [2, 5, 4] })
    expectRefusal(changed(test) { $0.tensors[1].shape = [3, 4, 5] })
    expectRefusal(changed(test) { $0.tensors[1].shape = [4] })
    expectRefusal(changed(test) { $0.tensors[1].shape = [2, 4, 0] })
    expectRefusal(changed(test) { $0.tensors[0].shape = [] })
    expectRefusal(changed(test) { $0.tensors[1].type = .int16 })
    expectRefusal(changed(test) { $0.tensors[2].type = .int16 })
    expectRefusal(changed(test) { $0.tensors[0].scales = nil })
    expectRefusal(changed(test) { $0.operators[0].inputs = [0] })
    expectRefusal(changed(test) { $0.operators[0].options = Options.add() })
    expectRefusal(TestModel.matrices(.uint8, [2, 2], [2, 2], [2, 2]))
    expectRefusal(TestModel.matrices(.int16, [2, 2], [2, 2], [2, 2], zeroPoints: (1, 0, 0)))
    expectRefusal(TestModel.matrices(.int16, [2, 2], [2, 2], [2, 2], zeroPoints: (0, 1, 0)))
    expectRefusal(TestModel.matrices(.int16, [2, 2], [2, 2], [2, 2], zeroPoints: (0, 0, 1)))
    expectRefusal(TestModel.matrices(.int16, [2, 2], [2, 2], [2, 2], outputScale: 0x1p-15))
    // The operands are small, the product is not.
    expectRefusal(TestModel.matrices(.int8, [1 << 20, 1], [1, 1 << 20], [1, 1]), .tooLarge)
  }

  @Test("products of real matrices with integer ones")
  func hybridMatrices() {
    var test = TestModel()
    let lhs = test.input("left", [2, 2], .float32)
    let rhs = test.constant("right", [2, 1], .int8, [Int8(2), 1], scales: [0.5])
    let output = test.output([2, 1], .float32)
    test.add(.batchMatMul, [lhs, rhs], [output])
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[1].zeroPoints = [1] })
    expectRefusal(changed(test) { $0.tensors[1].scales = [1, 1] })
    expectRefusal(changed(test) { $0.tensors[1].scales = nil })
    expectRefusal(changed(test) { $0.tensors[1].type = .uint8 })
    expectRefusal(changed(test) { $0.tensors[2].type = .int8 })
  }

  @Test("convolution of volumes")
  func volumes() {
    let test = TestModel.volume(input: [1, 2, 1, 2, 1], filter: [2, 1, 1, 1, 1], [1, 10], output: [1, 1, 1, 2, 1])
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[0].shape = [2, 1, 2, 1] })
    expectRefusal(changed(test) { $0.tensors[0].shape = [1, 2, 0, 2, 1] })
    expectRefusal(changed(test) { $0.tensors[0].shape = [1, 1, 1, 2, 1] })
    expectRefusal(changed(test) { $0.tensors[0].shape = [1, 2, 1, 2, 2] })
    expectRefusal(changed(test) { $0.tensors[1].shape = [2, 1, 1, 1] })
    expectRefusal(changed(test) { $0.tensors[1].type = .int8 })
    expectRefusal(changed(test) { $0.tensors[2].type = .int8 })
    expectRefusal(changed(test) { $0.operators[0].options = nil })
    for slot in [1, 2, 3] {
      let options = FlatTable([
        0: .int8(1), 1: .int32(slot == 1 ? 0 : 1), 2: .int32(slot == 2 ? 0 : 1),
        3: .int32(slot == 3 ? 0 : 1),
      ])
      expectRefusal(changed(test) { $0.operators[0].options = (106, options) })
    }
  }

  @Test("DEQUANTIZE")
  func dequantize() {
    let test = TestModel.unary(.dequantize, input: [2, 3], output: [2, 3])
    func scaled(_ scales: [Float], _ zeroPoints: [Int64], axis: Int32) -> TestModel {
      changed(test) {
        $0.tensors[0].scales = scales
        $0.tensors[0].zeroPoints = zeroPoints
        $0.tensors[0].axis = axis
        $0.tensors[1].type = .float32
      }
    }
    #expect(scaled([1, 1], [0, 0], axis: 0).loadError() == nil)
    #expect(scaled([1, 1], [5], axis: 0).loadError() == nil)
    expectRefusal(scaled([1, 1], [0, 0], axis: 1))
    expectRefusal(scaled([1, 1], [0, 0], axis: -1))
    expectRefusal(scaled([1, 1], [0, 0], axis: 2))
    expectRefusal(scaled([1, 1], [0, 0, 0], axis: 0))
    expectRefusal(scaled([1, 0], [0, 0], axis: 0))
    expectRefusal(scaled([1, .nan], [0, 0], axis: 0))
    expectRefusal(scaled([1, 1], [0, 128], axis: 0))
    #expect(changed(scaled([1], [0], axis: 0)) { $0.tensors[0].type = .int4 }.loadError() == nil)
    expectRefusal(changed(scaled([1], [0], axis: 0)) { $0.tensors[1].type = .float16 })
  }

  @Test("resizes", arguments: [BuiltinOperator.resizeBilinear, .resizeNearestNeighbor])
  func resizes(code: BuiltinOperator) {
    func model(_ size: [Int32], input: [Int] = [1, 2, 2, 1], type: ElementType = .int8) -> TestModel {
      TestModel.resize(code, type, input: input, size: size)
    }
    #expect(model([3, 3]).loadError() == nil)
    for size in [[0, 3], [3, 0], [-1, 3], [3, .min], [3], [3, 3, 3]] as [[Int32]] { expectRefusal(model(size)) }
    expectRefusal(model([.max, .max]), .tooLarge)
    expectRefusal(model([1 << 16, 1 << 15]), .tooLarge)
    expectRefusal(model([3, 3], input: [2, 2]))
    expectRefusal(model([3, 3], input: [1, 0, 2, 1]))
    expectRefusal(changed(model([3, 3])) { $0.tensors[1].type = .float32 })
    expectRefusal(changed(model([3, 3])) { $0.tensors[2].type = .uint8 })
    expectRefusal(changed(model([3, 3])) { $0.operators[0].inputs = [0] })
    expectRefusal(
      changed(model([3, 3])) {
        $0.tensors[1].data = nil
        $0.inputs.append(1)
        $0 = $0.unbounded
      })
    expectRefusal(
      TestModel.resize(code, .int8, input: [1, 2, 2, 1], size: [3, 3], alignsCorners: true, usesPixelCenters: true))
    if code == .resizeBilinear { expectRefusal(model([3, 3], type: .int32)) }
    if code == .resizeNearestNeighbor { expectRefusal(model([3, 3], type: .int4)) }
  }

  @Test("pools of 16 bits and of real numbers")
  func pools() {
    let wide = TestModel.unary(
      .averagePool2D, .int16, input: [1, 256, 256, 1], output: [1, 1, 1, 1],
      options: Options.pool(width: 255, height: 128))
    #expect(wide.loadError() == nil)
    expectRefusal(changed(wide) { $0.operators[0].options = Options.pool(width: 256, height: 128) })
    expectRefusal(
      TestModel.unary(.l2Pool2D, .int8, input: [1, 4, 4, 1], output: [1, 4, 4, 1], options: Options.pool()))
    expectRefusal(
      TestModel.unary(
        .maxPool2D, .float32, input: [1, 4, 4, 1], output: [1, 4, 4, 1], options: Options.pool(activation: 4)),
      .unsupportedOperator)
  }
}
