import Foundation
import Testing

@testable import TinyTensor

/// Graphs of random operators, planned in every way and run with every set of kernels: what stands between operators
/// (places in memory, lives, views, folding, what is written in place) must change no byte.
///
/// The same seed makes the same graph everywhere. `TINYTENSOR_GRAPHS` is how many graphs are tried,
/// `TINYTENSOR_GRAPHS_SEED` the first one's seed. Should the process end, then `running-N.txt` in the folder
/// `tinytensor-graphs` of the system's temporary one holds the seed that a worker was at.
@Suite("Random graphs")
struct RandomGraphTests {
  private static func number(_ name: String, default standard: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
  }

  static let count = number("TINYTENSOR_GRAPHS", default: 3000)
  static let firstSeed = number("TINYTENSOR_GRAPHS_SEED", default: 1)
  private static let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tinytensor-graphs")

  /// What became of the graphs of one worker.
  private struct Tally {
    var graphs = 0
    var operators = 0
    var refused: [String: Int] = [:]
    var faults: [(seed: UInt64, fault: GraphFault)] = []
    var operatorCounts: [String: Int] = [:]
  }

  @Test("every plan gives what operators on memory of their own give")
  func plans() async throws {
    let clock = ContinuousClock()
    let start = clock.now
    try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
    let workers = min(2, ProcessInfo.processInfo.activeProcessorCount)
    let tallies = await withTaskGroup(of: Tally.self) { group in
      for worker in 0..<workers {
        group.addTask {
          var tally = Tally()
          let running = Self.folder.appendingPathComponent("running-\(worker).txt")
          for index in stride(from: worker, to: Self.count, by: workers) {
            let seed = UInt64(Self.firstSeed + index)
            try? Data("\(seed)\n".utf8).write(to: running)
            Self.check(seed, &tally)
          }
          try? FileManager.default.removeItem(at: running)
          return tally
        }
      }
      var tallies: [Tally] = []
      for await tally in group { tallies.append(tally) }
      return tallies
    }
    var total = Tally()
    for tally in tallies {
      total.graphs += tally.graphs
      total.operators += tally.operators
      total.refused.merge(tally.refused) { $0 + $1 }
      total.operatorCounts.merge(tally.operatorCounts) { $0 + $1 }
      total.faults += tally.faults
    }
    let refused = total.refused.values.reduce(0, +)
    let seconds = (clock.now - start).components.seconds
    print(
      "Random graphs: \(total.graphs) from seed \(Self.firstSeed) on, \(total.operators) operators of "
        + "\(total.operatorCounts.count) kinds, \(GraphVariant.variants(0).count + 1) plans each, \(refused) refused, "
        + "\(total.faults.count) with a fault, \(seconds) s")
    let reasons = total.refused.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    for (reason, count) in reasons.prefix(20) { print("  refused \(count) times: \(reason)") }
    if Self.count > 500 {
      let known = Set(OperatorEntry.all.filter { $0.customName == nil }.map(\.name))
      let missing = known.subtracting(total.operatorCounts.keys).sorted()
      print("  operators that no graph has: \(missing.joined(separator: ", "))")
    }
    for (seed, fault) in total.faults.sorted(by: { $0.seed < $1.seed }).prefix(3) {
      Issue.record("\(try Self.report(seed, fault))")
    }
    #expect(total.faults.isEmpty, "\(total.faults.count) of \(total.graphs) graphs have a fault")
    #expect(refused * 50 <= total.graphs, "\(refused) of \(total.graphs) graphs are refused; see the reasons above")
  }

  @Test("a seed makes the same graph every time, another one another")
  func seeds() {
    for seed in UInt64(1)...20 {
      #expect(GraphMaker.model(seed: seed).bytes == GraphMaker.model(seed: seed).bytes)
      #expect(GraphMaker.model(seed: seed).listing != GraphMaker.model(seed: seed + 1).listing)
    }
  }

  /// A fault that is made up: an operator of a kind whose result reaches an output.
  @Test("a graph with a fault is made as small as it goes", arguments: [BuiltinOperator.concatenation, .conv2D, .add])
  func shrinking(code: BuiltinOperator) throws {
    func isFaulty(_ model: RandomModel) -> Bool {
      guard model.graphs[0].operators.contains(where: { $0.code == code }) else { return false }
      if case .outputs = model.outcome(.plain, bytes: model.bytes, inputs: [model.inputs(seed: 1)]) { return true }
      return false
    }
    let seeds = (UInt64(1)...200).filter { seed in
      let model = GraphMaker.model(seed: seed)
      return model.graphs[0].operators.count > 8 && isFaulty(model)
    }
    for seed in seeds.prefix(4) {
      let small = GraphMaker.model(seed: seed).shrunk(where: isFaulty)
      #expect(small.operatorCount == 1, "seed \(seed)\n\(small.listing)")
    }
    #expect(seeds.count >= 4)
  }

  private static func check(_ seed: UInt64, _ tally: inout Tally) {
    let model = GraphMaker.model(seed: seed)
    tally.graphs += 1
    tally.operators += model.operatorCount
    for graph in model.graphs {
      for operation in graph.operators { tally.operatorCounts[operation.code.name, default: 0] += 1 }
    }
    let bytes = model.bytes
    let inputs = [model.inputs(seed: seed), model.inputs(seed: seed &+ 1)]
    let plain = model.outcome(.plain, bytes: bytes, inputs: inputs)
    if case .refused(let message) = plain {
      // Without what differs from graph to graph.
      let reason = message.split(separator: "(", maxSplits: 1).last.map(String.init) ?? message
      tally.refused[String(reason.map { $0.isNumber ? "#" : $0 }), default: 0] += 1
      return
    }
    if let fault = model.fault(inputSeed: seed, plain: plain) { tally.faults.append((seed, fault)) }
  }

  /// Makes a graph with a fault small, writes it to a file, and says all about it.
  private static func report(_ seed: UInt64, _ fault: GraphFault) throws -> String {
    let model = GraphMaker.model(seed: seed)
    let small = model.shrunk { $0.fault(inputSeed: seed) != nil }
    let file = folder.appendingPathComponent("graph-\(seed).tflite")
    let smallFile = folder.appendingPathComponent("graph-\(seed)-small.tflite")
    try Data(model.bytes).write(to: file)
    try Data(small.bytes).write(to: smallFile)
    let left = small.fault(inputSeed: seed) ?? fault
    return """
      seed \(seed), \(fault.variant): \(fault.text)
      \(file.path)
      made smaller, from \(model.operatorCount) to \(small.operatorCount) operators: \(left.variant): \(left.text)
      \(smallFile.path)
      \(small.listing)
      """
  }
}
