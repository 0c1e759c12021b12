import Testing

@testable import TinyTensor

/// Sizes around those of vectors: 1, one less and one more than 16, 32 and 64, and primes.
@Suite("Kernels of images equal the reference")
struct ImageKernelTests {
  private static let channels = [1, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130]

  @Test("pools", arguments: channels, [ElementType.int8, .uint8])
  func pools(channels: Int, type: ElementType) throws {
    var numbers = TestNumbers(seed: UInt64(channels))
    let windows: [(height: Int32, width: Int32)] = [(1, 1), (2, 2), (3, 3), (2, 3), (5, 4), (7, 7), (17, 16)]
    for code in [BuiltinOperator.averagePool2D, .maxPool2D] {
      for window in windows {
        for padding in [Int8(0), 1] {
          for stride in [Int32(1), 2] {
            let (height, width) = (Int(window.height) + 3, Int(window.width) + 2)
            let output: [Int]
            if padding == 0 {
              output = [2, (height + Int(stride) - 1) / Int(stride), (width + Int(stride) - 1) / Int(stride), channels]
            } else {
              output = [2, 3 / Int(stride) + 1, 2 / Int(stride) + 1, channels]
            }
            var model = TestModel()
            let source = model.input([2, height, width, channels], type, scale: 0.5, zeroPoint: 3)
            let target = model.output(output, type, scale: 0.5, zeroPoint: 3)
            model.add(
              code, [source], [target],
              options: Options.pool(
                padding: padding, stride: stride, width: window.width, height: window.height,
                activation: Int8(numbers.next() % 4)))
            let count = 2 * height * width * channels
            let comment = Comment("\(code) \(window) padding \(padding) stride \(stride)")
            try model.expectAgreement([numbers.bytes(count)], comment)
            try model.expectAgreement([[UInt8](repeating: 0x80, count: count)], comment)
            try model.expectAgreement([[UInt8](repeating: 0xFF, count: count)], comment)
          }
        }
      }
    }
  }

  @Test("bilinear interpolation", arguments: [1, 3, 15, 16, 17, 21, 33], [ElementType.int8, .uint8])
  func interpolation(channels: Int, type: ElementType) throws {
    var numbers = TestNumbers(seed: 7)
    for (from, to) in [((1, 1), (3, 5)), ((4, 3), (7, 11)), ((9, 8), (3, 3)), ((5, 5), (5, 5)), ((2, 7), (31, 2))] {
      for mode in 0..<3 {
        var model = TestModel()
        let source = model.input([2, from.0, from.1, channels], type, scale: 0.5)
        let size = model.constant("size", [2], .int32, [Int32(to.0), Int32(to.1)])
        let target = model.output([2, to.0, to.1, channels], type, scale: 0.5)
        model.add(
          .resizeBilinear, [source, size], [target],
          options: (15, FlatTable([2: .bool(mode == 1), 3: .bool(mode == 2)])))
        try model.expectAgreement([numbers.bytes(2 * from.0 * from.1 * channels)], "\(from) to \(to), mode \(mode)")
      }
    }
  }

  @Test("where the largest and smallest elements stand", arguments: [1, 2, 21, 63, 64, 65, 200])
  func extrema(size: Int) throws {
    var numbers = TestNumbers(seed: UInt64(size))
    for type in [ElementType.int8, .uint8] {
      for code in [BuiltinOperator.argMax, .argMin] {
        for inner in [1, 3, 16, 17] {
          let outputType: ElementType = inner == 3 ? .int64 : .int32
          var model = TestModel()
          let source = model.input([3, size, inner], type, scale: 1)
          let axis = model.constant("axis", [1], .int32, [Int32(1)])
          let target = model.output([3, inner], outputType)
          model.add(
            code, [source, axis], [target],
            options: (code == .argMax ? 40 : 57, FlatTable([0: .int8(outputType.rawValue)])))
          let comment = Comment("\(code) \(type) of \(size) x \(inner)")
          try model.expectAgreement([numbers.bytes(3 * size * inner)], comment)
          try model.expectAgreement([[UInt8](repeating: 0x80, count: 3 * size * inner)], comment)
          try model.expectAgreement([[UInt8](repeating: 0xFF, count: 3 * size * inner)], comment)
        }
      }
    }
  }

  @Test("means and sums", arguments: [ElementType.int8, .uint8])
  func means(type: ElementType) throws {
    var numbers = TestNumbers(seed: 3)
    let shapes: [(input: [Int], axes: [Int32], output: [Int])] = [
      ([1, 7, 7, 130], [1, 2], [1, 130]), ([2, 3, 5, 64], [1, 2], [2, 64]), ([3, 1, 1, 17], [1, 2], [3, 17]),
      ([2, 67], [1], [2]), ([5, 3], [0], [3]), ([1, 1], [0, 1], []), ([2, 3, 4], [0, 2], [3]), ([300, 2], [0], [2]),
    ]
    for shape in shapes {
      for code in [BuiltinOperator.mean, .sum] {
        for _ in 0..<4 {
          let model = TestModel.reduction(
            code, type, shape.input, axes: shape.axes, output: shape.output,
            scales: (numbers.float(0.01...1), numbers.float(0.01...1)),
            zeroPoints: (numbers.zeroPoint(type), numbers.zeroPoint(type)))
          try model.expectAgreement([numbers.bytes(shape.input.reduce(1, *))], "\(code) \(shape)")
        }
      }
    }
  }
}
