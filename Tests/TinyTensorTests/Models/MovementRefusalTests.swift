import Testing

@testable import TinyTensor

/// Operators that move, shape or select data, with wrong counts, ranks, types, axes, options and constants.
@Suite("Refusals by operators that move data")
struct MovementRefusalTests {
  private func expectRefusal(
    _ test: TestModel, _ code: ModelError.Code = .invalidOperator, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = test.loadError()
    #expect(error?.code == code, "\(error?.message ?? "accepted")", sourceLocation: sourceLocation)
  }

  /// An operator on an input of bytes, tensor 0, and constant lists, tensors 1 and on; outputs come last.
  private func test(
    _ code: BuiltinOperator, _ input: [Int], _ lists: [(shape: [Int], elements: [Int32])] = [], outputs: Int = 1,
    type: ElementType = .int8, options: (type: UInt8, table: FlatTable)? = nil
  ) -> TestModel {
    var test = TestModel()
    let scale: Float? = type == .int8 ? 1 : nil
    var inputs = [test.input(input, type, scale: scale)]
    for (index, list) in lists.enumerated() {
      inputs.append(test.constant("list \(index)", list.shape, .int32, list.elements))
    }
    var results: [Int32] = []
    for index in 0..<outputs { results.append(test.output("output \(index)", [1], type, scale: scale)) }
    test.add(code, inputs, results, options: options)
    return test
  }

  private func changed(_ test: TestModel, _ change: (inout TestModel) -> Void) -> TestModel {
    var test = test
    change(&test)
    return test
  }

  /// Refusals that all of these share: a run-time list and no bound, another count of inputs, another output type,
  /// sub-byte types.
  private func expectCommonRefusals(_ test: TestModel, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(test.loadError() == nil, "\(test.loadError()?.message ?? "")", sourceLocation: sourceLocation)
    let output = Int(test.operators[0].outputs[0])
    expectRefusal(changed(test) { $0.operators[0].inputs.append(0) }, sourceLocation: sourceLocation)
    expectRefusal(changed(test) { $0.operators[0].inputs = [] }, sourceLocation: sourceLocation)
    expectRefusal(changed(test) { $0.tensors[output].type = .int32 }, sourceLocation: sourceLocation)
    expectRefusal(
      changed(test) {
        $0.tensors[0].type = .int4
        $0.tensors[output].type = .int4
      }, sourceLocation: sourceLocation)
    guard test.operators[0].inputs.count > 1, test.tensors[1].data != nil else { return }
    let runTime = changed(test) {
      $0.tensors[1].data = nil
      $0.inputs.append(1)
      for output in $0.outputs { $0.tensors[Int(output)].shapeSignature = [-1] }
    }
    // What is cut out of an input is no larger than that.
    if [.slice, .stridedSlice, .reverseV2, .reshape, .cumsum].contains(test.operators[0].code) {
      #expect(runTime.loadError() == nil, sourceLocation: sourceLocation)
      return
    }
    expectRefusal(runTime, sourceLocation: sourceLocation)
    let message = runTime.loadError()?.message ?? ""
    #expect(
      message.contains("must be constant, or a bound of output") && message.contains("--bound"),
      "\(message)", sourceLocation: sourceLocation)
  }

  @Test("TRANSPOSE")
  func transpose() {
    expectCommonRefusals(test(.transpose, [2, 3], [([2], [1, 0])]))
    for entries: [Int32] in [[0], [0, 0], [0, 2], [0, -3], [0, .max], [0, .min], [0, 1, 2]] {
      expectRefusal(test(.transpose, [2, 3], [([entries.count], entries)]))
    }
  }

  @Test("TILE, BROADCAST_TO, REVERSE_V2, EXPAND_DIMS")
  func lists() {
    expectCommonRefusals(test(.tile, [2, 3], [([2], [2, 2])]))
    expectRefusal(test(.tile, [2, 3], [([1], [2])]))
    expectRefusal(test(.tile, [2, 3], [([2], [2, -1])]))
    expectRefusal(test(.tile, [2, 3], [([2], [.max, .max])]), .tooLarge)
    expectCommonRefusals(test(.broadcastTo, [1, 3], [([2], [2, 3])]))
    expectRefusal(test(.broadcastTo, [2, 3], [([2], [4, 3])]))
    expectRefusal(test(.broadcastTo, [2, 3], [([1], [3])]))
    expectRefusal(test(.broadcastTo, [1, 3], [([2], [-1, 3])]))
    expectRefusal(test(.broadcastTo, [1], [([9], [Int32](repeating: 1, count: 9))]), .tooLarge)
    expectCommonRefusals(test(.reverseV2, [2, 3], [([1], [0])]))
    expectRefusal(test(.reverseV2, [2, 3], [([1], [2])]))
    expectRefusal(test(.reverseV2, [2, 3], [([2], [1, -1])]))
    #expect(test(.expandDims, [2, 3], [([], [2])]).loadError() == nil)
    expectRefusal(test(.expandDims, [2, 3], [([], [3])]))
    expectRefusal(test(.expandDims, [2, 3], [([], [-4])]))
    expectRefusal(test(.expandDims, [2, 3], [([2], [0, 1])]))
    expectRefusal(test(.expandDims, [1, 1, 1, 1, 1, 1, 1, 1], [([], [0])]), .tooLarge)
  }

  @Test("SPACE_TO_DEPTH and DEPTH_TO_SPACE")
  func blocks() {
    for code in [BuiltinOperator.spaceToDepth, .depthToSpace] {
      func blocks(_ size: Int32, _ input: [Int] = [1, 4, 4, 4]) -> TestModel {
        test(code, input, options: (code == .spaceToDepth ? 19 : 94, FlatTable([0: .int32(size)])))
      }
      expectCommonRefusals(blocks(2))
      for size: Int32 in [0, -1, 3, .max, .min] { expectRefusal(blocks(size)) }
      expectRefusal(blocks(2, [4, 4, 4]))
      expectRefusal(changed(blocks(2)) { $0.operators[0].options = nil })
    }
  }

  @Test("SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND")
  func batches() {
    for code in [BuiltinOperator.spaceToBatchND, .batchToSpaceND] {
      func batches(_ block: [Int32], _ borders: [Int32], _ input: [Int] = [4, 4, 4, 1]) -> TestModel {
        test(code, input, [([block.count], block), ([borders.count / 2, 2], borders)])
      }
      expectCommonRefusals(batches([2, 2], [0, 0, 0, 0]))
      expectRefusal(batches([0, 2], [0, 0, 0, 0]))
      expectRefusal(batches([2, -2], [0, 0, 0, 0]))
      expectRefusal(batches([.max, .max], [0, 0, 0, 0]))
      expectRefusal(batches([2, 2], [0, -1, 0, 0]))
      expectRefusal(batches([2, 2], [0, 0]))
      expectRefusal(batches([2, 2], [0, 0, 0, 0], [4]))
      expectRefusal(batches([3, 2], [0, 0, 0, 0]))
    }
    expectRefusal(test(.spaceToBatchND, [4, 4, 1], [([1], [2]), ([1, 2], [0, 1])]))
    expectRefusal(test(.spaceToBatchND, [4, 4, 1], [([1], [2]), ([1, 2], [.max, .max])]), .tooLarge)
    expectRefusal(test(.batchToSpaceND, [4, 4, 1], [([1], [2]), ([1, 2], [5, 4])]))
    expectRefusal(test(.batchToSpaceND, [4, 4, 1], [([1], [2]), ([1, 2], [0, .max])]))
  }

  @Test("SLICE")
  func slice() {
    func slice(_ begin: [Int32], _ size: [Int32]) -> TestModel {
      test(.slice, [2, 3], [([begin.count], begin), ([size.count], size)])
    }
    expectCommonRefusals(slice([0, 1], [1, 2]))
    for (begin, size): ([Int32], [Int32]) in [
      ([0, -1], [1, 1]), ([0, 4], [1, -1]), ([0, 1], [1, 3]), ([0, 1], [1, -2]), ([0], [1]), ([0, 0], [1, .max]),
      ([0, .min], [1, 1]), ([0, .max], [1, .max]),
    ] { expectRefusal(slice(begin, size)) }
  }

  @Test("STRIDED_SLICE")
  func strided() {
    func strided(_ strides: [Int32], count: Int = 2, fields: [Int: FlatValue] = [:]) -> TestModel {
      test(
        .stridedSlice, [2, 3],
        [
          ([count], [Int32](repeating: 0, count: count)), ([count], [Int32](repeating: 2, count: count)),
          ([strides.count], strides),
        ], options: (32, FlatTable(fields)))
    }
    expectCommonRefusals(strided([1, 1]))
    expectRefusal(strided([1, 0]))
    expectRefusal(strided([1, .min]))
    expectRefusal(strided([1]))
    expectRefusal(strided([1, 1, 1], count: 3))
    expectRefusal(strided([1, 1, 1], count: 3, fields: [2: .int32(3)]))
    expectRefusal(changed(strided([1, 1])) { $0.operators[0].options = nil })
    // Seven new axes and the input's two.
    let many = [Int32](repeating: 1, count: 7)
    expectRefusal(strided(many, count: 7, fields: [3: .int32(127)]), .tooLarge)
  }

  @Test("SPLIT, SPLIT_V and UNPACK")
  func split() {
    func listed(_ sizes: [Int32], axis: Int32 = 1, parts: Int32 = 2) -> TestModel {
      test(
        .splitV, [2, 3], [([sizes.count], sizes), ([], [axis])], outputs: 2,
        options: (79, FlatTable([0: .int32(parts)])))
    }
    expectCommonRefusals(listed([1, 2]))
    for sizes: [Int32] in [[1, 1], [2, 2], [-1, -1], [4, -1], [-2, 5], [1, 1, 1], [.max, .max]] {
      expectRefusal(listed(sizes))
    }
    expectRefusal(listed([1, 2], axis: 2))
    expectRefusal(listed([1, 2], parts: 0))
    expectRefusal(listed([1, 2], parts: 3))

    func unpack(_ parts: Int32, axis: Int32) -> TestModel {
      test(
        .unpack, [2, 3], outputs: Int(max(parts, 1)), options: (64, FlatTable([0: .int32(parts), 1: .int32(axis)])))
    }
    expectCommonRefusals(unpack(2, axis: 0))
    expectRefusal(unpack(2, axis: 1))
    expectRefusal(unpack(2, axis: 2))
    expectRefusal(unpack(0, axis: 0))
    expectRefusal(changed(unpack(2, axis: 0)) { $0.operators[0].outputs.removeLast() })

    func split(_ parts: Int32, axis: Int32) -> TestModel {
      changed(
        test(.split, [2, 3], [([], [axis])], outputs: Int(max(parts, 1)), options: (35, FlatTable([0: .int32(parts)])))
      ) { $0.operators[0].inputs.reverse() }
    }
    #expect(split(3, axis: 1).loadError() == nil)
    expectRefusal(split(2, axis: 1))
    expectRefusal(split(2, axis: -3))
    expectRefusal(split(0, axis: 0))
    expectRefusal(split(-1, axis: 0))
  }

  @Test("PACK")
  func pack() {
    func pack(_ count: Int32, axis: Int32) -> TestModel {
      changed(
        test(.pack, [2, 3], options: (59, FlatTable([0: .int32(count), 1: .int32(axis)])))
      ) { $0.operators[0].inputs = [0, 0] }
    }
    #expect(pack(2, axis: 2).loadError() == nil)
    expectRefusal(pack(3, axis: 0))
    expectRefusal(pack(0, axis: 0))
    expectRefusal(pack(2, axis: 3))
    expectRefusal(pack(2, axis: -4))
    expectRefusal(changed(pack(2, axis: 0)) { $0.tensors[1].scales = [2] })
    expectRefusal(changed(pack(2, axis: 0)) { $0.tensors[1].type = .uint8 })
  }

  @Test("MIRROR_PAD and PADV2")
  func padding() {
    func mirror(_ paddings: [Int32], mode: Int8 = 0) -> TestModel {
      test(.mirrorPad, [2, 3], [([paddings.count / 2, 2], paddings)], options: (77, FlatTable([0: .int8(mode)])))
    }
    expectCommonRefusals(mirror([0, 1, 2, 2]))
    expectRefusal(mirror([0, 2, 0, 0]))
    #expect(mirror([0, 2, 0, 0], mode: 1).loadError() == nil)
    expectRefusal(mirror([0, 3, 0, 0], mode: 1))
    expectRefusal(mirror([0, -1, 0, 0]))
    expectRefusal(mirror([0, 0]))
    expectRefusal(mirror([0, 0, 0, 0], mode: 2))
    let value = changed(test(.padV2, [2], [([1, 2], [1, 1])])) {
      let value = $0.constant("value", [], .int8, [Int8(3)], scales: [1])
      $0.operators[0].inputs.append(value)
    }
    #expect(value.loadError() == nil)
    expectRefusal(changed(value) { $0.tensors[3].type = .uint8 })
    expectRefusal(changed(value) { $0.tensors[3].scales = [2] })
    expectRefusal(
      changed(value) {
        $0.tensors[3].shape = [2]
        $0.tensors[3].data = [1, 2]
      })
  }

  @Test("CAST, BITCAST")
  func casts() {
    expectRefusal(
      changed(test(.cast, [2])) { $0.tensors[1].type = .complex64 }, .unsupportedOperator)
    expectRefusal(changed(test(.cast, [2])) { $0.operators[0].inputs = [0, 0] })
    expectRefusal(changed(test(.bitcast, [3])) { $0.tensors[1].type = .int32 })
    expectRefusal(changed(test(.bitcast, [])) { $0.tensors[1].type = .int32 })
    expectRefusal(changed(test(.bitcast, [4])) { $0.tensors[1].type = .string })
  }
}
