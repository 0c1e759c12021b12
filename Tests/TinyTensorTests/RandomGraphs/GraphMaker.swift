@testable import TinyTensor

/// A tensor that operators of a random graph may read.
struct GraphTensor {
  var index: Int32
  var type: ElementType
  var shape: [Int]
  var scale: Float?
  var zeroPoint: Int = 0
  /// Where all elements of numbers lie, so that no sum overflows and no index leaves its axis.
  var range: ClosedRange<Double>?
  /// Whether another implementation may round the numbers otherwise: nothing that jumps is computed from them.
  var isRounded = false
  var isConstant = false

  var count: Int { shape.reduce(1, *) }
  var rank: Int { shape.count }
  /// The largest magnitude of its elements.
  var largest: Double { range.map { max(abs($0.lowerBound), abs($0.upperBound)) } ?? .infinity }
  var isQuantized: Bool { scale != nil }

  /// Whether another tensor has the same type and quantization.
  func matches(_ other: GraphTensor) -> Bool {
    type == other.type && scale == other.scale && zeroPoint == other.zeroPoint
  }
}

/// The graphs of a model that is being made.
final class GraphLibrary {
  var graphs: [TestModel] = []
  /// Variables so far, each with its handle's name.
  var variableCount = 0
}

/// Makes one graph of random operators that follow from a seed. Every graph is valid: it loads, and a run does not fail.
struct GraphMaker {
  /// What graphs are made of.
  struct Profile {
    /// Whether LiteRT's reference kernels have to run the graph, too.
    var isForReference = false
  }

  var random: SeededRandom
  let profile: Profile
  let library: GraphLibrary
  /// How many graphs this one is inside of.
  let depth: Int
  var graph = TestModel()
  /// Tensors that the next operators may read.
  var live: [GraphTensor] = []
  /// All tensors that operators have written.
  private var made: [GraphTensor] = []
  /// How often, in percent, a tensor that an operator has read is read by no other one: most of what a plan does in place
  /// is done with such tensors.
  private var singleReads = 0
  /// The type that most operators of the graph have.
  var mainType = ElementType.int8
  /// Whether most tensors are images.
  var hasImages = false
  var quantizations: [(scale: Float, zeroPoint: Int)] = []

  /// The largest count of elements of a tensor.
  static let largestCount = 3000

  init(random: SeededRandom, profile: Profile, library: GraphLibrary, depth: Int) {
    self.random = random
    self.profile = profile
    self.library = library
    self.depth = depth
  }

  /// The graphs of a seed's model, the main one first.
  static func model(seed: UInt64, profile: Profile = Profile()) -> RandomModel {
    let library = GraphLibrary()
    let random = SeededRandom(seed, isCoarse: profile.isForReference)
    var maker = GraphMaker(random: random, profile: profile, library: library, depth: 0)
    library.graphs.append(TestModel())
    maker.makeMain()
    library.graphs[0] = maker.graph
    return RandomModel(
      graphs: library.graphs, inputRanges: maker.inputRanges, roundedOutputs: maker.roundedOutputs,
      isCoarse: profile.isForReference)
  }

  private(set) var inputRanges: [ClosedRange<Double>?] = []
  private var roundedOutputs: [Bool] {
    graph.outputs.map { output in (live + made).contains { $0.index == output && $0.isRounded } }
  }

  // MARK: The main graph

  private mutating func makeMain() {
    mainType = random.pick(
      [.int8, .int8, .int8, .int8, .uint8, .uint8, .int16, .int16, .float32, .float32, .float32, .int32, .int64, .bool]
        as [ElementType])
    hasImages = random.chance(45) && mainType != .bool && mainType != .int64
    chooseQuantizations()
    let inputCount = random.pick([1, 1, 2, 2, 3])
    let image = [random.pick([1, 1, 1, 2, 3]), random.pick([1, 3, 4, 5, 8]), random.pick([1, 2, 4, 5, 9])]
    for number in 0..<inputCount {
      var type = mainType
      if number > 0, random.chance(20) {
        type = random.pick([.int8, .float32, .int32, .bool, .uint8, .int16, .int64] as [ElementType])
      }
      let shape = hasImages && random.chance(85) ? image + [random.pick([1, 2, 3, 4, 8, 16, 17])] : randomShape()
      addInput(type, shape)
    }
    for _ in 0..<random.pick([0, 0, 0, 1, 2]) {
      let shape = random.chance(60) ? random.pick(live).shape : randomShape()
      _ = addConstant(mainType, shape, range: nil)
    }
    addOperators(random.integer(3...(profile.isForReference ? 12 : 20)))
    chooseOutputs()
  }

  mutating func addInput(_ type: ElementType, _ shape: [Int], range: ClosedRange<Double>? = nil) {
    let input = tensor(type, shape, range: range ?? ordinaryRange(type))
    graph.inputs.append(input.index)
    inputRanges.append(input.range)
    live.append(input)
  }

  /// Where inputs and constants of numbers lie.
  func ordinaryRange(_ type: ElementType) -> ClosedRange<Double>? {
    switch type {
    case .float32: -4...4
    case .int32, .int64: -9...9
    default: nil
    }
  }

  mutating func chooseQuantizations() {
    singleReads = random.pick([0, 30, 60, 90])
    for _ in 0..<random.pick([1, 1, 1, 2, 3]) {
      quantizations.append((random.pick([0.5, 0.05, 0.9, 0.25, 0.125, 0.03]), random.below(256)))
    }
  }

  /// The scale and zero point of a tensor; none of types that have none.
  mutating func quantization(_ type: ElementType) -> (scale: Float?, zeroPoint: Int) {
    let chosen = random.chance(75) ? quantizations[0] : random.pick(quantizations)
    switch type {
    case .int8: return (chosen.scale, chosen.zeroPoint % 3 == 0 ? 0 : chosen.zeroPoint - 128)
    case .uint8: return (chosen.scale, chosen.zeroPoint % 3 == 0 ? 128 : chosen.zeroPoint)
    case .int16: return (chosen.scale / 256, 0)
    default: return (nil, 0)
    }
  }

  mutating func randomShape() -> [Int] {
    var shape = (0..<random.pick([0, 1, 1, 2, 2, 3, 3, 4, 4, 5])).map { _ in random.pick([1, 1, 2, 3, 4, 5]) }
    if !shape.isEmpty, random.chance(3) { shape[random.below(shape.count)] = 0 }
    return shape
  }

  /// Adds operators until there are so many, or no more come up.
  mutating func addOperators(_ count: Int) {
    var attempts = 0
    while graph.operators.count < count, attempts < 12 * count {
      attempts += 1
      addOperator()
    }
  }

  /// What nothing reads becomes an output, and now and then what is read inside, an input, or a constant.
  private mutating func chooseOutputs() {
    var read = Set<Int32>()
    for operation in graph.operators { read.formUnion(operation.inputs) }
    var outputs = made.filter { !read.contains($0.index) }.map(\.index)
    if random.chance(30), let inner = made.isEmpty ? nil : random.pick(made) { outputs.append(inner.index) }
    if random.chance(6) { outputs.append(random.pick(graph.inputs)) }
    if random.chance(4), let constant = live.first(where: { $0.isConstant }) { outputs.append(constant.index) }
    if outputs.isEmpty { outputs = made.suffix(1).map(\.index) }
    if outputs.isEmpty { outputs = [graph.inputs[0]] }
    if random.chance(25) { random.shuffle(&outputs) }
    var seen = Set<Int32>()
    graph.outputs = outputs.filter { seen.insert($0).inserted }
  }

  // MARK: Picking

  /// A tensor that meets a condition, one of the latest more often; `nil` if there is none.
  mutating func pick(_ condition: (GraphTensor) -> Bool = { _ in true }) -> GraphTensor? {
    let candidates = live.filter(condition)
    guard !candidates.isEmpty else { return nil }
    return random.chance(55) ? random.pick(Array(candidates.suffix(3))) : random.pick(candidates)
  }

  /// A tensor of one of these types.
  mutating func pick(_ types: [ElementType], _ condition: (GraphTensor) -> Bool = { _ in true }) -> GraphTensor? {
    pick { types.contains($0.type) && condition($0) }
  }

  // MARK: Adding

  /// A new tensor, which nothing writes yet.
  mutating func tensor(
    _ type: ElementType, _ shape: [Int], range: ClosedRange<Double>? = nil, isRounded: Bool = false,
    quantization given: (scale: Float?, zeroPoint: Int)? = nil
  ) -> GraphTensor {
    let chosen = given ?? quantization(type)
    let index = graph.tensor(
      "t\(graph.tensors.count)", shape, type, scale: chosen.scale, zeroPoint: Int64(chosen.zeroPoint))
    return GraphTensor(
      index: index, type: type, shape: shape, scale: chosen.scale, zeroPoint: chosen.zeroPoint, range: range,
      isRounded: isRounded && type == .float32)
  }

  /// A new tensor with another one's type, quantization and range.
  mutating func tensor(like other: GraphTensor, _ shape: [Int]? = nil) -> GraphTensor {
    tensor(
      other.type, shape ?? other.shape, range: other.range, isRounded: other.isRounded,
      quantization: (other.scale, other.zeroPoint))
  }

  /// A constant of random elements that operators may read.
  mutating func addConstant(
    _ type: ElementType, _ shape: [Int], range: ClosedRange<Double>?,
    quantization: (scale: Float?, zeroPoint: Int)? = nil
  ) -> GraphTensor {
    let constant = constant(type, shape, range: range, quantization: quantization)
    live.append(constant)
    return constant
  }

  /// A constant of random elements for one operator.
  mutating func constant(
    _ type: ElementType, _ shape: [Int], range: ClosedRange<Double>?,
    quantization: (scale: Float?, zeroPoint: Int)? = nil
  ) -> GraphTensor {
    let range = range ?? ordinaryRange(type)
    var constant = tensor(type, shape, range: range, quantization: quantization)
    constant.isConstant = true
    graph.tensors[Int(constant.index)].data = random.bytes(type, count: constant.count, in: range)
    return constant
  }

  /// A constant list of integers, such as a shape.
  mutating func list(_ values: [Int], shape: [Int]? = nil, as type: ElementType = .int32) -> Int32 {
    let name = "t\(graph.tensors.count)"
    let shape = shape ?? [values.count]
    return type == .int64
      ? graph.constant(name, shape, type, values.map { Int64($0) })
      : graph.constant(name, shape, type, values.map { Int32($0) })
  }

  mutating func scalar(_ value: Int) -> Int32 { list([value], shape: []) }

  /// Adds an operator; its outputs may be read from now on.
  mutating func add(
    _ code: BuiltinOperator, _ inputs: [Int32], _ outputs: [GraphTensor],
    _ options: (type: UInt8, table: FlatTable)? = nil
  ) {
    graph.add(code, inputs, outputs.map(\.index), options: options)
    if singleReads > 0 {
      let read = inputs.filter { _ in random.chance(singleReads) }
      live.removeAll { read.contains($0.index) && !$0.isConstant && !graph.inputs.contains($0.index) }
    }
    live += outputs
    made += outputs
  }

  /// Types, or fewer of them in a graph that LiteRT has to run: its reference kernels lack these here.
  func types(_ types: [ElementType], reference missing: [ElementType]) -> [ElementType] {
    profile.isForReference ? types.filter { !missing.contains($0) } : types
  }

  /// Whether a shape is small enough, with axes that operators take.
  func fits(_ shape: [Int]) -> Bool {
    // Graphs for LiteRT are kept in a file.
    shape.count <= 6 && shape.reduce(1, *) <= (profile.isForReference ? 250 : Self.largestCount)
  }

  /// Adds an operator of a random family, if one of that family fits.
  mutating func addOperator() {
    let groups: [(weight: Int, families: [Family])] = [
      (hasImages ? 8 : 24, Self.movement), (6, Self.selection), (14, Self.elementwise), (6, Self.reductions),
      (hasImages ? 30 : 3, Self.images), (4, Self.matrices), (4, Self.conversions), (3, Self.recurrent),
      (depth < 2 ? 3 : 0, Self.control),
    ]
    var choice = random.below(groups.reduce(0) { $0 + $1.weight })
    for group in groups {
      if choice < group.weight {
        let family = random.pick(group.families)
        family(&self)
        return
      }
      choice -= group.weight
    }
  }
}

/// Adds an operator of a kind where tensors for it are there.
typealias Family = @Sendable (inout GraphMaker) -> Void

/// Options that are a table of the schema's first union.
func options(_ type: UInt8, _ fields: [Int: FlatValue] = [:]) -> (type: UInt8, table: FlatTable) {
  (type, FlatTable(fields))
}
