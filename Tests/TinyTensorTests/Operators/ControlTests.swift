import Testing

@testable import TinyTensor

/// Models with several graphs: graph 0 is the main one.
@Suite("Control flow and variables")
struct ControlTests {
  private func file(_ graphs: [TestModel]) -> [UInt8] { TestModel.file(graphs) }

  private func run(_ bytes: [UInt8], _ inputs: [[UInt8]]) throws -> [[UInt8]] {
    let model = try Model(bytes: bytes)
    var session = try model.makeSession()
    for (index, input) in inputs.enumerated() {
      try session.setInput(model.input(at: index), bytes: input.span)
    }
    try session.run()
    var outputs: [[UInt8]] = []
    for index in model.outputs.indices { outputs.append(try session.outputArray(model.output(at: index))) }
    return outputs
  }

  /// Adds a constant to two int8 values.
  private func adding(_ amount: Int8) -> TestModel {
    var graph = TestModel()
    let input = graph.input([2], .int8, scale: 1)
    let constant = graph.constant("amount", [1], .int8, [amount], scales: [1])
    let output = graph.output([2], .int8, scale: 1)
    graph.add(.add, [input, constant], [output], options: Options.add())
    return graph
  }

  /// A product of two matrices of n x n: n^3 multiplications.
  private func product(_ n: Int) -> TestModel {
    var graph = TestModel()
    let input = graph.input([n, n], .float32)
    let output = graph.output([n, n], .float32)
    graph.add(.batchMatMul, [input, input], [output])
    return graph
  }

  @Test("products behind calls, branches and loops are counted")
  func multiplyAccumulates() throws {
    var caller = TestModel()
    let value = caller.input([8, 8], .float32)
    let between = caller.tensor("between", [8, 8], .float32)
    let result = caller.output([8, 8], .float32)
    caller.add(.call, [value], [between], options: (16, FlatTable([0: .uint32(1)])))
    caller.add(.call, [between], [result], options: (16, FlatTable([0: .uint32(1)])))
    let calls = try Model(bytes: file([caller, product(8)]))
    #expect(calls.multiplyAccumulates == 2 * 512)
    #expect(calls.operators.map(\.multiplyAccumulates) == [512, 512])
    #expect(!calls.isOpenEnded)
    #expect(calls.elementarySteps > 2 * 512)

    var branching = TestModel()
    let condition = branching.input("condition", [1], .bool)
    let operand = branching.input("value", [8, 8], .float32)
    let chosen = branching.output([8, 8], .float32)
    branching.add(.if, [condition, operand], [chosen], options: (92, FlatTable([0: .int32(1), 1: .int32(2)])))
    var twice = TestModel()
    let matrix = twice.input([8, 8], .float32)
    let once = twice.tensor("once", [8, 8], .float32)
    let end = twice.output([8, 8], .float32)
    twice.add(.batchMatMul, [matrix, matrix], [once])
    twice.add(.batchMatMul, [once, matrix], [end])
    let branches = try Model(bytes: file([branching, product(8), twice]))
    #expect(branches.multiplyAccumulates == 2 * 512)
    #expect(!branches.isOpenEnded)

    var looping = TestModel()
    let start = looping.input([8, 8], .float32)
    let last = looping.output([8, 8], .float32)
    looping.add(.while, [start], [last], options: (93, FlatTable([0: .int32(1), 1: .int32(2)])))
    var test = TestModel()
    _ = test.input([8, 8], .float32)
    let no = test.constant("no", [1], .bool, [UInt8(0)])
    test.outputs = [no]
    let loops = try Model(bytes: file([looping, test, product(8)]))
    #expect(loops.multiplyAccumulates == 512)
    #expect(loops.isOpenEnded)
    #expect(loops.operators[0].isOpenEnded)
  }

  @Test("graphs that are called many times are counted each time")
  func manyOperators() throws {
    var limits = ModelOptions.Limits()
    limits.operators = 100
    func calls(_ count: Int) -> [UInt8] {
      var main = TestModel()
      var last = main.input([1, 4], .int8, scale: 0.1)
      for index in 0..<count {
        let next = main.tensor("value \(index)", [1, 4], .int8, scale: 0.1)
        main.add(.call, [last], [next], options: (16, FlatTable([0: .uint32(1)])))
        last = next
      }
      main.outputs = [last]
      return file([main, .chain(9)])
    }
    _ = try Model(bytes: calls(10), options: ModelOptions(limits: limits))
    let error = #expect(throws: ModelError.self) {
      try Model(bytes: calls(11), options: ModelOptions(limits: limits))
    }
    #expect(error?.code == .tooLarge)
  }

  private func branch(then: Int32 = 1, else other: Int32 = 2) -> TestModel {
    var main = TestModel()
    let condition = main.input("condition", [1], .bool)
    let value = main.input("value", [2], .int8, scale: 1)
    let output = main.output([2], .int8, scale: 1)
    main.add(.if, [condition, value], [output], options: (92, FlatTable([0: .int32(then), 1: .int32(other)])))
    return main
  }

  @Test("an error in a run names the operator, and in a called graph both")
  func locatedErrors() throws {
    var graph = TestModel()
    let numerator = graph.input([2], .int32)
    let sum = graph.tensor("sum", [2], .int32)
    let quotient = graph.output([2], .int32)
    graph.add(.add, [numerator, numerator], [sum], options: Options.add())
    graph.add(.div, [sum, numerator], [quotient], options: (29, FlatTable([0: .int8(0)])))
    var main = TestModel()
    let value = main.input([2], .int32)
    let doubled = main.tensor("doubled", [2], .int32)
    let output = main.output([2], .int32)
    main.add(.add, [value, value], [doubled], options: Options.add())
    main.add(.call, [doubled], [output], options: (16, FlatTable([0: .uint32(1)])))
    func error(_ bytes: [UInt8]) throws -> SessionError? {
      let model = try Model(bytes: bytes)
      var session = try model.makeSession()
      do throws(SessionError) {
        try session.run()
        return nil
      } catch {
        return error
      }
    }
    let direct = try error(graph.bytes)
    #expect(direct?.message == "operator 1 (DIV): an integer is divided by 0")
    #expect(direct?.operatorIndex == 1 && direct?.code == .invalidData)
    let called = try error(file([main, graph]))
    #expect(
      called?.message == "operator 1 (CALL): operator 1 (DIV) of subgraph 1: an integer is divided by 0")
    #expect(called?.operatorIndex == 1)
  }

  @Test("IF runs the graph that the condition chooses")
  func branches() throws {
    let bytes = file([branch(), adding(10), adding(-1)])
    #expect(try run(bytes, [[1], [1, 2]]) == [[11, 12]])
    #expect(try run(bytes, [[0], [1, 2]]) == [[0, 1]])
  }

  /// A loop over a counter and two int8 values. Its condition: the counter is less than a limit.
  private func loopGraph(condition: Int32 = 1, body: Int32 = 2) -> TestModel {
    var main = TestModel()
    let counter = main.input("counter", [1], .int32)
    let value = main.input("value", [2], .int8, scale: 1)
    let count = main.output("count", [1], .int32)
    let result = main.output("result", [2], .int8, scale: 1)
    main.add(
      .while, [counter, value], [count, result],
      options: (93, FlatTable([0: .int32(condition), 1: .int32(body)])))
    return main
  }

  private func counterIsLess(than limit: Int32, outputs: Int = 1) -> TestModel {
    var graph = TestModel()
    let counter = graph.input("counter", [1], .int32)
    _ = graph.input("value", [2], .int8, scale: 1)
    let constant = graph.constant("limit", [1], .int32, [limit])
    for index in 0..<outputs {
      let output = graph.output("less \(index)", [1], .bool)
      graph.add(.less, [counter, constant], [output])
    }
    return graph
  }

  /// One is added to the counter; the values are doubled.
  private func doubling(_ type: ElementType = .int8) -> TestModel {
    var graph = TestModel()
    let counter = graph.input("counter", [1], .int32)
    let value = graph.input("value", [2], type, scale: 1)
    let one = graph.constant("one", [1], .int32, [Int32(1)])
    let count = graph.output("count", [1], .int32)
    let result = graph.output("result", [2], type, scale: 1)
    graph.add(.add, [counter, one], [count], options: Options.add())
    graph.add(.add, [value, value], [result], options: Options.add())
    return graph
  }

  @Test("WHILE runs its body for as long as its condition holds, which may be never")
  func loops() throws {
    let bytes = file([loopGraph(), counterIsLess(than: 5), doubling()])
    #expect(try run(bytes, [[0, 0, 0, 0], [1, 2]]) == [[5, 0, 0, 0], [32, 64]])
    #expect(try run(bytes, [[4, 0, 0, 0], [1, 2]]) == [[5, 0, 0, 0], [2, 4]])
    #expect(try run(bytes, [[5, 0, 0, 0], [1, 2]]) == [[5, 0, 0, 0], [1, 2]])
  }

  @Test("a loop over graphs that do not fit is refused")
  func loopErrors() {
    func code(_ graphs: [TestModel]) -> ModelError.Code? {
      do throws(ModelError) {
        _ = try Model(bytes: file(graphs))
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code([loopGraph(), counterIsLess(than: 5), doubling()]) == nil)
    #expect(code([loopGraph(condition: 7), counterIsLess(than: 5), doubling()]) == .invalidGraph)
    #expect(code([loopGraph(body: -1), counterIsLess(than: 5), doubling()]) == .invalidGraph)
    #expect(code([loopGraph(), counterIsLess(than: 5, outputs: 2), doubling()]) == .invalidOperator)
    // The body as the condition: it gives two values, and no truth value.
    #expect(code([loopGraph(condition: 2), counterIsLess(than: 5), doubling()]) == .invalidOperator)
    #expect(code([loopGraph(), counterIsLess(than: 5), doubling(.uint8)]) == .invalidOperator)
    var short = loopGraph()
    short.operators[0].outputs.removeLast()
    short.outputs.removeLast()
    #expect(code([short, counterIsLess(than: 5), doubling()]) == .invalidOperator)
    var bare = loopGraph()
    bare.operators[0].options = nil
    #expect(code([bare, counterIsLess(than: 5), doubling()]) != nil)
  }

  @Test("CALL runs a graph, and several calls have memory of their own")
  func calls() throws {
    var main = TestModel()
    let input = main.input([2], .int8, scale: 1)
    let middle = main.tensor("middle", [2], .int8, scale: 1)
    let output = main.output([2], .int8, scale: 1)
    main.add(.call, [input], [middle], options: (16, FlatTable([0: .uint32(1)])))
    main.add(.call, [middle], [output], options: (16, FlatTable([0: .uint32(1)])))
    #expect(try run(file([main, adding(5)]), [[1, 2]]) == [[11, 12]])
  }

  @Test("graphs that call themselves, or graphs that do not exist, are refused")
  func recursion() {
    func code(_ graphs: [TestModel]) -> ModelError.Code? {
      do throws(ModelError) {
        _ = try Model(bytes: file(graphs))
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code([branch(then: 7), adding(1), adding(1)]) == .invalidGraph)
    #expect(code([branch(then: -1), adding(1), adding(1)]) == .invalidGraph)
    // Graph 0 takes two inputs, the operator passes one.
    #expect(code([branch(then: 0), adding(1), adding(1)]) == .invalidOperator)
    var cycle = TestModel()
    let input = cycle.input([2], .int8, scale: 1)
    let output = cycle.output([2], .int8, scale: 1)
    cycle.add(.call, [input], [output], options: (16, FlatTable([0: .uint32(0)])))
    #expect(code([cycle]) == .invalidGraph)
    // Twice the calls at every depth: the count of graphs ends it.
    var tree = TestModel()
    let root = tree.input([2], .int8, scale: 1)
    let left = tree.output([2], .int8, scale: 1)
    let right = tree.tensor("right", [2], .int8, scale: 1)
    tree.add(.call, [root], [left], options: (16, FlatTable([0: .uint32(0)])))
    tree.add(.call, [root], [right], options: (16, FlatTable([0: .uint32(0)])))
    #expect(code([tree]) == .invalidGraph)
  }

  @Test("variables keep what is assigned to them from run to run, until they are reset")
  func variables() throws {
    // output = state + input; state = output. CALL_ONCE assigns 100 at first.
    var main = TestModel()
    let handleOptions: (type: UInt8, table: FlatTable) = (111, FlatTable([0: .string("c"), 1: .string("state")]))
    main.add(.callOnce, [], [], options: (103, FlatTable([0: .int32(1)])))
    let handle = main.tensor("handle", [], .resource)
    main.add(.varHandle, [], [handle], options: handleOptions)
    let state = main.tensor("state", [1], .int8, scale: 1)
    main.add(.readVariable, [handle], [state])
    let input = main.input([1], .int8, scale: 1)
    let output = main.output([1], .int8, scale: 1)
    main.add(.add, [state, input], [output], options: Options.add())
    main.add(.assignVariable, [handle, output], [])
    var once = TestModel()
    let inner = once.tensor("handle", [], .resource)
    once.add(.varHandle, [], [inner], options: handleOptions)
    let first = once.constant("first", [1], .int8, [Int8(100)], scales: [1])
    once.add(.assignVariable, [inner, first], [])

    let model = try Model(bytes: file([main, once]))
    var session = try model.makeSession()
    func step(_ value: UInt8, _ session: inout Session) throws -> [UInt8] {
      try session.setInput(model.input(at: 0), bytes: [value].span)
      try session.run()
      return try session.outputArray(model.output(at: 0))
    }
    #expect(try step(1, &session) == [101])
    #expect(try step(2, &session) == [103])
    var other = try model.makeSession()
    #expect(try step(5, &other) == [105])
    #expect(try step(3, &session) == [106])
    session.reset()
    #expect(try step(4, &session) == [104])
  }

  @Test("a variable has one type and shape, and handles are no tensors")
  func variableErrors() {
    func main(_ change: (inout TestModel) -> Void) -> ModelError.Code? {
      var main = TestModel()
      let handle = main.tensor("handle", [], .resource)
      main.add(.varHandle, [], [handle], options: (111, FlatTable([1: .string("v")])))
      let input = main.input([2], .int8, scale: 1)
      main.add(.assignVariable, [handle, input], [])
      let output = main.output([2], .int8, scale: 1)
      main.add(.readVariable, [handle], [output])
      change(&main)
      return main.loadError()?.code
    }
    #expect(main { _ in } == nil)
    #expect(main { $0.operators[1].inputs = [1, 1] } == .invalidOperator)
    #expect(main { $0.operators[2].inputs = [1] } == .invalidOperator)
    #expect(main { $0.tensors[2].type = .uint8 } == .invalidOperator)
    #expect(main { $0.operators[0].options = nil } == .invalidOperator)
    #expect(
      main {
        let other = $0.input("other", [3], .int8, scale: 1)
        $0.add(.assignVariable, [0, other], [])
      } == .invalidGraph)
    #expect(
      main {
        let output = $0.output("sum", [2], .int8, scale: 1)
        $0.add(.relu, [0], [output])
      } == .invalidOperator)
  }
}
