import Testing

@testable import TinyTensor

/// Operators that move bytes: the kernels give the reference's bytes, and write nowhere else.
@Suite("Kernels that move bytes equal the reference")
struct MovementKernelTests {
  private static let types: [ElementType] = [.int8, .int16, .float32, .int64]

  /// A model of one operator, with constant lists of integers.
  private func model(
    _ code: BuiltinOperator, _ type: ElementType, input: [Int], _ lists: [(shape: [Int], [Int])] = [],
    output: [Int], options: (type: UInt8, table: FlatTable)? = nil
  ) -> TestModel {
    var test = TestModel()
    let scale: Float? = type == .int8 ? 1 : nil
    let source = test.input(input, type, scale: scale, zeroPoint: type == .int8 ? 7 : 0)
    var operands = [source]
    for (index, list) in lists.enumerated() {
      operands.append(test.constant("list \(index)", list.shape, .int32, list.1.map { Int32($0) }))
    }
    let result = test.output(output, type, scale: scale, zeroPoint: type == .int8 ? 7 : 0)
    test.add(code, operands, [result], options: options)
    return test
  }

  /// Compares the kernels with the reference, with one thread and with three.
  private func compare(_ test: TestModel, _ type: ElementType, input: [Int], _ what: Comment) throws {
    var generator = TestNumbers(seed: UInt64(input.reduce(1) { $0 &* 31 &+ $1 } & 0xFFFF))
    let bytes = generator.bytes(input.reduce(1, *) * (type.bitWidth ?? 8) / 8)
    let model = test.bytes
    let expected = try GuardedRun(model, bytes, .reference, filler: 0)
    for threads in [1, 3] {
      let run = try GuardedRun(model, bytes, .fastest, threads: threads, filler: threads == 1 ? 0xA5 : 0x5A)
      let isEqual = run.output == expected.output
      try #require(isEqual, what)
      try #require(!run.writesBeyond, what)
      try #require(run.kernel.hasSuffix(".portable"), what)
    }
  }

  @Test("transpositions of matrices", arguments: types)
  func matrices(type: ElementType) throws {
    let sizes = [2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 130]
    for rows in sizes {
      for columns in sizes {
        let test = model(.transpose, type, input: [rows, columns], [([2], [1, 0])], output: [columns, rows])
        try compare(test, type, input: [rows, columns], "\(rows) x \(columns)")
      }
    }
  }

  @Test("transpositions of every rank", arguments: types)
  func ranks(type: ElementType) throws {
    var generator = TestNumbers(seed: 5)
    for round in 0..<150 {
      let rank = round % 5 + 2
      let largest = [70, 24, 12, 7, 5][rank - 2]
      let shape = (0..<rank).map { _ in Int.random(in: 1...largest, using: &generator) }
      var permutation = Array(0..<rank)
      permutation.shuffle(using: &generator)
      // Axes of size 1 may leave nothing to move.
      let moved = permutation.filter { shape[$0] > 1 }
      guard moved != moved.sorted() else { continue }
      let output = permutation.map { shape[$0] }
      let test = model(.transpose, type, input: shape, [([rank], permutation)], output: output)
      try compare(test, type, input: shape, "\(shape) by \(permutation)")
    }
  }

  @Test("large transpositions are divided", arguments: types)
  func large(type: ElementType) throws {
    let cases: [(shape: [Int], permutation: [Int])] = [
      ([301, 260], [1, 0]), ([1, 57, 60, 64], [0, 3, 1, 2]), ([1, 3, 200, 170], [0, 2, 3, 1]),
      ([2, 100, 12, 64], [0, 2, 1, 3]), ([5, 40, 3, 21, 11], [0, 3, 1, 4, 2]),
    ]
    for (shape, permutation) in cases {
      let output = permutation.map { shape[$0] }
      let test = model(.transpose, type, input: shape, [([shape.count], permutation)], output: output)
      try compare(test, type, input: shape, "\(shape) by \(permutation)")
    }
  }

  @Test("repetitions, reversals and slices", arguments: types)
  func copies(type: ElementType) throws {
    for channels in [1, 2, 3, 5, 8, 16, 17, 33, 70, 600] {
      let shape = [3, 5, channels]
      let tile = model(.tile, type, input: shape, [([3], [2, 1, 3])], output: [6, 5, 3 * channels])
      try compare(tile, type, input: shape, "tile \(channels)")
      for axis in 0..<2 {
        let reverse = model(.reverseV2, type, input: shape, [([1], [axis])], output: shape)
        try compare(reverse, type, input: shape, "reverse \(channels)")
      }
      let last = model(.reverseV2, type, input: [4, 5, channels + 1], [([1], [2])], output: [4, 5, channels + 1])
      try compare(last, type, input: [4, 5, channels + 1], "reverse the last axis of \(channels + 1)")
      for (stride, count) in [(1, 3), (2, 2), (4, 1)] {
        let slice = model(
          .stridedSlice, type, input: shape, [([3], [1, 1, 0]), ([3], [3, 4, channels]), ([3], [1, stride, 1])],
          output: [2, count, channels], options: (32, FlatTable([:])))
        try compare(slice, type, input: shape, "slice \(channels) by \(stride)")
      }
    }
    let broadcast = model(.broadcastTo, type, input: [9, 1, 4], [([4], [7, 9, 300, 4])], output: [7, 9, 300, 4])
    try compare(broadcast, type, input: [9, 1, 4], "broadcast")
  }

  @Test("blocks", arguments: types)
  func blocks(type: ElementType) throws {
    for channels in [1, 2, 3, 4, 5, 12, 16, 33] {
      for block in [2, 3] {
        let deep = channels * block * block
        let down = model(
          .spaceToDepth, type, input: [2, 4 * block, 5 * block, channels], output: [2, 4, 5, deep],
          options: (19, FlatTable([0: .int32(Int32(block))])))
        try compare(down, type, input: [2, 4 * block, 5 * block, channels], "to depth \(channels)")
        let up = model(
          .depthToSpace, type, input: [2, 4, 5, deep], output: [2, 4 * block, 5 * block, channels],
          options: (94, FlatTable([0: .int32(Int32(block))])))
        try compare(up, type, input: [2, 4, 5, deep], "to space \(channels)")
      }
      for borders in [[0, 0, 0, 0], [1, 0, 2, 1], [0, 3, 0, 0]] {
        let (height, width) = (6 - borders[0] - borders[1], 9 - borders[2] - borders[3])
        let lists = [([2], [2, 3]), ([2, 2], borders)]
        let split = model(
          .spaceToBatchND, type, input: [2, height, width, channels], lists, output: [12, 3, 3, channels])
        try compare(split, type, input: [2, height, width, channels], "to batch \(channels), \(borders)")
        let joined = model(
          .batchToSpaceND, type, input: [12, 3, 3, channels], lists, output: [2, height, width, channels])
        try compare(joined, type, input: [12, 3, 3, channels], "from batch \(channels), \(borders)")
      }
    }
    let large = model(
      .spaceToBatchND, type, input: [1, 66, 63, 33], [([2], [2, 2]), ([2, 2], [1, 1, 0, 1])], output: [4, 34, 32, 33])
    try compare(large, type, input: [1, 66, 63, 33], "large to batch")
  }

  @Test("paddings", arguments: types)
  func paddings(type: ElementType) throws {
    for channels in [1, 2, 3, 5, 8, 17, 40] {
      for amounts in [
        [0, 0, 1, 1, 1, 1, 0, 0], [0, 0, 0, 1, 0, 1, 0, 0], [1, 2, 0, 0, 3, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1, 3],
        [1, 1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 5, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0],
      ] {
        let shape = [2, 3, 4, channels]
        var output = shape
        for axis in 0..<4 { output[axis] += amounts[2 * axis] + amounts[2 * axis + 1] }
        let test = model(.pad, type, input: shape, [([4, 2], amounts)], output: output)
        try compare(test, type, input: shape, "\(channels) by \(amounts)")
      }
    }
    let list = model(.pad, type, input: [13], [([1, 2], [3, 5])], output: [21])
    try compare(list, type, input: [13], "a list")
    let large = model(
      .pad, type, input: [1, 60, 61, 40], [([4, 2], [0, 0, 1, 2, 3, 0, 0, 0])], output: [1, 63, 64, 40])
    try compare(large, type, input: [1, 60, 61, 40], "large")
  }

  @Test("a padding of a value, for every width", arguments: types)
  func values(type: ElementType) throws {
    var test = TestModel()
    let scale: Float? = type == .int8 ? 1 : nil
    let input = test.input([3, 5], type, scale: scale, zeroPoint: 0)
    let paddings = test.constant("paddings", [2, 2], .int32, [Int32(1), 0, 2, 1])
    let value = test.constant(
      "value", [1], type, Array([UInt8(1), 2, 3, 4, 5, 6, 7, 8].prefix((type.bitWidth ?? 8) / 8)),
      scales: scale.map { [$0] }, zeroPoints: scale.map { _ in [0] })
    let output = test.output([4, 8], type, scale: scale, zeroPoint: 0)
    test.add(.padV2, [input, paddings, value], [output])
    try compare(test, type, input: [3, 5], "value")
  }

  @Test("nearest pixels", arguments: types)
  func pixels(type: ElementType) throws {
    for channels in [1, 2, 3, 4, 5, 8, 9, 16, 21, 33, 65, 130, 520] {
      for (height, width) in [(4, 6), (8, 12), (3, 2), (1, 1), (9, 23)] {
        let tables = [FlatTable([:]), FlatTable([0: .bool(true)]), FlatTable([1: .bool(true)])]
        for table in tables {
          let shape = [2, 4, 6, channels]
          let test = model(
            .resizeNearestNeighbor, type, input: shape, [([2], [height, width])],
            output: [2, height, width, channels], options: (74, table))
          try compare(test, type, input: shape, "\(height) x \(width) x \(channels)")
        }
      }
    }
  }

  @Test("reflections", arguments: types)
  func reflections(type: ElementType) throws {
    for channels in [1, 3, 4, 16, 33] {
      let cases: [(mode: Int8, amounts: [Int])] = [(0, [2, 3, 4, 1]), (1, [3, 4, 5, 0]), (0, [0, 0, 1, 1])]
      for (mode, amounts) in cases {
        let shape = [2, 4, 5, channels]
        let output = [2, 4 + amounts[0] + amounts[1], 5 + amounts[2] + amounts[3], channels]
        let test = model(
          .mirrorPad, type, input: shape, [([4, 2], [0, 0] + amounts + [0, 0])], output: output,
          options: (77, FlatTable([0: .int8(mode)])))
        try compare(test, type, input: shape, "\(channels) by \(amounts)")
      }
    }
  }

  @Test("nothing to move")
  func empty() throws {
    let cases: [(code: BuiltinOperator, lists: [(shape: [Int], [Int])], output: [Int])] = [
      (.tile, [([2], [0, 2])], [0, 6]), (.slice, [([2], [1, 3]), ([2], [1, 0])], [1, 0]),
      (.stridedSlice, [([2], [0, 0]), ([2], [0, 3]), ([2], [1, 1])], [0, 3]),
    ]
    for (code, lists, output) in cases {
      let options: (type: UInt8, table: FlatTable)? = code == .stridedSlice ? (32, FlatTable([:])) : nil
      let test = model(code, .int8, input: [2, 3], lists, output: output, options: options)
      try test.expectAgreement([[1, 2, 3, 4, 5, 6]], "\(code)")
    }
    let transpose = model(.transpose, .int8, input: [0, 3], [([2], [1, 0])], output: [3, 0])
    try transpose.expectAgreement([[]], "transpose")
    let paddings = [([2, 2], [1, 1, 0, 0])]
    try model(.pad, .int8, input: [0, 3], paddings, output: [2, 3]).expectAgreement([[]], "all padding")
    try model(.pad, .int8, input: [2, 0], paddings, output: [4, 0]).expectAgreement([[]], "empty rows")
  }

  @Test("parts along an axis", arguments: types)
  func parts(type: ElementType) throws {
    for size in [1, 2, 3, 8, 17, 70, 4000] {
      for rows in [1, 2, 29] {
        var test = TestModel()
        let scale: Float? = type == .int8 ? 1 : nil
        let axis = test.constant("axis", [], .int32, [Int32(1)])
        let input = test.input([rows, 3 * size], type, scale: scale)
        let outputs = (0..<3).map { test.output("part \($0)", [rows, size], type, scale: scale) }
        test.add(.split, [axis, input], outputs, options: (35, FlatTable([0: .int32(3)])))
        var generator = TestNumbers(seed: UInt64(size))
        let bytes = generator.bytes(rows * 3 * size * (type.bitWidth ?? 8) / 8)
        try test.expectAgreement([bytes], "\(rows) rows of parts of \(size)")
      }
    }
  }

  @Test("picked slices", arguments: [ElementType.int16, .int32, .int64])
  func picks(type: ElementType) throws {
    for size in [1, 2, 3, 4, 7, 8, 15, 16, 17, 32, 33, 64, 65, 511, 512, 700] {
      for (axis, batches) in [(0, 0), (1, 0), (1, 1)] {
        var test = TestModel()
        let input = test.input("input", [5, 9, size], .int8, scale: 1)
        let indices = test.input("indices", batches == 1 ? [5, 30] : [30], type)
        let shape = axis == 0 ? [30, 9, size] : [5, 30, size]
        let output = test.output(shape, .int8, scale: 1)
        test.add(
          .gather, [input, indices], [output],
          options: (23, FlatTable([0: .int32(Int32(axis)), 1: .int32(Int32(batches))])))
        var generator = TestNumbers(seed: UInt64(size))
        let width = (type.bitWidth ?? 8) / 8
        let list = (0..<(batches == 1 ? 150 : 30)).flatMap { _ in
          [UInt8.random(in: 0..<(axis == 0 ? 5 : 9), using: &generator)] + [UInt8](repeating: 0, count: width - 1)
        }
        try test.expectAgreement([generator.bytes(45 * size), list], "slices of \(size), axis \(axis)")
      }
    }
  }
}
