import Testing

@testable import TinyTensor

/// Small files that ask for much, or for what is not there.
@Suite("Hostile models")
struct HostileModelTests {
  // MARK: Constants

  @Test("a constant shorter than its shape is refused, also where only the caller reads it")
  func shortConstants() {
    var output = TestModel.chain(1)
    let short = output.constant("short", [4096], .int8, [Int8](repeating: 1, count: 4), scales: [1])
    output.outputs.append(short)
    #expect(output.loadError()?.code == .invalidGraph)

    var unused = TestModel.chain(1)
    _ = unused.constant("unused", [1 << 20], .int64, [UInt8](repeating: 1, count: 9))
    let error = unused.loadError()
    #expect(error?.code == .invalidGraph)
    #expect(error?.tensorName == "unused")
  }

  // MARK: Tensors without elements

  @Test("an axis without elements beside the one that is searched")
  func emptyExtremum() throws {
    for (code, options) in [(BuiltinOperator.argMax, UInt8(40)), (.argMin, 57)] {
      for type in [ElementType.int8, .float32] {
        var test = TestModel()
        let input = test.input([5000, 3, 0], type)
        let axis = test.constant("axis", [], .int32, [Int32(1)])
        let output = test.output([5000, 0], .int32)
        test.add(code, [input, axis], [output], options: (options, FlatTable([0: .int8(2)])))
        #expect(try test.run([[]]) == [[]])
        let model = try Model(bytes: test.bytes)
        #expect(model.operators[0].kernel == "empty")
        #expect(model.planSteps.isEmpty)
      }
    }
  }

  @Test("the other sizes of a tensor without elements are bounded")
  func emptyShapes() {
    let huge = Int(Int32.max)
    #expect(Shape([0, 1 << 30]) != nil)
    #expect(Shape([1 << 15, 0, 1 << 15]) != nil)
    #expect(Shape([0, 1 << 30, 2]) == nil)
    #expect(Shape([0, huge, huge]) == nil)
    #expect(Shape([huge, huge, huge, huge, huge, 0]) == nil)
    #expect(Shape([1 << 24, 1 << 24])?.count == 1 << 48)
    #expect(Shape([1 << 24, 1 << 24, 2]) == nil)
    for code in [BuiltinOperator.add, .mul, .maximum] {
      var test = TestModel()
      let lhs = test.input("lhs", [0, huge, huge, huge], .float32)
      let rhs = test.input("rhs", [0, 1, 1, 1], .float32)
      let output = test.output([0, huge, huge, huge], .float32)
      test.add(code, [lhs, rhs], [output])
      #expect(test.loadError()?.code == .invalidGraph)
    }
  }

  @Test("sums over nothing are zeros, as in the reference")
  func emptySums() throws {
    #expect(
      try TestModel.reduction(.sum, .float32, [3, 0], axes: [1], output: [3]).run([[]])
        == [[UInt8](repeating: 0, count: 12)])
  }

  // MARK: Work and memory of a load

  /// FILL of that many int8 elements, and ABS of it, which no input reaches.
  private func filled(_ count: Int) -> TestModel {
    var test = TestModel()
    let shape = test.constant("shape", [1], .int32, [Int32(count)])
    let value = test.constant("value", [], .int8, [Int8(-1)])
    let filled = test.tensor("filled", [count], .int8)
    test.add(.fill, [shape, value], [filled])
    let first = test.constant("first", [1], .int32, [Int32(count - 2)])
    let size = test.constant("size", [1], .int32, [Int32(2)])
    let output = test.output([2], .int8)
    test.add(.slice, [filled, first, size], [output])
    return test
  }

  @Test("operators of constants are computed at load, in a run, or not at all")
  func constantOperators() throws {
    let small = try Model(bytes: filled(1000).bytes)
    #expect(small.operators.map(\.kernel) == ["folded", "folded"])
    let large = try Model(bytes: filled(150_000_000).bytes)
    #expect(large.operators[0].kernel == "fill.reference")
    #expect(try filled(2_000_000).run([]) == [[0xFF, 0xFF]])
    let tooLarge = filled(400_000_000).loadError()
    #expect(tooLarge?.code == .tooLarge)
    #expect(tooLarge?.operatorIndex == 0)

    var limits = ModelOptions.Limits()
    limits.loadBytes = 1000
    // Half of it may be computed ones, and every byte of the file adds to it.
    #expect(filled(150_000).loadError(options: ModelOptions(limits: limits))?.code == .tooLarge)
  }

  @Test("products of constants that take seconds are refused")
  func constantProducts() {
    var test = TestModel()
    let shape = test.constant("shape", [2], .int32, [Int32(2048), 2048])
    let value = test.constant("value", [], .float32, [Float(1).bitPattern])
    let filled = test.tensor("filled", [2048, 2048], .float32)
    test.add(.fill, [shape, value], [filled])
    let output = test.output([2048, 2048], .float32)
    test.add(.batchMatMul, [filled, filled], [output])
    let error = test.loadError()
    #expect(error?.code == .tooLarge)
    #expect(error?.operatorIndex == 1)
    #expect(error?.message.contains("Limits.loadWork") == true)
  }

  @Test("operators that look at an element many times count that")
  func countedSteps() throws {
    func filled(_ code: BuiltinOperator, _ shape: [Int], _ options: (type: UInt8, table: FlatTable)? = nil) -> TestModel
    {
      var test = TestModel()
      let sizes = test.constant("shape", [shape.count], .int32, shape.map { Int32($0) })
      let value = test.constant("value", [], .float32, [Float(0.5).bitPattern])
      let filled = test.tensor("filled", shape, .float32)
      test.add(.fill, [sizes, value], [filled])
      let output = test.output(shape, .float32)
      test.add(code, code == .pow ? [filled, filled] : [filled], [output], options: options)
      return test
    }
    // A radius beyond all channels: each element looks at 2^17 others, if only to see that they are not there.
    let radius = (type: UInt8(13), table: FlatTable([0: .int32(1 << 16), 1: .float(1), 2: .float(1), 3: .float(1)]))
    let normalization = filled(.localResponseNormalization, [1, 1, 1, 1 << 16], radius)
    #expect(normalization.loadError()?.code == .tooLarge)
    for code in [BuiltinOperator.sin, .pow] {
      let model = try Model(bytes: filled(code, [1 << 22]).bytes)
      #expect(model.operators[1].kernel != "folded")
      #expect(model.elementarySteps > 100 << 22)
    }
    func drawn(_ count: Int) -> TestModel {
      var random = TestModel()
      let sizes = random.constant("shape", [1], .int32, [Int32(count)])
      let output = random.output([count], .float32)
      random.add(.randomStandardNormal, [sizes], [output], options: (114, FlatTable([0: .int32(1)])))
      return random
    }
    #expect(try Model(bytes: drawn(1 << 20).bytes).elementarySteps > 100 << 20)
    #expect(drawn(1 << 25).loadError()?.code == .tooLarge)
  }

  @Test("a range of many numbers is refused before it is made")
  func range() {
    var test = TestModel()
    let first = test.constant("first", [], .int32, [Int32(0)])
    let last = test.constant("last", [], .int32, [Int32((1 << 28) - 1)])
    let step = test.constant("step", [], .int32, [Int32(1)])
    let output = test.output([1 << 28], .int32)
    test.add(.range, [first, last, step], [output])
    #expect(test.loadError()?.code == .tooLarge)
  }

  @Test("one constant that all operators look at")
  func sharedConstant() {
    var test = TestModel()
    var last = test.input([1], .float32)
    // 4 MB of axes, all of them 0.
    let axes = test.constant("axes", [1 << 20], .int32, [Int32](repeating: 0, count: 1 << 20))
    for index in 0..<400 {
      let next = test.tensor("value \(index)", [1], .float32)
      test.add(.sum, [last, axes], [next], options: Options.reduce(keepsAxes: true))
      last = next
    }
    test.outputs = [last]
    let error = test.loadError()
    #expect(error?.code == .tooLarge)
    #expect(error?.message.contains("Limits.loadWork") == true)
  }

  @Test("more descriptions than a file may have are damage")
  func manyDescriptions() {
    var test = TestModel.chain(1)
    test.edit = { root in
      guard case .tables(var graphs)? = root[2], case .tables(let tensors)? = graphs[0][0] else { return }
      graphs[0][0] = .tables(tensors + [FlatTable](repeating: tensors[0], count: 262_145))
      root[2] = .tables(graphs)
    }
    let error = test.loadError()
    #expect(error?.code == .malformedFile)
    #expect(error?.message.contains("262144 tensors") == true)
  }

  @Test("more signatures or metadata than a file may have are damage")
  func manyEntries() {
    for slot in [6, 7] {
      var test = TestModel.chain(1)
      test.edit = { root in root[slot] = .tables([FlatTable](repeating: FlatTable([:]), count: 262_145)) }
      let error = test.loadError()
      #expect(error?.code == .malformedFile)
      #expect(error?.message.contains("262144 signatures and metadata") == true)
    }
  }

  @Test("the steps of one operator of very many inputs are told in time")
  func wideOperator() throws {
    var test = TestModel()
    let count = 20000
    let inputs = (0..<count).map { test.input("input \($0)", [1, 1], .int8) }
    let output = test.output([1, count], .int8)
    test.add(.concatenation, inputs, [output], options: (10, FlatTable([0: .int32(1)])))
    let steps = try Model(bytes: test.bytes).planSteps
    #expect(steps.count == 1)
    let read = Set(steps.flatMap { $0.operands.filter { !$0.isOutput }.compactMap(\.tensor) })
    let isComplete = inputs.allSatisfy { read.contains(Int($0)) }
    #expect(isComplete)
  }

  // MARK: Cancellation

  @Test("a load ends where it is asked to")
  func cancelledLoad() throws {
    let canceller = LoadCanceller()
    var options = ModelOptions()
    options.canceller = canceller
    _ = try Model(bytes: TestModel.chain(2).bytes, options: options)
    canceller.cancel()
    #expect(canceller.isCancelled)
    #expect(TestModel.chain(2).loadError(options: options)?.code == .cancelled)
    #expect(TestModel.chain(2).loadError(options: options)?.code == .cancelled)
    canceller.withdraw()
    #expect(TestModel.chain(2).loadError(options: options) == nil)
  }

  @Test("a load that is under way ends at the next operator")
  func cancelledOnTheWay() {
    let canceller = LoadCanceller()
    var options = ModelOptions()
    options.canceller = canceller
    options.customOperators = [
      CustomOperator(name: "CANCEL") { (node) throws(ModelError) in
        canceller.cancel()
        return CustomOperator.Plan(outputShapes: [node.inputs[0]?.shape ?? []]) { (_) throws(SessionError) in }
      }
    ]
    var test = TestModel()
    let input = test.input([2], .float32)
    let between = test.tensor("between", [2], .float32)
    let output = test.output([2], .float32)
    test.operators.append(.init(code: .custom, customName: "CANCEL", inputs: [input], outputs: [between]))
    test.add(.abs, [between], [output])
    #expect(test.loadError(options: options)?.code == .cancelled)
  }
}
