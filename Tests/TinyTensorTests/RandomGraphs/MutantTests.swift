import Foundation
import Testing

@testable import TinyTensor

/// Random graphs with parts of them made wrong: sizes, indices, types, options, quantization, elements that other
/// operators take for sizes. They are refused, or they run, and write nothing beside what is theirs; a mutant that runs
/// gives the same on every plan and set of kernels. Damage to bytes is `HostileBytesTests`' and `scripts/fuzz-models.py`'s.
///
/// `TINYTENSOR_MUTANTS` is how many are tried, `TINYTENSOR_MUTANTS_SEED` the first one's seed. Should the process end,
/// `mutant-N.txt` in the folder `tinytensor-graphs` of the system's temporary one holds the seed that a worker was at.
@Suite("Mutants of graphs")
struct MutantTests {
  private static func number(_ name: String, default standard: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
  }

  static let count = number("TINYTENSOR_MUTANTS", default: 2000)
  static let firstSeed = number("TINYTENSOR_MUTANTS_SEED", default: 1)
  private static let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tinytensor-graphs")

  private struct Tally {
    var refused = 0
    var failed = 0
    var ran = 0
    var faults: [(seed: UInt64, text: String)] = []
  }

  @Test("mutants are refused or run, and touch nothing else")
  func mutants() async throws {
    try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
    let workers = min(2, ProcessInfo.processInfo.activeProcessorCount)
    let total = await withTaskGroup(of: Tally.self) { group in
      for worker in 0..<workers {
        group.addTask {
          var tally = Tally()
          let running = Self.folder.appendingPathComponent("mutant-\(worker).txt")
          for index in stride(from: worker, to: Self.count, by: workers) {
            let seed = UInt64(Self.firstSeed + index)
            try? Data("\(seed)\n".utf8).write(to: running)
            Self.check(seed, &tally)
          }
          try? FileManager.default.removeItem(at: running)
          return tally
        }
      }
      var total = Tally()
      for await tally in group {
        total.refused += tally.refused
        total.failed += tally.failed
        total.ran += tally.ran
        total.faults += tally.faults
      }
      return total
    }
    print(
      "Mutants of graphs: \(Self.count) from seed \(Self.firstSeed) on, \(total.refused) refused, \(total.failed) "
        + "failed in the run, \(total.ran) ran, \(total.faults.count) with a fault")
    for (seed, text) in total.faults.sorted(by: { $0.seed < $1.seed }).prefix(5) {
      Issue.record("seed \(seed): \(text)\n\(Self.mutant(seed).model.listing)")
    }
    #expect(total.faults.isEmpty)
    // A generator that makes nothing but what is refused at once would find nothing.
    #expect(total.ran * 10 >= Self.count)
    #expect(total.refused * 10 >= Self.count)
  }

  /// `TINYTENSOR_HOSTILE` is a folder of models.
  @Test(
    "the models of a folder are refused or run, and touch nothing else",
    .enabled(if: ProcessInfo.processInfo.environment["TINYTENSOR_HOSTILE"] != nil))
  func folder() throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["TINYTENSOR_HOSTILE"] ?? "")
    var tally = Tally()
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    where file.pathExtension == "tflite" {
      let bytes = [UInt8](try Data(contentsOf: file))
      for variant in [.plain] + GraphVariant.variants(1).prefix(4) {
        switch Self.outcome(variant, bytes) {
        case .refused: tally.refused += 1
        case .failed: tally.failed += 1
        case .outputs: tally.ran += 1
        case .wroteBeyond(let place):
          Issue.record("\(file.lastPathComponent), \(variant.name): byte \(place) is nothing's and was written")
        }
      }
    }
    print("Models of a folder: \(tally.refused) refused, \(tally.failed) failed in the run, \(tally.ran) ran")
    #expect(tally.refused + tally.failed + tally.ran > 0)
  }

  /// Loads and runs a model on zeros, in watched memory, where it takes no more than moderate memory and work.
  private static func outcome(_ variant: GraphVariant, _ bytes: [UInt8]) -> GraphOutcome {
    do {
      var options = ModelOptions()
      options.passes = variant.passes
      options.limits.arenaBytes = 1 << 26
      options.limits.grownBytes = 1 << 22
      let cpu = CPUOptions(threads: variant.threads, kernels: variant.kernels)
      let model = try Model(bytes: bytes, device: .cpu(cpu), options: options)
      var session = try model.makeSession()
      session.poison(variant.filler)
      if model.elementarySteps < 1 << 28, !model.isOpenEnded { try session.run() }
      if variant.watches, let place = session.firstDamage(variant.filler) { return .wroteBeyond(place) }
      return .outputs([])
    } catch let error as ModelError {
      return .refused(error.message)
    } catch {
      return .failed("\(error)")
    }
  }

  /// A random graph, one to three of whose parts are wrong, and inputs for it.
  static func mutant(_ seed: UInt64) -> (model: RandomModel, inputs: [[[UInt8]]]) {
    var model = GraphMaker.model(seed: seed &* 3)
    var mutator = Mutator(seed)
    for _ in 0...mutator.random.below(3) { mutator.change(&model) }
    let runs = (0..<2).map { run in
      var inputs = model.inputs(seed: seed &+ UInt64(run))
      if mutator.random.chance(30) { mutator.makeHostile(&inputs, model) }
      return inputs
    }
    return (model, runs)
  }

  private static func check(_ seed: UInt64, _ tally: inout Tally) {
    let (model, inputs) = mutant(seed)
    let bytes = model.bytes
    var limits = ModelOptions.Limits()
    limits.tensorBytes = 1 << 20
    limits.arenaBytes = 1 << 22
    limits.loadWork = 1 << 24
    limits.loadBytes = 1 << 22
    limits.grownBytes = 1 << 16
    let plain = model.outcome(.plain, bytes: bytes, inputs: inputs, limits: limits)
    switch plain {
    case .refused: tally.refused += 1
    case .failed: tally.failed += 1
    case .wroteBeyond(let place): return tally.faults.append((seed, "byte \(place) is nothing's and was written"))
    case .outputs: tally.ran += 1
    }
    for variant in GraphVariant.variants(seed).prefix(4) {
      let given = model.outcome(variant, bytes: bytes, inputs: inputs, limits: limits)
      switch (plain, given) {
      // Plans differ in the memory that they need, and in what they compute at load.
      case (_, .refused), (.refused, .outputs), (.refused, .failed), (.failed, .failed): continue
      case (.failed(let text), _): tally.faults.append((seed, "\(variant.name) runs, and without passes: \(text)"))
      case (_, .failed(let text)): tally.faults.append((seed, "\(variant.name) fails: \(text)"))
      case (_, .wroteBeyond(let place)):
        tally.faults.append((seed, "\(variant.name): byte \(place) is nothing's and was written"))
      case (.outputs, .outputs), (.wroteBeyond, _):
        if let text = model.difference(given, plain) { tally.faults.append((seed, "\(variant.name): \(text)")) }
      }
    }
  }
}

/// Makes parts of a graph wrong.
private struct Mutator {
  var random: SeededRandom

  init(_ seed: UInt64) { random = SeededRandom(seed ^ 0x6d75_7461_6e74) }

  private static let sizes: [Int32] = [
    -2, -1, 0, 0, 1, 1, 2, 3, 4, 5, 7, 8, 16, 31, 64, 127, 255, 1024, 65535, 1 << 20, 1 << 24, Int32.max, Int32.min,
  ]
  private static let numbers: [Float] = [
    0, -0.0, 1, -1, .leastNonzeroMagnitude, 1e-38, 1e-20, 1e-7, 0.5, 2, 1e7, 1e30, .greatestFiniteMagnitude, .infinity,
    -.infinity, .nan,
  ]

  private mutating func size() -> Int32 { random.pick(Self.sizes) }

  mutating func change(_ model: inout RandomModel) {
    let place = random.chance(75) ? 0 : random.below(model.graphs.count)
    switch random.below(12) {
    case 0, 1: changeShape(&model.graphs[place])
    case 2: changeType(&model.graphs[place])
    case 3: changeQuantization(&model.graphs[place])
    case 4, 5: changeOption(&model.graphs[place])
    case 6, 7: changeConstant(&model.graphs[place])
    case 8, 9: changeOperand(&model.graphs[place])
    case 10: changeOperators(&model.graphs[place])
    default: changeEnds(&model.graphs[place])
    }
  }

  private mutating func changeShape(_ graph: inout TestModel) {
    guard !graph.tensors.isEmpty else { return }
    let index = random.below(graph.tensors.count)
    var shape = graph.tensors[index].shape
    switch random.below(5) {
    case 0: if let axis = shape.indices.last { shape.remove(at: random.below(axis + 1)) }
    case 1: shape.insert(size(), at: random.below(shape.count + 1))
    default: if !shape.isEmpty { shape[random.below(shape.count)] = size() }
    }
    graph.tensors[index].shape = shape
    if random.chance(20) { graph.tensors[index].shapeSignature = shape.map { _ in -1 } }
    // Elements that fit, for half of the constants.
    if graph.tensors[index].data != nil, random.chance(50) {
      let count = shape.reduce(1) { $0 &* Int($1) }
      guard (0...4096).contains(count) else { return }
      graph.tensors[index].data = random.bytes(graph.tensors[index].type, count: count, in: nil)
    }
  }

  private mutating func changeType(_ graph: inout TestModel) {
    guard !graph.tensors.isEmpty else { return }
    let index = random.below(graph.tensors.count)
    graph.tensors[index].type = ElementType(rawValue: Int8(random.below(20)))
  }

  private mutating func changeQuantization(_ graph: inout TestModel) {
    let indices = graph.tensors.indices.filter { graph.tensors[$0].scales != nil }
    guard !indices.isEmpty else { return }
    let index = random.pick(indices)
    switch random.below(6) {
    case 0: graph.tensors[index].scales = nil
    case 1: graph.tensors[index].zeroPoints = [Int64(size())]
    case 2: graph.tensors[index].axis = size()
    case 3: graph.tensors[index].scales?.append(1)
    default:
      let count = graph.tensors[index].scales?.count ?? 0
      if count > 0 { graph.tensors[index].scales?[random.below(count)] = random.pick(Self.numbers) }
    }
  }

  private mutating func changeOption(_ graph: inout TestModel) {
    let indices = graph.operators.indices.filter { !(graph.operators[$0].options?.table.fields.isEmpty ?? true) }
    guard !indices.isEmpty else { return }
    let index = random.pick(indices)
    guard var options = graph.operators[index].options else { return }
    let slot = random.pick(options.table.fields.keys.sorted())
    switch options.table.fields[slot] {
    case .bool(let value): options.table.fields[slot] = .bool(!value)
    case .int8: options.table.fields[slot] = .int8(Int8(truncatingIfNeeded: random.next()))
    case .uint8: options.table.fields[slot] = .uint8(UInt8(truncatingIfNeeded: random.next()))
    case .int32: options.table.fields[slot] = .int32(size())
    case .uint32: options.table.fields[slot] = .uint32(UInt32(bitPattern: size()))
    case .float: options.table.fields[slot] = .float(random.pick(Self.numbers))
    case .int32s(var list):
      if list.isEmpty || random.chance(20) { list.append(size()) } else { list[random.below(list.count)] = size() }
      options.table.fields[slot] = .int32s(list)
    default: options.table.fields[slot] = nil
    }
    graph.operators[index].options = random.chance(5) ? nil : options
  }

  /// Sizes, axes and indices are lists of whole numbers.
  private mutating func changeConstant(_ graph: inout TestModel) {
    var indices = graph.tensors.indices.filter { graph.tensors[$0].data != nil }
    let lists = indices.filter { graph.tensors[$0].type == .int32 || graph.tensors[$0].type == .int64 }
    if !lists.isEmpty, random.chance(80) { indices = lists }
    guard !indices.isEmpty else { return }
    let index = random.pick(indices)
    guard var data = graph.tensors[index].data, !data.isEmpty else { return }
    let width = graph.tensors[index].type == .int64 ? 8 : 4
    switch random.below(8) {
    case 0: data.removeLast()
    case 1: graph.tensors[index].isVariable = true
    // It arrives in a run.
    case 2:
      graph.tensors[index].data = nil
      if random.chance(50) { graph.inputs.append(Int32(index)) }
      return
    default:
      let value = Int64(size())
      let start = random.below(max(1, data.count / width)) * width
      for offset in 0..<width where start + offset < data.count {
        data[start + offset] = UInt8(truncatingIfNeeded: value >> Int64(8 * offset))
      }
    }
    graph.tensors[index].data = data
  }

  private mutating func changeOperand(_ graph: inout TestModel) {
    guard !graph.operators.isEmpty, !graph.tensors.isEmpty else { return }
    let index = random.below(graph.operators.count)
    let tensor = random.chance(10) ? -1 : Int32(random.below(graph.tensors.count + (random.chance(5) ? 1 : 0)))
    let inputs = graph.operators[index].inputs.count
    let outputs = graph.operators[index].outputs.count
    switch random.below(8) {
    case 0: if outputs > 0 { graph.operators[index].outputs[random.below(outputs)] = tensor }
    case 1: graph.operators[index].inputs.append(tensor)
    case 2: if inputs > 0 { graph.operators[index].inputs.removeLast() }
    case 3: graph.operators[index].outputs.append(tensor)
    default: if inputs > 0 { graph.operators[index].inputs[random.below(inputs)] = tensor }
    }
  }

  private mutating func changeOperators(_ graph: inout TestModel) {
    guard graph.operators.count > 1 else { return }
    let (first, second) = (random.below(graph.operators.count), random.below(graph.operators.count))
    switch random.below(4) {
    case 0: graph.operators.swapAt(first, second)
    case 1: graph.operators[first].code = graph.operators[second].code
    case 2: graph.operators[first].options = graph.operators[second].options
    default: graph.operators[first].version = size()
    }
  }

  private mutating func changeEnds(_ graph: inout TestModel) {
    guard !graph.tensors.isEmpty else { return }
    let tensor = Int32(random.below(graph.tensors.count))
    switch random.below(4) {
    case 0: graph.inputs.append(tensor)
    case 1: if !graph.outputs.isEmpty { graph.outputs[random.below(graph.outputs.count)] = tensor }
    case 2: if !graph.inputs.isEmpty { graph.inputs.removeLast() }
    default: graph.outputs.append(tensor)
    }
  }

  /// Makes the elements of inputs extreme.
  mutating func makeHostile(_ inputs: inout [[UInt8]], _ model: RandomModel) {
    guard !inputs.isEmpty else { return }
    let place = random.below(inputs.count)
    let pattern: [UInt8] = random.pick([
      [0], [0xFF], [0x80], [0x7F], [0, 0, 0xC0, 0x7F], [0, 0, 0x80, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [1, 0, 0, 0],
    ])
    for index in inputs[place].indices { inputs[place][index] = pattern[index % pattern.count] }
  }
}
