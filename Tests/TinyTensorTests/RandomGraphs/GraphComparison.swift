import Testing

@testable import TinyTensor

/// A way to plan and run a graph.
struct GraphVariant {
  var passes: PlanPasses
  var kernels: KernelSet
  var threads = 1
  /// What memory holds before the run.
  var filler: UInt8

  var name: String {
    var parts = [kernels.rawValue, "\(threads) thread\(threads == 1 ? "" : "s")"]
    if passes == .shipped {
      parts.append("as shipped")
    } else {
      let names: [(PlanPasses, String)] = [
        (.folding, "folding"), (.concatenationInPlace, "concatenation in place"), (.paddingAbsorption, "padding"),
        (.views, "views"), (.memorySharing, "memory sharing"), (.guards, "guards"),
      ]
      let on = names.filter { passes.contains($0.0) }.map(\.1)
      parts.append(on.isEmpty ? "no pass" : on.joined(separator: " + "))
    }
    return parts.joined(separator: ", ")
  }

  /// Whether memory around everything is watched.
  var watches: Bool { passes.contains(.guards) && !passes.contains(.memorySharing) }

  /// Every operator on memory of its own, by the reference kernels: what the others are compared with.
  static let plain = GraphVariant(passes: [.guards], kernels: .reference, filler: 0xa5)

  /// The sets of kernels that this processor has.
  static let sets: [KernelSet] = KernelSet.allCases.filter { $0.isAvailable }

  /// How a seed's graph is planned: as shipped on every set, by one thread or by two; and with memory that is watched,
  /// all passes but shared memory, and some of these. Seeds that follow each other take turns.
  static func variants(_ seed: UInt64) -> [GraphVariant] {
    // What is written beside its place is found in watched memory, before it hurts the process in another one.
    let vectors = sets.count > 1 ? Array(sets.dropFirst()) : sets
    let watched = PlanPasses.shipped.subtracting(.memorySharing).union(.guards)
    let some = PlanPasses.shipped.intersection(PlanPasses(rawValue: UInt8(truncatingIfNeeded: seed / 3)))
    var variants = [
      GraphVariant(
        passes: watched, kernels: vectors[Int(seed / 2 % UInt64(vectors.count))], threads: 1 + Int(seed % 2),
        filler: 0x3c),
      GraphVariant(
        passes: some.subtracting(.memorySharing).union(.guards), kernels: sets[Int(seed / 2 % UInt64(sets.count))],
        threads: 2 - Int(seed % 2), filler: 0xc3),
    ]
    for (index, set) in sets.enumerated() {
      let threads = 1 + Int((seed + UInt64(index)) % 2)
      variants.append(GraphVariant(passes: .shipped, kernels: set, threads: threads, filler: 0xff))
    }
    return variants
  }
}

/// What two runs of a graph gave.
enum GraphOutcome: Equatable {
  case refused(String)
  case failed(String)
  /// A byte of the arena that belongs to nothing was written.
  case wroteBeyond(Int)
  /// All outputs of both runs.
  case outputs([[UInt8]])
}

/// What is wrong with a graph.
struct GraphFault: Equatable {
  var variant: String
  var text: String
}

extension RandomModel {
  /// Plans the graph and runs it twice in one session, on different inputs.
  func outcome(
    _ variant: GraphVariant, bytes: [UInt8], inputs: [[[UInt8]]], limits: ModelOptions.Limits = .init()
  ) -> GraphOutcome {
    let model: Model
    do throws(ModelError) {
      var options = ModelOptions()
      options.passes = variant.passes
      options.limits = limits
      model = try Model(
        bytes: bytes, device: .cpu(CPUOptions(threads: variant.threads, kernels: variant.kernels)), options: options)
    } catch {
      return .refused(error.message)
    }
    do {
      var session = try model.makeSession()
      session.poison(variant.filler)
      var outputs: [[UInt8]] = []
      for run in inputs {
        for (index, bytes) in run.enumerated() { try session.setInput(model.input(at: index), bytes: bytes.span) }
        try session.run()
        if variant.watches, let place = session.firstDamage(variant.filler) { return .wroteBeyond(place) }
        for index in model.outputs.indices { outputs.append(try session.outputArray(model.output(at: index))) }
      }
      return .outputs(outputs)
    } catch {
      return .failed("\(error)")
    }
  }

  /// What is wrong with the graph: a variant that does not give what the plain plan gives. `nil` if nothing is, or if
  /// the plain plan is refused.
  func fault(
    _ variants: [GraphVariant]? = nil, inputSeed: UInt64, plain: GraphOutcome? = nil
  ) -> GraphFault? {
    let bytes = bytes
    let inputs = [inputs(seed: inputSeed), inputs(seed: inputSeed &+ 1)]
    let expected = plain ?? outcome(.plain, bytes: bytes, inputs: inputs)
    switch expected {
    case .refused: return nil
    case .failed(let text): return GraphFault(variant: GraphVariant.plain.name, text: "the run failed: \(text)")
    case .wroteBeyond(let place):
      return GraphFault(
        variant: GraphVariant.plain.name, text: "byte \(place) of the arena is nothing's and was written")
    case .outputs: break
    }
    for variant in variants ?? GraphVariant.variants(inputSeed) {
      let given = outcome(variant, bytes: bytes, inputs: inputs)
      if given == expected { continue }
      if let text = difference(given, expected) { return GraphFault(variant: variant.name, text: text) }
    }
    return nil
  }

  /// How an outcome differs from the expected one; `nil` if it does not.
  func difference(_ given: GraphOutcome, _ expected: GraphOutcome) -> String? {
    switch given {
    case .refused(let message): return "it is refused: \(message)"
    case .failed(let text): return "the run failed: \(text)"
    case .wroteBeyond(let place): return "byte \(place) of the arena is nothing's and was written"
    case .outputs(let outputs):
      guard case .outputs(let wanted) = expected else { return nil }
      let main = graphs[0]
      for (place, (output, right)) in zip(outputs, wanted).enumerated() where output != right {
        let type = main.tensors[Int(main.outputs[place % main.outputs.count])].type
        if type == .float32, isSame(output, right) { continue }
        let first = zip(output, right).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
        return
          "output \(place % main.outputs.count) of run \(place / main.outputs.count + 1) differs from byte \(first) on: "
          + "\(output[first...].prefix(8).map { $0 }) instead of \(right[first...].prefix(8).map { $0 })"
      }
      return nil
    }
  }

  /// Whether numbers have the same bits; one that is no number is like every other.
  private func isSame(_ given: [UInt8], _ wanted: [UInt8]) -> Bool {
    zip(floats(given), floats(wanted)).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
  }
}
