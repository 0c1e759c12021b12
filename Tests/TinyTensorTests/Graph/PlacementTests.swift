import Testing

@testable import TinyTensor

@Suite("Places in memory")
struct PlacementTests {
  private func numbers(_ count: Int, _ factor: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* factor &+ $0 / 7 &+ 3) }
  }

  /// Adds a convolution of one by one that gives `channels`.
  private func convolve(_ test: inout TestModel, _ image: Int32, _ shape: [Int], channels: Int) -> Int32 {
    let number = test.tensors.count
    let filter = test.constant(
      "filter \(number)", [channels, 1, 1, shape[3]], .int8, numbers(channels * shape[3], 71), scales: [0.0625])
    let bias = test.constant("bias \(number)", [channels], .int32, [Int32](repeating: 9, count: channels))
    let result = test.tensor(
      "convolved \(number)", [shape[0], shape[1], shape[2], channels], .int8, scale: 0.5, zeroPoint: 3)
    test.add(.conv2D, [image, filter, bias], [result], options: Options.convolution())
    return result
  }

  private func join(
    _ test: inout TestModel, _ inputs: [Int32], _ shape: [Int], axis: Int, isOutput: Bool = true
  ) -> Int32 {
    let number = test.tensors.count
    let result =
      isOutput
      ? test.output("joined \(number)", shape, .int8, scale: 0.5, zeroPoint: 3)
      : test.tensor("joined \(number)", shape, .int8, scale: 0.5, zeroPoint: 3)
    test.add(.concatenation, inputs, [result], options: Options.concatenation(axis: Int32(axis)))
    return result
  }

  private func relu(_ test: inout TestModel, _ input: Int32, _ shape: [Int]) -> Int32 {
    let result = test.tensor("relu \(test.tensors.count)", shape, .int8, scale: 0.5, zeroPoint: 3)
    test.add(.relu, [input], [result])
    return result
  }

  @Test("convolutions joined along every axis", arguments: [1, 2], [0, 1, 2, 3])
  func everyAxis(_ batches: Int, _ axis: Int) throws {
    for channels in [1, 4, 16] {
      for width in [1, 5] {
        var test = TestModel()
        let shape = [batches, 3, width, 6]
        let image = test.input(shape, .int8, scale: 0.5, zeroPoint: 3)
        let branches = (0..<3).map { _ in convolve(&test, image, shape, channels: channels) }
        var sizes = [batches, 3, width, channels]
        sizes[axis] *= 3
        _ = join(&test, branches, sizes, axis: axis)
        let count = batches * 3 * width * 6
        try PlanComparison.check(
          test.bytes, [[numbers(count, 37)], [numbers(count, 11)]], "\(channels) channels, width \(width)")
      }
    }
  }

  @Test("constants beside what runs write", arguments: [0, 1, 2])
  func constants(_ place: Int) throws {
    for axis in [1, 3] {
      var test = TestModel()
      let shape = [1, 2, 3, 4]
      let image = test.input(shape, .int8, scale: 0.5, zeroPoint: 3)
      var parts = [0, 1].map { index in
        test.constant("constant \(index)", shape, .int8, numbers(24, 5 + index), scales: [0.5], zeroPoints: [3])
      }
      parts.insert(relu(&test, image, shape), at: place)
      var sizes = shape
      sizes[axis] *= 3
      _ = join(&test, parts, sizes, axis: axis)
      try PlanComparison.check(test.bytes, [[numbers(24, 37)], [numbers(24, 11)]], "axis \(axis)")
    }
  }

  @Test("PACK of a constant and of what a run writes")
  func packed() throws {
    var test = TestModel()
    let image = test.input([2, 3], .int8, scale: 0.5, zeroPoint: 3)
    let constant = test.constant("constant", [2, 3], .int8, numbers(6, 5), scales: [0.5], zeroPoints: [3])
    let active = relu(&test, image, [2, 3])
    let result = test.output([2, 2, 3], .int8, scale: 0.5, zeroPoint: 3)
    test.add(
      .pack, [active, constant], [result], options: (59, FlatTable([0: .int32(2), 1: .int32(0)])))
    try PlanComparison.check(test.bytes, [[numbers(6, 37)], [numbers(6, 11)]])
  }

  @Test("a concatenation inside a concatenation", arguments: [false, true], [1, 3])
  func nested(_ hasCopiedInput: Bool, _ axis: Int) throws {
    var test = TestModel()
    let shape = [1, 2, 3, 4]
    let image = test.input(shape, .int8, scale: 0.5, zeroPoint: 3)
    var sizes = shape
    // The graph's input is copied, what operators write is not.
    var inner = hasCopiedInput ? [relu(&test, image, shape), image] : [relu(&test, image, shape)]
    for depth in 0..<4 {
      inner.append(convolve(&test, image, shape, channels: 4))
      sizes[axis] = inner.map { Int(test.tensors[Int($0)].shape[axis]) }.reduce(0, +)
      let joined = join(&test, depth % 2 == 0 ? inner : inner.reversed(), sizes, axis: axis, isOutput: depth == 3)
      inner = [joined]
    }
    try PlanComparison.check(test.bytes, [[numbers(24, 37)], [numbers(24, 11)]])
  }

  @Test("a part of a concatenation that is read after the run keeps its own memory")
  func keptPart() throws {
    var test = TestModel()
    let shape = [1, 2, 3, 4]
    let image = test.input(shape, .int8, scale: 0.5, zeroPoint: 3)
    let first = join(&test, [relu(&test, image, shape), image], [1, 4, 3, 4], axis: 1, isOutput: false)
    test.outputs.append(first)
    _ = join(&test, [first, relu(&test, image, shape)], [1, 6, 3, 4], axis: 1)
    try PlanComparison.check(test.bytes, [[numbers(24, 37)], [numbers(24, 11)]])
  }
}
