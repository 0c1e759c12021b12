import Deflate
import Foundation
import Testing

@testable import TinyTensor

/// Graphs of random operators with what LiteRT's reference kernels gave, packed into one file.
@Suite("Random graphs that LiteRT has run")
struct PackedGraphTests {
  private static let environment = ProcessInfo.processInfo.environment

  /// Writes graphs for `Fixtures/make/make_random_graphs.py`, which has LiteRT run them.
  @Test(
    "graphs for LiteRT are written",
    .enabled(if: environment["TINYTENSOR_GRAPHS_FOR_LITERT"] != nil, "only where TINYTENSOR_GRAPHS_FOR_LITERT is set"))
  func writesGraphs() throws {
    let path = try #require(Self.environment["TINYTENSOR_GRAPHS_FOR_LITERT"])
    var file = Data()
    func add(_ number: Int) { file.append(contentsOf: storedBytes(of: [UInt32(number).littleEndian])) }
    func add(_ bytes: [UInt8]) {
      add(bytes.count)
      file.append(contentsOf: bytes)
    }
    for index in 0..<RandomGraphTests.count {
      let seed = UInt64(RandomGraphTests.firstSeed + index)
      let model = GraphMaker.model(seed: seed, profile: GraphMaker.Profile(isForReference: true))
      add(Int(seed))
      add(model.bytes)
      add(model.roundedOutputs.map { $0 ? 1 : 0 })
      for run in 0..<2 {
        let inputs = model.inputs(seed: seed &+ UInt64(run))
        add(inputs.count)
        for input in inputs { add(input) }
      }
    }
    try file.write(to: URL(fileURLWithPath: path))
  }

  /// One graph of the file, and what LiteRT gave in two runs.
  private struct Record {
    var seed: Int
    var model: [UInt8]
    /// For each output whether its numbers may be rounded otherwise.
    var isRounded: [Bool]
    var inputs: [[[UInt8]]]
    var outputs: [[UInt8]]
  }

  /// Reads what `Fixtures/README.md` describes.
  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    mutating func number() -> Int {
      defer { position += 4 }
      return Int(integers(Array(bytes[position..<(position + 4)]), as: UInt32.self)[0])
    }

    mutating func list() -> [UInt8] {
      let count = number()
      defer { position += count }
      return Array(bytes[position..<(position + count)])
    }

    mutating func record() -> Record {
      let seed = number()
      let model = list()
      let isRounded = list().map { $0 != 0 }
      let inputs = (0..<2).map { _ in (0..<number()).map { _ in list() } }
      return Record(
        seed: seed, model: model, isRounded: isRounded, inputs: inputs, outputs: (0..<number()).map { _ in list() })
    }
  }

  /// Whether numbers differ by no more than 1e-6 and a hundred-thousandth of the expected value.
  private func isClose(_ given: [UInt8], _ expected: [UInt8]) -> Bool {
    given.count == expected.count
      && zip(floats(given), floats(expected)).allSatisfy { value, wanted in
        value.bitPattern == wanted.bitPattern || value.isNaN && wanted.isNaN
          || (value - wanted).magnitude <= 1e-6 + 1e-5 * wanted.magnitude
      }
  }

  /// Whether numbers have the same bits; one that is no number is like every other.
  private func isSame(_ given: [UInt8], _ expected: [UInt8]) -> Bool {
    given.count == expected.count
      && zip(floats(given), floats(expected)).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
  }

  /// What differs from LiteRT's outputs; `nil` if nothing does.
  private func difference(_ record: Record, _ cpu: CPUOptions) -> String? {
    do {
      let model = try Model(bytes: record.model, device: .cpu(cpu))
      guard 2 * model.outputs.count == record.outputs.count else { return "it has \(model.outputs.count) outputs" }
      var session = try model.makeSession()
      session.poison(0x99)
      for (run, inputs) in record.inputs.enumerated() {
        for (index, bytes) in inputs.enumerated() { try session.setInput(model.input(at: index), bytes: bytes.span) }
        try session.run()
        for index in model.outputs.indices {
          let given = try session.outputArray(model.output(at: index))
          let wanted = record.outputs[run * model.outputs.count + index]
          if given == wanted { continue }
          if model.outputs[index].elementType == .float32,
            record.isRounded[index] ? isClose(given, wanted) : isSame(given, wanted)
          {
            continue
          }
          return "output \(index) of run \(run + 1) differs"
        }
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("graphs that LiteRT has run give its outputs")
  func graphs() throws {
    let file =
      Self.environment["TINYTENSOR_GRAPHS_PACKED"].map { URL(fileURLWithPath: $0) }
      ?? Fixtures.folder.appendingPathComponent("graphs/graphs.bin")
    var blocks = Reader(bytes: try Fixtures.bytes(file))
    #expect(blocks.bytes.prefix(8) == Array("TTGRAPHS".utf8)[...])
    blocks.position = 8
    let count = blocks.number()
    var checked = 0
    var differences: [String] = []
    let clock = ContinuousClock()
    let start = clock.now
    while blocks.position < blocks.bytes.count {
      let recordCount = blocks.number()
      let byteCount = blocks.number()
      let packed = blocks.list()
      var reader = Reader(bytes: try Inflater.zlib(packed.span, count: byteCount))
      for _ in 0..<recordCount {
        let record = reader.record()
        checked += 1
        // The plan as shipped, by the reference kernels and by those that a program gets.
        for cpu in [CPUOptions(threads: 1, kernels: .reference), CPUOptions(threads: 2)] {
          guard let text = difference(record, cpu) else { continue }
          differences.append("seed \(record.seed), \(cpu.kernels?.rawValue ?? "fastest kernels"): \(text)")
          break
        }
      }
    }
    print("Graphs that LiteRT has run: \(checked), \(differences.count) differ, \(clock.now - start)")
    for text in differences.prefix(40) { Issue.record("\(text)") }
    #expect(checked == count)
    #expect(checked > 0)
  }
}
