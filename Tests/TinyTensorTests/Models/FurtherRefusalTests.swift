import Testing

@testable import TinyTensor

/// Transforms, segments, buckets, random numbers, dilations, volumes and composites with wrong operands and options.
@Suite("Refusals by operators that few networks have")
struct FurtherRefusalTests {
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

  /// An operator on inputs of these shapes and types, of which some are constants of int32.
  private func test(
    _ code: BuiltinOperator, _ inputs: [(shape: [Int], type: ElementType, data: [Int32]?)], _ output: ElementType,
    options: (type: UInt8, table: FlatTable)? = nil
  ) -> TestModel {
    var test = TestModel()
    var sources: [Int32] = []
    for (index, input) in inputs.enumerated() {
      if let data = input.data {
        sources.append(test.constant("input \(index)", input.shape, input.type, data))
      } else {
        sources.append(test.input("input \(index)", input.shape, input.type))
      }
    }
    test.add(code, sources, [test.output([1], output)], options: options)
    return test
  }

  @Test("RFFT2D, REAL, IMAG, COMPLEX_ABS")
  func transforms() {
    func transform(_ shape: [Int], _ lengths: [Int32]) -> TestModel {
      test(.rfft2D, [(shape, .float32, nil), ([lengths.count], .int32, lengths)], .complex64)
    }
    #expect(transform([2, 3, 8], [4, 8]).loadError() == nil)
    #expect(transform([0, 3, 8], [4, 8]).loadError() == nil)
    for lengths: [Int32] in [[3, 8], [4, 6], [0, 8], [4, 0], [-4, 8], [4, .min], [.max, 8], [4], [4, 8, 8]] {
      expectRefusal(transform([2, 3, 8], lengths))
    }
    expectRefusal(transform([2, 3, 8], [4, 1]), .unsupportedOperator)
    expectRefusal(transform([8], [1, 8]))
    expectRefusal(transform([2, 3, 8], [1 << 30, 1 << 30]), .tooLarge)
    expectRefusal(transform([2, 3, 8], [1 << 20, 1 << 20]), .tooLarge)
    expectRefusal(changed(transform([2, 8], [2, 8])) { $0.tensors[0].type = .int32 })
    expectRefusal(changed(transform([2, 8], [2, 8])) { $0.tensors[2].type = .float32 })
    expectRefusal(test(.rfft2D, [([2, 8], .float32, nil), ([2], .int32, nil)], .complex64).unbounded)

    for code: BuiltinOperator in [.real, .imag, .complexAbs] {
      #expect(test(code, [([3], .complex64, nil)], .float32).loadError() == nil)
      #expect(test(code, [([3], .complex128, nil)], .float64).loadError() == nil)
      expectRefusal(test(code, [([3], .complex64, nil)], .float64))
      expectRefusal(test(code, [([3], .complex128, nil)], .float32))
      expectRefusal(test(code, [([3], .float32, nil)], .float32))
    }
  }

  @Test("UNSORTED_SEGMENT_SUM, _PROD, _MAX, _MIN")
  func segments() throws {
    for code: BuiltinOperator in [.unsortedSegmentSum, .unsortedSegmentProd, .unsortedSegmentMax, .unsortedSegmentMin] {
      func segments(_ shape: [Int], _ numbers: [Int32], _ count: Int32, numberShape: [Int]? = nil) -> TestModel {
        test(
          code, [(shape, .float32, nil), (numberShape ?? [numbers.count], .int32, numbers), ([], .int32, [count])],
          .float32)
      }
      #expect(segments([3, 2], [0, -1, 4], 5).loadError() == nil)
      #expect(segments([3, 0], [0, -1, 4], 5).loadError() == nil)
      #expect(segments([3, 2], [-1, -1, -1], 0).loadError() == nil)
      expectRefusal(segments([3, 2], [0, -1, 5], 5))
      expectRefusal(segments([3, 2], [0, -1, .max], 5))
      expectRefusal(segments([3, 2], [-1, -1, -1], -1))
      expectRefusal(segments([3, 2], [0, 0], 5))
      expectRefusal(segments([2], [0, 0], 5, numberShape: [2, 1]))
      expectRefusal(segments([1 << 15, 1 << 14], [Int32](repeating: 0, count: 1 << 15), .max), .tooLarge)
      expectRefusal(changed(segments([3, 2], [0, 0, 0], 5)) { $0.tensors[0].type = .int64 })
      expectRefusal(changed(segments([3, 2], [0, 0, 0], 5)) { $0.tensors[3].type = .int32 })
      expectRefusal(test(code, [([3], .float32, nil), ([3], .int32, nil), ([], .int32, nil)], .float32).unbounded)
      // Numbers that arrive in a run.
      let open = test(code, [([2], .int32, nil), ([2], .int32, nil), ([], .int32, [3])], .int32)
      #expect(throws: SessionError.self) { try open.run([bytes([1, 1] as [Int32]), bytes([0, 3] as [Int32])]) }
    }
  }

  @Test("BUCKETIZE")
  func buckets() {
    func buckets(_ limits: [Float]) -> TestModel {
      test(.bucketize, [([3], .float32, nil)], .int32, options: (115, FlatTable([0: .floats(limits)])))
    }
    #expect(buckets([0, 0, 1]).loadError() == nil)
    expectRefusal(buckets([0, 1, 0]))
    expectRefusal(buckets([0, .nan, 1]))
    expectRefusal(changed(buckets([0])) { $0.tensors[0].type = .int8 })
    expectRefusal(changed(buckets([0])) { $0.tensors[1].type = .int64 })
  }

  @Test("RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL, MULTINOMIAL")
  func random() throws {
    func seeds(_ first: UInt64, _ second: UInt64) -> (type: UInt8, table: FlatTable) {
      (114, FlatTable([0: .uint64(first), 1: .uint64(second)]))
    }
    for code: BuiltinOperator in [.randomUniform, .randomStandardNormal] {
      func random(_ sizes: [Int32], _ options: (type: UInt8, table: FlatTable)?) -> TestModel {
        test(code, [([sizes.count], .int32, sizes)], .float32, options: options)
      }
      #expect(random([2, 3], seeds(1, 0)).loadError() == nil)
      #expect(random([0], seeds(0, 1)).loadError() == nil)
      // Without seeds there are other numbers each time that a model is loaded.
      for seedless in [random([50], seeds(0, 0)), random([50], seeds(1 << 32, 0)), random([50], nil)] {
        #expect(try seedless.run([]) != seedless.run([]))
      }
      expectRefusal(random([-1, 3], seeds(1, 0)))
      expectRefusal(random([.max, .max, .max], seeds(1, 0)), .tooLarge)
      expectRefusal(changed(random([2], seeds(1, 0))) { $0.tensors[1].type = .float64 })
      expectRefusal(test(code, [([2], .int32, nil)], .float32, options: seeds(1, 0)))
      // A session goes on from run to run, and begins again when it is reset.
      let model = try Model(bytes: random([5], seeds(7, 9)).bytes)
      var session = try model.makeSession()
      try session.run()
      let first = try session.outputArray(model.output(at: 0))
      try session.run()
      #expect(try session.outputArray(model.output(at: 0)) != first)
      session.reset()
      try session.run()
      #expect(try session.outputArray(model.output(at: 0)) == first)
    }
    func classes(_ shape: [Int], _ samples: Int32, _ type: ElementType = .int64) -> TestModel {
      test(.multinomial, [(shape, .float32, nil), ([], .int32, [samples])], type, options: seeds(1, 1))
    }
    #expect(classes([2, 3], 4).loadError() == nil)
    #expect(classes([0, 3], 4).loadError() == nil)
    expectRefusal(classes([2, 0], 4))
    expectRefusal(classes([3], 4))
    expectRefusal(classes([2, 3], -1))
    expectRefusal(classes([2, 3], 4, .float32))
    expectRefusal(classes([1 << 15, 1], .max), .tooLarge)
  }

  @Test("DILATE")
  func dilate() {
    func dilate(_ shape: [Int], _ factors: [Int32]) -> TestModel {
      test(
        .dilate, [(shape, .int32, nil), ([factors.count], .int32, factors), ([], .int32, [7])], .int32,
        options: nil)
    }
    #expect(dilate([2, 3], [2, 1]).loadError() == nil)
    #expect(dilate([1, 3], [.max, 1]).loadError() == nil)
    for factors: [Int32] in [[0, 1], [1, -1], [.min, 1], [1], [1, 1, 1]] { expectRefusal(dilate([2, 3], factors)) }
    expectRefusal(dilate([0, 3], [1, 1]))
    expectRefusal(dilate([2, 3], [.max, .max]), .tooLarge)
    expectRefusal(changed(dilate([2], [2])) { $0.tensors[2].type = .float32 })
    expectRefusal(test(.dilate, [([2], .int32, nil), ([1], .int32, nil), ([], .int32, [7])], .int32).unbounded)
  }

  @Test("STABLEHLO_PAD")
  func stablePad() {
    func pad(_ low: [Int64], _ high: [Int64], _ between: [Int64], _ shape: [Int] = [2, 3]) -> TestModel {
      var test = test(.stablehloPad, [(shape, .int32, nil), ([], .int32, [7])], .int32)
      test.operators[0].options2 = (10, FlatTable([0: .int64s(low), 1: .int64s(high), 2: .int64s(between)]))
      return test
    }
    #expect(pad([1, -3], [0, 2], [0, 1]).loadError() == nil)
    #expect(pad([-1 << 30, 0], [1 << 30, 0], [0, 0]).loadError() == nil)
    expectRefusal(pad([1], [0, 2], [0, 1]))
    expectRefusal(pad([1, 1, 1], [0, 2, 0], [0, 1, 0]))
    expectRefusal(pad([], [], []))
    expectRefusal(pad([0, 0], [0, 0], [0, -1]))
    expectRefusal(pad([0, -6], [0, 0], [0, 0]))
    for size: Int64 in [.max, .min, 1 << 31] {
      expectRefusal(pad([size, 0], [0, 0], [0, 0]))
      expectRefusal(pad([0, 0], [size, 0], [0, 0]))
      expectRefusal(pad([0, 0], [0, 0], [size, 0]))
    }
    expectRefusal(pad([1 << 30, 0], [1 << 30, 0], [0, 0]), .tooLarge)
    expectRefusal(pad([0, 0], [0, 0], [0, 0], [2, 0]))
    expectRefusal(changed(pad([0, 0], [0, 0], [0, 0])) { $0.operators[0].options2 = nil })
  }

  @Test("REDUCE_WINDOW and STABLEHLO_REDUCE_WINDOW")
  func windows() {
    func window(_ lists: [[Int64]], function: Int32 = 1) -> TestModel {
      var test = test(.reduceWindow, [([4, 5], .int32, nil), ([], .int32, [0])], .int32)
      for list in lists {
        let constant = test.constant("list", [list.count], .int64, list)
        test.operators[0].inputs.append(constant)
      }
      test.operators[0].options2 = (20, FlatTable([0: .int32(function)]))
      return test
    }
    #expect(window([[2, 2], [1, 1], [1, 2]]).loadError() == nil)
    #expect(window([[9, 2], [1, 1], [1, 2]]).loadError() == nil)
    for bad: Int64 in [0, -1, .max, .min, 1 << 31] {
      expectRefusal(window([[bad, 2], [1, 1], [1, 2]]))
      expectRefusal(window([[2, 2], [1, bad], [1, 2]]))
      expectRefusal(window([[2, 2], [1, 1], [bad, 2]]))
    }
    expectRefusal(window([[2], [1, 1], [1, 2]]))
    expectRefusal(window([[2, 2], [1, 1]]))
    for function: Int32 in [0, 5, 6, 7, -1] {
      expectRefusal(window([[2, 2], [1, 1], [1, 2]], function: function), .unsupportedOperator)
    }

    func stable(
      _ window: [Int64], spread: [Int64] = [1, 1], edges: [Int64] = [0, 0, 0, 0], body: Int32 = 0
    ) -> TestModel {
      var test = test(.stablehloReduceWindow, [([4, 5], .int32, nil), ([], .int32, [0])], .int32)
      test.operators[0].options2 = (
        13, FlatTable([0: .int64s(window), 2: .int64s(spread), 4: .int64s(edges), 5: .int32(body)])
      )
      return test
    }
    // Its own graph has one operator, which is no function of two numbers.
    expectRefusal(stable([2, 2]), .unsupportedOperator)
    for body: Int32 in [1, -1, .max, .min] { expectRefusal(stable([2, 2], body: body), .invalidGraph) }
  }

  @Test("STABLEHLO_GATHER")
  func stableGather() {
    func gather(
      _ offset: [Int64] = [1], _ collapsed: [Int64] = [0], _ map: [Int64] = [0], vector: Int64 = 1,
      _ sizes: [Int64] = [1, 4]
    ) -> TestModel {
      var test = test(.stablehloGather, [([5, 4], .int32, nil), ([3, 1], .int32, nil)], .int32)
      test.operators[0].options2 = (
        16,
        FlatTable([
          0: .int64s(offset), 1: .int64s(collapsed), 2: .int64s(map), 3: .uint64(UInt64(bitPattern: vector)),
          4: .int64s(sizes),
        ])
      )
      return test
    }
    #expect(gather().loadError() == nil)
    for axis: Int64 in [2, -1, .max, .min] {
      expectRefusal(gather([axis]))
      expectRefusal(gather([1], [axis]))
      expectRefusal(gather([1], [0], [axis]))
    }
    for vector: Int64 in [0, 3, -1, .max, .min] { expectRefusal(gather(vector: vector)) }
    for size: Int64 in [0, 2, -1, .max, .min] { expectRefusal(gather([1], [0], [0], [size, 4])) }
    for size: Int64 in [5, -1, .max, .min] { expectRefusal(gather([1], [0], [0], [1, size])) }
    expectRefusal(gather([1], [0], [0], [1]))
    expectRefusal(gather([0, 1]))
    expectRefusal(gather([1], [0, 1]))
    expectRefusal(gather([1], [0], [0, 0]))
    expectRefusal(changed(gather()) { $0.tensors[1].type = .int16 })
    expectRefusal(changed(gather()) { $0.tensors[2].type = .float32 })
    expectRefusal(changed(gather()) { $0.operators[0].options2 = nil })
  }

  @Test("BIDIRECTIONAL_SEQUENCE_RNN")
  func recurrent() {
    func layer(merges: Bool = true, _ change: (inout TestModel) -> Void = { _ in }) -> TestModel {
      var test = TestModel()
      var sources = [test.input("input", [2, 3, 5], .float32)]
      for units in [3, 4] {
        for shape in [[units, 5], [units, units], [units]] { sources.append(test.input("part", shape, .float32)) }
        sources.append(test.tensor("state", [2, units], .float32))
        test.tensors[Int(sources.last ?? 0)].isVariable = true
      }
      sources += [-1, -1, -1]
      let outputs = (0..<(merges ? 1 : 2)).map { test.output("output \($0)", [1], .float32) }
      test.add(
        .bidirectionalSequenceRNN, sources, outputs,
        options: (70, FlatTable([0: .bool(false), 1: .int8(4), 2: .bool(merges), 3: .bool(false)])))
      change(&test)
      return test
    }
    #expect(layer().loadError() == nil)
    #expect(layer(merges: false).loadError() == nil)
    for index in 0..<9 {
      expectRefusal(layer { $0.tensors[index].shape = [7] })
      expectRefusal(layer { $0.operators[0].inputs[index] = -1 })
    }
    for index in [4, 8] {
      expectRefusal(
        layer {
          $0.tensors[index].isVariable = false
          $0.inputs.append(Int32(index))
        })
    }
    expectRefusal(layer { $0.operators[0].inputs[9] = 0 }, .unsupportedOperator)
    expectRefusal(
      layer {
        let more = $0.output("more", [1], .float32)
        $0.operators[0].outputs.append(more)
      })
    expectRefusal(layer(merges: false) { $0.operators[0].outputs.removeLast() })
    expectRefusal(layer { $0.operators[0].options?.table[1] = .int8(5) })
    expectRefusal(layer { $0.operators[0].options = nil })
    expectRefusal(layer { $0.tensors[0].type = .int32 })
  }

  @Test("float16 operands beside others")
  func halves() {
    func pair(_ code: BuiltinOperator, _ second: ElementType, _ output: ElementType) -> TestModel {
      test(code, [([2], .float16, nil), ([2], second, nil)], output)
    }
    for code: BuiltinOperator in [.add, .mul, .maximum, .minimum, .atan2, .stablehloAdd] {
      #expect(pair(code, .float16, .float16).loadError() == nil)
      expectRefusal(pair(code, .float32, .float16))
      expectRefusal(pair(code, .float16, .float32))
      expectRefusal(changed(pair(code, .float16, .float16)) { $0.operators[0].inputs.removeLast() })
      expectRefusal(changed(pair(code, .float16, .float16)) { $0.operators[0].outputs = [] })
    }
    for code: BuiltinOperator in [.equal, .less, .greaterEqual] {
      #expect(pair(code, .float16, .bool).loadError() == nil)
      expectRefusal(pair(code, .float16, .float16))
    }
    for code: BuiltinOperator in [.neg, .floor, .sin, .cos, .tanh, .logistic, .gelu] {
      #expect(test(code, [([2], .float16, nil)], .float16).loadError() == nil)
      expectRefusal(test(code, [([2], .float16, nil)], .float32))
      expectRefusal(pair(code, .float16, .float16))
    }
    // Operators that the reference does not have for float16.
    for code: BuiltinOperator in [.abs, .sqrt, .exp, .relu] {
      expectRefusal(test(code, [([2], .float16, nil)], .float16))
    }
  }

  @Test("CONV_3D_TRANSPOSE")
  func volumes() {
    func volume(_ output: [Int32], input: [Int] = [1, 2, 2, 2, 3], filter: [Int] = [2, 2, 2, 4, 3], stride: Int32 = 2)
      -> TestModel
    {
      var test = TestModel()
      let sizes = test.constant("sizes", [output.count], .int32, output)
      let weights = test.input("filter", filter, .float32)
      let source = test.input("input", input, .float32)
      test.add(
        .conv3DTranspose, [sizes, weights, source], [test.output([1], .float32)],
        options: (106, FlatTable([0: .int8(1), 1: .int32(stride), 2: .int32(2), 3: .int32(2)])))
      return test
    }
    #expect(volume([1, 4, 4, 4, 4]).loadError() == nil)
    for output: [Int32] in [
      [1, 4, 4, 4, 3], [2, 4, 4, 4, 4], [1, 9, 4, 4, 4], [1, 4, 4, 1, 4], [1, 4, 4, 4], [1, -4, 4, 4, 4],
      [1, 0, 4, 4, 4],
      [1, .max, .max, .max, 4],
    ] { expectRefusal(volume(output)) }
    expectRefusal(volume([1, 4, 4, 4, 4], filter: [2, 2, 2, 4, 2]))
    expectRefusal(volume([1, 4, 4, 4, 4], input: [1, 2, 2, 2, 0]))
    expectRefusal(volume([1, 4, 4, 4, 4], input: [2, 2, 2, 3]))
    expectRefusal(volume([1, 4, 4, 4, 4], stride: 0))
    expectRefusal(volume([1, 4, 4, 4, 4], stride: -1))
  }

  @Test("STABLEHLO_COMPOSITE with a graph that is missing, or its own")
  func composites() {
    func composite(_ graph: Int32) -> TestModel {
      var test = test(.stablehloComposite, [([2], .float32, nil)], .float32)
      test.operators[0].options2 = (21, FlatTable([0: .string("odml.test"), 1: .int32(graph)]))
      return test
    }
    for graph: Int32 in [0, 1, -1, .max, .min] { expectRefusal(composite(graph), .invalidGraph) }
    expectRefusal(changed(composite(1)) { $0.operators[0].options2 = nil })
    expectRefusal(changed(composite(1)) { $0.operators[0].options2?.type = 20 })
  }

  @Test("STABLEHLO_ADD of shapes that differ")
  func storedNumbers() {
    #expect(test(.stablehloAdd, [([2], .int32, nil), ([2], .int32, nil)], .int32).loadError() == nil)
    expectRefusal(test(.stablehloAdd, [([2], .int32, nil), ([1], .int32, nil)], .int32))
    expectRefusal(test(.stablehloAdd, [([2], .int8, nil), ([2], .int8, nil)], .int8))
  }

  @Test("FULLY_CONNECTED with weights in blocks")
  func blocks() {
    func layer(_ change: (inout TestModel) -> Void = { _ in }) -> TestModel {
      var test = TestModel()
      let input = test.input([2, 8], .float32)
      let weights = test.constant("weights", [3, 8], .int4, [UInt8](repeating: 0x71, count: 12), scales: [])
      let scales = test.constant("scales", [3, 2], .float16, [UInt16](repeating: 0x3C00, count: 6))
      test.tensors[Int(weights)].quantizationDetails = (
        2, FlatTable([0: .int32(scales), 1: .int32(-1), 2: .int32(4)])
      )
      test.add(.fullyConnected, [input, weights], [test.output([2, 3], .float32)], options: Options.fullyConnected())
      change(&test)
      return test
    }
    #expect(layer().loadError() == nil)
    for size: Int32 in [0, -4, 3, 16, .max, .min] {
      expectRefusal(layer { $0.tensors[1].quantizationDetails?.table[2] = .int32(size) })
    }
    for scales: Int32 in [-1, 9, .max, .min, 0, 1] {
      expectRefusal(layer { $0.tensors[1].quantizationDetails?.table[0] = .int32(scales) })
    }
    expectRefusal(layer { $0.tensors[2].shape = [3, 1] })
    expectRefusal(layer { $0.tensors[2].data = [0, 0] })
    expectRefusal(layer { $0.tensors[2].data = nil })
    expectRefusal(layer { $0.tensors[2].data?[1] = 0x7C })
    expectRefusal(layer { $0.tensors[2].type = .int16 })
    expectRefusal(layer { $0.tensors[1].quantizationDetails?.table[1] = .int32(2) }, .unsupportedOperator)
    expectRefusal(layer { $0.tensors[1].type = .int8 })
  }
}
