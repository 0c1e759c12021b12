@testable import TinyTensor

extension TestModel {
  /// A constant of numbers.
  mutating func constant(_ name: String, _ shape: [Int], _ elements: [Float]) -> Int32 {
    constant(name, shape, .float32, elements.map(\.bitPattern))
  }

  /// CONV_2D or DEPTHWISE_CONV_2D of a 1 x 1 window: a small image, weights and a bias of any type.
  static func pointwise<Weight: FixedWidthInteger, Bias: FixedWidthInteger>(
    _ code: BuiltinOperator = .conv2D, input: ElementType = .int16, filter: [Int], _ type: ElementType,
    _ weights: [Weight], bias: [Bias]?, _ biasType: ElementType = .int64, scales: [Float] = [1],
    outputScale: Float = 1, options: (type: UInt8, table: FlatTable) = Options.convolution(padding: 1)
  ) -> TestModel {
    var test = TestModel()
    let depthwise = code == .depthwiseConv2D
    let channels = filter[depthwise ? 3 : 0]
    let depth = depthwise ? channels : filter[3]
    let isReal = input == .float32
    let image = test.input([1, 1, 2, depth], input, scale: isReal ? nil : 1)
    let kernel = test.constant("filter", filter, type, weights, scales: scales, axis: depthwise ? 3 : 0)
    var operands = [image, kernel]
    if let bias { operands.append(test.constant("bias", [channels], biasType, bias)) }
    let output = test.output([1, 1, 2, channels], input, scale: isReal ? nil : outputScale)
    test.add(code, operands, [output], options: options)
    return test
  }

  /// BATCH_MATMUL of two inputs.
  static func matrices(
    _ type: ElementType, _ lhs: [Int], _ rhs: [Int], _ output: [Int], isLhsTransposed: Bool = false,
    isRhsTransposed: Bool = false, zeroPoints: (Int64, Int64, Int64) = (0, 0, 0), outputScale: Float = 1
  ) -> TestModel {
    var test = TestModel()
    let isReal = type == .float32
    let left = test.input("left", lhs, type, scale: isReal ? nil : 1, zeroPoint: zeroPoints.0)
    let right = test.input("right", rhs, type, scale: isReal ? nil : 1, zeroPoint: zeroPoints.1)
    let result = test.output(output, type, scale: isReal ? nil : outputScale, zeroPoint: zeroPoints.2)
    test.add(
      .batchMatMul, [left, right], [result],
      options: (101, FlatTable([0: .bool(isLhsTransposed), 1: .bool(isRhsTransposed)])))
    return test
  }

  /// TRANSPOSE_CONV of one channel.
  static func transposed(
    input: [Int], filter: [Int8], kernel: [Int], output: [Int], stride: Int32, padding: Int8 = 0,
    type: ElementType = .int8
  ) -> TestModel {
    var test = TestModel()
    let sizes = test.constant("sizes", [4], .int32, output.map { Int32($0) })
    let weights = test.constant("filter", [1, kernel[0], kernel[1], 1], .int8, filter, scales: [1])
    let image = test.input(input, type, scale: 1)
    let result = test.output(output, type, scale: 1)
    test.add(
      .transposeConv, [sizes, weights, image], [result],
      options: (49, FlatTable([0: .int8(padding), 1: .int32(stride), 2: .int32(stride)])))
    return test
  }

  /// A resize of one image to a constant size.
  static func resize(
    _ code: BuiltinOperator, _ type: ElementType, input: [Int], size: [Int32], alignsCorners: Bool = false,
    usesPixelCenters: Bool = false
  ) -> TestModel {
    var test = TestModel()
    let image = test.input(input, type, scale: type == .float32 ? nil : 1)
    let sizes = test.constant("size", [size.count], .int32, size)
    let output = test.output([1, 1, 1, 1], type, scale: type == .float32 ? nil : 1)
    let first = code == .resizeBilinear ? 2 : 0
    test.add(
      code, [image, sizes], [output],
      options: (
        code == .resizeBilinear ? 15 : 74,
        FlatTable([first: .bool(alignsCorners), first + 1: .bool(usesPixelCenters)])
      ))
    return test
  }

  /// CONV_3D of a constant filter.
  static func volume(
    input: [Int], filter: [Int], _ weights: [Float], output: [Int], padding: Int8 = 1, strides: [Int32] = [1, 1, 1]
  ) -> TestModel {
    var test = TestModel()
    let source = test.input(input, .float32)
    let kernel = test.constant("filter", filter, weights)
    let result = test.output(output, .float32)
    test.add(
      .conv3D, [source, kernel], [result],
      options: (
        106, FlatTable([0: .int8(padding), 1: .int32(strides[0]), 2: .int32(strides[2]), 3: .int32(strides[1])])
      ))
    return test
  }
}
