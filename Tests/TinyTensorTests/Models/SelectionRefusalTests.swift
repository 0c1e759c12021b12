import Testing

@testable import TinyTensor

/// Operators that pick, order or make elements, with wrong counts, ranks, types, axes, options and constants.
@Suite("Refusals by operators that select data")
struct SelectionRefusalTests {
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

  /// An operator on inputs of these shapes and types, in order.
  private func test(
    _ code: BuiltinOperator, _ inputs: [(shape: [Int], type: ElementType)], _ outputs: [ElementType],
    options: (type: UInt8, table: FlatTable)? = nil
  ) -> TestModel {
    var test = TestModel()
    var sources: [Int32] = []
    for (index, input) in inputs.enumerated() {
      sources.append(test.input("input \(index)", input.shape, input.type))
    }
    var results: [Int32] = []
    for (index, type) in outputs.enumerated() { results.append(test.output("output \(index)", [1], type)) }
    test.add(code, sources, results, options: options)
    return test
  }

  /// Gives an input constant data.
  private func constant(_ test: TestModel, _ index: Int, _ elements: [Int32]) -> TestModel {
    changed(test) {
      $0.inputs.removeAll { $0 == Int32(index) }
      $0.tensors[index].data = elements.flatMap { element in
        (0..<4).map { UInt8(truncatingIfNeeded: element >> Int32(8 * $0)) }
      }
    }
  }

  @Test("GATHER and EMBEDDING_LOOKUP")
  func gather() {
    func gather(_ axis: Int32, _ batches: Int32 = 0, indices: ElementType = .int32) -> TestModel {
      test(
        .gather, [([2, 3], .int8), ([2], indices)], [.int8],
        options: (23, FlatTable([0: .int32(axis), 1: .int32(batches)])))
    }
    #expect(gather(1).loadError() == nil)
    expectRefusal(gather(2))
    expectRefusal(gather(-3))
    expectRefusal(gather(.min))
    expectRefusal(gather(0, 1))
    expectRefusal(gather(1, 2))
    expectRefusal(gather(1, -2))
    expectRefusal(gather(0, indices: .int8))
    expectRefusal(changed(gather(1, 1)) { $0.tensors[0].shape = [3, 3] })
    expectRefusal(changed(gather(0)) { $0.tensors[2].type = .uint8 })
    for index: Int32 in [-1, 2, .max, .min] { expectRefusal(constant(gather(0), 1, [0, index])) }

    let embedding = test(.embeddingLookup, [([2], .int32), ([3, 2], .int8)], [.int8])
    #expect(embedding.loadError() == nil)
    expectRefusal(changed(embedding) { $0.tensors[2].type = .int16 }, .unsupportedOperator)
    // A table that is dequantized needs scales around 0: one, or one a row.
    let real = changed(embedding) {
      $0.tensors[2].type = .float32
      $0.tensors[1].scales = [0.5]
      $0.tensors[1].zeroPoints = [0]
    }
    #expect(real.loadError() == nil)
    expectRefusal(changed(real) { $0.tensors[1].scales = nil })
    expectRefusal(changed(real) { $0.tensors[1].zeroPoints = [1] })
    expectRefusal(changed(real) { $0.tensors[1].scales = [0.5, 0.5] })
    expectRefusal(changed(real) { $0.tensors[1].type = .int16 }, .unsupportedOperator)
    expectRefusal(changed(real) { $0.tensors[1].type = .int4 })
    for index: Int32 in [-1, 3, .max, .min] { expectRefusal(constant(real, 0, [0, index])) }
    // Slices of half a byte.
    expectRefusal(changed(gather(0)) { for index in [0, 2] { $0.tensors[index].type = .int4 } }, .unsupportedOperator)
    expectRefusal(changed(embedding) { $0.tensors[1].shape = [6] })
    expectRefusal(changed(embedding) { $0.tensors[0].shape = [2, 1] })
    expectRefusal(changed(embedding) { $0.tensors[0].type = .int64 })
  }

  @Test("GATHER_ND, SCATTER_ND, SPARSE_TO_DENSE, SEGMENT_SUM")
  func coordinates() {
    let gather = test(.gatherND, [([2, 3], .int8), ([4, 2], .int32)], [.int8])
    #expect(gather.loadError() == nil)
    expectRefusal(changed(gather) { $0.tensors[1].shape = [4, 3] })
    expectRefusal(changed(gather) { $0.tensors[1].shape = [] })
    expectRefusal(changed(gather) { $0.tensors[0].shape = [] })
    expectRefusal(changed(gather) { $0.tensors[1].type = .float32 })

    let open = test(.scatterND, [([4, 1], .int32), ([4, 3], .int32), ([2], .int32)], [.int32])
    let scatter = constant(open, 2, [5, 3])
    #expect(scatter.loadError() == nil)
    expectRefusal(open.unbounded)
    expectRefusal(constant(open, 2, [5, 2]))
    expectRefusal(constant(open, 2, [-5, 3]))
    expectRefusal(changed(scatter) { $0.tensors[1].shape = [3, 3] })
    expectRefusal(changed(scatter) { $0.tensors[0].shape = [4, 3] })
    expectRefusal(changed(scatter) { $0.tensors[0].shape = [] })
    expectRefusal(changed(scatter) { $0.tensors[1].type = .float64 })

    let sparse = constant(
      test(
        .sparseToDense, [([4, 2], .int32), ([2], .int32), ([4], .int8), ([], .int8)], [.int8]), 1, [5, 3])
    #expect(sparse.loadError() == nil)
    expectRefusal(changed(sparse) { $0.tensors[0].shape = [4, 1] })
    expectRefusal(changed(sparse) { $0.tensors[0].shape = [4] })
    expectRefusal(changed(sparse) { $0.tensors[2].shape = [3] })
    expectRefusal(changed(sparse) { $0.tensors[3].shape = [2] })
    expectRefusal(changed(sparse) { $0.tensors[3].type = .uint8 })

    let segments = test(.segmentSum, [([3, 2], .int32), ([3], .int32)], [.int32])
    #expect(constant(segments, 1, [0, 0, 4]).loadError() == nil)
    expectRefusal(segments.unbounded)
    expectRefusal(constant(segments, 1, [1, 0, 4]))
    expectRefusal(constant(segments, 1, [-1, 0, 4]))
    expectRefusal(constant(segments, 1, [0, 0, .max]))
    expectRefusal(constant(changed(segments) { $0.tensors[1].shape = [2] }, 1, [0, 0]))
  }

  @Test("ARG_MAX, ARG_MIN, TOPK_V2")
  func order() {
    for (code, options): (BuiltinOperator, UInt8) in [(.argMax, 40), (.argMin, 57)] {
      let open = test(
        code, [([2, 3], .int8), ([], .int32)], [.int32], options: (options, FlatTable([0: .int8(2)])))
      let extremum = constant(open, 1, [1])
      #expect(extremum.loadError() == nil)
      expectRefusal(open.unbounded)
      for axis: Int32 in [2, -3, .max, .min] { expectRefusal(constant(open, 1, [axis])) }
      expectRefusal(changed(extremum) { $0.tensors[0].shape = [2, 0] })
      expectRefusal(changed(extremum) { $0.tensors[0].type = .float64 })
      expectRefusal(changed(extremum) { $0.tensors[2].type = .int64 })
      expectRefusal(changed(extremum) { $0.tensors[2].type = .int8 })
      expectRefusal(changed(extremum) { $0.operators[0].options = nil })
    }
    let open = test(.topKV2, [([2, 3], .int8), ([], .int32)], [.int8, .int32])
    let top = constant(open, 1, [3])
    #expect(top.loadError() == nil)
    #expect(open.unbounded.loadError() == nil)
    expectRefusal(constant(open, 1, [4]))
    expectRefusal(changed(top) { $0.tensors[0].shape = [] })
    expectRefusal(changed(top) { $0.tensors[2].type = .uint8 })
    expectRefusal(changed(top) { $0.tensors[3].type = .int64 })
    expectRefusal(changed(top) { $0.operators[0].outputs.removeLast() })
  }

  @Test("SELECT and SELECT_V2")
  func select() {
    let select = test(.selectV2, [([2, 1], .bool), ([3], .int8), ([2, 3], .int8)], [.int8])
    #expect(select.loadError() == nil)
    expectRefusal(changed(select) { $0.tensors[0].type = .int8 })
    expectRefusal(changed(select) { $0.tensors[1].type = .uint8 })
    expectRefusal(changed(select) { $0.tensors[1].shape = [4] })
    expectRefusal(changed(select) { $0.tensors[3].type = .int16 })
    let rows = test(.select, [([2], .bool), ([2, 3], .int8), ([2, 3], .int8)], [.int8])
    #expect(rows.loadError() == nil)
    expectRefusal(changed(rows) { $0.tensors[0].shape = [3] })
    expectRefusal(changed(rows) { $0.tensors[0].shape = [2, 1] })
    expectRefusal(changed(rows) { $0.tensors[1].shape = [1, 3] })
  }

  @Test("integer and logical operators")
  func arithmetic() {
    let logical = test(.logicalAnd, [([2], .bool), ([2], .bool)], [.bool])
    #expect(logical.loadError() == nil)
    expectRefusal(changed(logical) { $0.tensors[0].type = .int8 })
    expectRefusal(changed(logical) { $0.tensors[1].shape = [3] })
    expectRefusal(changed(test(.logicalNot, [([2], .bool)], [.bool])) { $0.tensors[1].type = .int8 })
    expectRefusal(test(.bitwiseXor, [([2], .float32), ([2], .float32)], [.float32]))
    expectRefusal(test(.rightShift, [([2], .int64), ([2], .int64)], [.int64]))
    let division = test(.floorDiv, [([2], .int32), ([2], .int32)], [.int32])
    #expect(division.loadError() == nil)
    expectRefusal(changed(division) { $0.tensors[0].type = .uint8 })
    // All inputs constant: the division by 0 is seen at load.
    expectRefusal(constant(constant(division, 0, [1, 1]), 1, [1, 0]))
  }

  @Test("RANGE, FILL, WHERE, BROADCAST_ARGS, SHAPE, ONE_HOT, REVERSE_SEQUENCE")
  func shapes() {
    func range(_ start: Int32, _ limit: Int32, _ step: Int32) -> TestModel {
      let open = test(.range, [([], .int32), ([], .int32), ([], .int32)], [.int32])
      return constant(constant(constant(open, 0, [start]), 1, [limit]), 2, [step])
    }
    #expect(range(0, 5, 2).loadError() == nil)
    expectRefusal(range(0, 5, 0))
    expectRefusal(range(0, 5, -1))
    expectRefusal(range(5, 0, 1))
    expectRefusal(range(.min, .max, 1), .tooLarge)
    expectRefusal(test(.range, [([], .int32), ([], .int32), ([], .int32)], [.int32]).unbounded)
    let fill = test(.fill, [([2], .int32), ([], .int8)], [.int8])
    #expect(constant(fill, 0, [2, 3]).loadError() == nil)
    expectRefusal(fill.unbounded)
    expectRefusal(constant(fill, 0, [2, -3]))
    expectRefusal(constant(fill, 0, [.max, .max]), .tooLarge)
    #expect(test(.where, [([2], .bool)], [.int64]).unbounded.loadError() == nil)
    expectRefusal(test(.where, [([2], .int16)], [.int64]))
    expectRefusal(test(.broadcastArgs, [([2], .int32), ([2], .int32)], [.int32]).unbounded)
    expectRefusal(test(.shape, [([2], .int8)], [.int64], options: (55, FlatTable([0: .int8(2)]))))
    expectRefusal(test(.shape, [([2], .int8)], [.int8]))
    expectRefusal(test(.rank, [([2], .int8)], [.int64]))
    expectRefusal(test(.zerosLike, [([2], .int8)], [.int8]))
    let oneHot = test(.oneHot, [([2], .int32), ([], .int32), ([], .int8), ([], .int8)], [.int8])
    #expect(constant(oneHot, 1, [3]).loadError() == nil)
    expectRefusal(oneHot.unbounded)
    expectRefusal(constant(oneHot, 1, [-3]))
    expectRefusal(constant(changed(oneHot) { $0.operators[0].options = (61, FlatTable([0: .int32(2)])) }, 1, [3]))
    func reverse(_ sequence: Int32, _ batch: Int32) -> TestModel {
      test(
        .reverseSequence, [([2, 3], .int8), ([2], .int32)], [.int8],
        options: (87, FlatTable([0: .int32(sequence), 1: .int32(batch)])))
    }
    #expect(reverse(1, 0).loadError() == nil)
    expectRefusal(reverse(0, 0))
    expectRefusal(reverse(0, 1))
    expectRefusal(reverse(2, 0))
    expectRefusal(constant(constant(reverse(1, 0), 0, [0, 0]), 1, [4, 1]))
  }

  @Test("MATRIX_SET_DIAG and DYNAMIC_UPDATE_SLICE")
  func overlays() {
    let diagonal = test(.matrixSetDiag, [([2, 3], .int8), ([2], .int8)], [.int8])
    #expect(diagonal.loadError() == nil)
    expectRefusal(changed(diagonal) { $0.tensors[1].shape = [3] })
    expectRefusal(changed(diagonal) { $0.tensors[0].shape = [2] })
    expectRefusal(test(.matrixDiag, [([], .int8)], [.int8]))
    expectRefusal(test(.matrixDiag, [([1, 1, 1, 1, 1, 1, 1, 1], .int8)], [.int8]), .tooLarge)
    let update = test(.dynamicUpdateSlice, [([2, 3], .int8), ([1, 3], .int8), ([2], .int32)], [.int8])
    #expect(update.loadError() == nil)
    expectRefusal(changed(update) { $0.tensors[1].shape = [3, 1] })
    expectRefusal(changed(update) { $0.tensors[1].shape = [3] })
    expectRefusal(changed(update) { $0.tensors[2].shape = [1] })
    expectRefusal(changed(update) { $0.tensors[2].type = .int16 })
  }
}
