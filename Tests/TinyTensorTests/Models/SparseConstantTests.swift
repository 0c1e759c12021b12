import Testing

@testable import TinyTensor

/// Constants that leave out zeros: those that are whole, and those whose description leads astray.
@Suite("Sparse constants")
struct SparseConstantTests {
  /// One stored axis: dense, or with the ends of its lists and the listed places, in numbers of a kind of the schema.
  private func axis(
    _ size: Int32, segments: [Int32]? = nil, indices: [Int32] = [], kind: UInt8 = 1, indexKind: UInt8? = nil
  ) -> FlatTable {
    guard let segments else { return FlatTable([0: .int8(0), 1: .int32(size)]) }
    return FlatTable([
      0: .int8(1), 1: .int32(size), 2: .uint8(kind), 3: .table(list(segments, kind)), 4: .uint8(indexKind ?? kind),
      5: .table(list(indices, indexKind ?? kind)),
    ])
  }

  private func list(_ numbers: [Int32], _ kind: UInt8) -> FlatTable {
    // 16-bit numbers have no vector of their own here: bytes behind a count of numbers.
    kind == 3 ? FlatTable([0: .bytes(numbers.map { UInt8(truncatingIfNeeded: $0) })]) : FlatTable([0: .int32s(numbers)])
  }

  /// `input + DENSIFY(constant)` of int32 numbers as float32.
  private func model(
    _ shape: [Int], order: [Int32], blocks: [Int32] = [], _ axes: [FlatTable], values: [Float]
  ) -> TestModel {
    var test = TestModel()
    let input = test.input(shape, .float32)
    let sparse = test.constant("sparse", shape, .float32, values.map(\.bitPattern))
    test.tensors[Int(sparse)].sparsity = FlatTable([0: .int32s(order), 1: .int32s(blocks), 2: .tables(axes)])
    let dense = test.tensor("dense", shape, .float32)
    test.add(.densify, [sparse], [dense])
    test.add(.add, [input, dense], [test.output(shape, .float32)], options: Options.add())
    return test
  }

  /// Rows [0 1 0 2], [0 0 0 0], [3 0 0 4].
  private func matrix(
    segments: [Int32] = [0, 2, 2, 4], indices: [Int32] = [1, 3, 0, 3], values: [Float] = [1, 2, 3, 4],
    order: [Int32] = [0, 1], rows: Int32 = 3, columns: Int32 = 4, kind: UInt8 = 1, indexKind: UInt8? = nil
  ) -> TestModel {
    model(
      [3, 4], order: order,
      [axis(rows), axis(columns, segments: segments, indices: indices, kind: kind, indexKind: indexKind)],
      values: values)
  }

  @Test("zeros come back in rows, in blocks, and in another order of axes")
  func dense() throws {
    let zeros = bytes([Float](repeating: 0, count: 12))
    for kind: UInt8 in [1, 3] {
      #expect(try matrix(kind: kind).run([zeros]) == [bytes([0, 1, 0, 2, 0, 0, 0, 0, 3, 0, 0, 4] as [Float])])
    }
    // Columns first: column 0 holds row 2, column 3 rows 0 and 2.
    let columns = model(
      [3, 4], order: [1, 0], [axis(4), axis(3, segments: [0, 1, 1, 1, 3], indices: [2, 0, 2])], values: [3, 2, 4])
    #expect(try columns.run([zeros]) == [bytes([0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 4] as [Float])])
    // Blocks of 1 x 2: the second one of row 0, the first one of row 2.
    let blocks = model(
      [3, 4], order: [0, 1, 2], blocks: [1],
      [axis(3), axis(2, segments: [0, 1, 1, 2], indices: [1, 0]), axis(2)], values: [5, 6, 7, 8])
    #expect(try blocks.run([zeros]) == [bytes([0, 0, 5, 6, 0, 0, 0, 0, 7, 8, 0, 0] as [Float])])
  }

  @Test("a sparse constant that is an output of the graph")
  func output() throws {
    var test = matrix()
    test.outputs.append(1)
    let outputs = try test.run([bytes([Float](repeating: 0, count: 12))])
    #expect(outputs[1] == bytes([0, 1, 0, 2, 0, 0, 0, 0, 3, 0, 0, 4] as [Float]))
  }

  private func expectRefusal(
    _ test: TestModel, _ code: ModelError.Code = .invalidGraph, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = test.loadError()
    #expect(error?.code == code, "\(error?.message ?? "accepted")", sourceLocation: sourceLocation)
  }

  @Test("lists of places that leave the tensor, fall, repeat or end early")
  func lists() {
    expectRefusal(matrix(segments: [0, 2, 2, 5]))
    expectRefusal(matrix(segments: [0, 2, 2]))
    expectRefusal(matrix(segments: []))
    expectRefusal(matrix(segments: [1, 2, 2, 4]))
    expectRefusal(matrix(segments: [0, 2, 1, 4]))
    expectRefusal(matrix(segments: [0, -2, 2, 4]))
    expectRefusal(matrix(segments: [0, .max, .max, .max]))
    expectRefusal(matrix(segments: [0, .min, 2, 4]))
    expectRefusal(matrix(indices: [1, 4, 0, 3]))
    expectRefusal(matrix(indices: [1, -1, 0, 3]))
    expectRefusal(matrix(indices: [.min, 3, 0, 3]))
    expectRefusal(matrix(indices: [1, .max, 0, 3]))
    expectRefusal(matrix(indices: [3, 1, 0, 3]))
    expectRefusal(matrix(indices: [3, 3, 0, 3]))
    expectRefusal(matrix(indices: [1, 3, 0]))
    expectRefusal(matrix(values: [1, 2, 3]))
    expectRefusal(matrix(kind: 9), .malformedFile)
    expectRefusal(matrix(indexKind: 9), .malformedFile)
  }

  @Test("orders, blocks and sizes that fit no tensor")
  func orders() {
    for order: [Int32] in [[0], [0, 0], [1, 2], [0, 1, 2], [-1, 0], [0, .max], []] {
      expectRefusal(matrix(order: order))
    }
    for rows: Int32 in [2, 4, 0, -3, .max, .min] { expectRefusal(matrix(rows: rows)) }
    func blocks(_ map: [Int32], _ size: Int32, order: [Int32] = [0, 1, 2]) -> TestModel {
      model(
        [3, 4], order: order, blocks: map, [axis(3), axis(2), axis(size)], values: [Float](repeating: 1, count: 12))
    }
    #expect(blocks([1], 2).loadError() == nil)
    for size: Int32 in [3, 0, -2, .max, .min] { expectRefusal(blocks([1], size)) }
    for map: [Int32] in [[2], [-1], [.max], [1, 1], [1, 0], []] { expectRefusal(blocks(map, 2)) }
    expectRefusal(blocks([1], 2, order: [0, 2, 1]))
  }

  @Test("a small file cannot ask for much memory")
  func memory() {
    var test = matrix()
    test.tensors[1].shape = [1 << 14, 1 << 14]
    test.tensors[1].sparsity = FlatTable([
      0: .int32s([0, 1]), 1: .int32s([]),
      2: .tables([axis(1 << 14, segments: [0, 1], indices: [0]), axis(1 << 14, segments: [0, 1], indices: [0])]),
    ])
    expectRefusal(test, .tooLarge)
    test.tensors[1].shape = [.max, .max]
    expectRefusal(test, .unsupportedFile)
  }

  @Test("DENSIFY of what is not sparse")
  func operand() {
    var test = matrix()
    test.tensors[1].sparsity = nil
    test.tensors[1].data = [UInt8](repeating: 0, count: 48)
    expectRefusal(test, .invalidOperator)
    test = matrix()
    test.tensors[2].type = .int32
    expectRefusal(test, .invalidOperator)
    test = matrix()
    test.operators[0].inputs = [0]
    expectRefusal(test, .invalidOperator)
  }
}
