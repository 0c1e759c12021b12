import TinyTensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `tinyrun cases`: runs folders of cases, each a model with inputs and the outputs that are expected, in one process.
enum Cases {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: Models.executionOptions.union(["--ops", "--failures"]), flags: Models.flags.union(["--quiet"]))
    guard !arguments.positional.isEmpty else { throw Failure(.usage, "cases needs a folder with an index.json") }
    let only = arguments.value("--ops").map { Set($0.split(separator: ",").map(String.init)) }
    let choices = try Models.Choices(arguments)
    let shownFailures = try arguments.integer("--failures", default: 20)
    var tally = Tally()
    let clock = ContinuousClock()
    let start = clock.now
    for folder in arguments.positional {
      let rows = try CaseRow.read(folder).filter { row in
        only.map { $0.contains(row.op) || $0.contains("\(row.op)/\(row.dtype)") } ?? true
      }
      var bar = ProgressBar(total: rows.count, quiet: arguments.has("--quiet"))
      for (index, row) in rows.enumerated() {
        let difference = difference(row, in: folder, choices)
        tally.add(row, difference)
        if let difference, tally.failed <= shownFailures {
          let name = "\(folder)/\(row.case) \(row.op)/\(row.dtype)"
          try Terminal.print("FAIL " + Text.printable("\(name): \(difference)"))
        }
        bar.update(index + 1)
      }
    }
    try Terminal.print(tally.text)
    Terminal.printError("\(Text.fixed(Double((clock.now - start).components.seconds), 0)) s")
    try Terminal.print("\(tally.passed) passed, \(tally.failed) failed")
    if tally.failed > 0 { throw Failure(.checkFailed, "\(tally.failed) cases differ") }
    if tally.passed == 0 { throw Failure(.checkFailed, "there is no such case") }
  }

  /// What is wrong with a case, or `nil` if all outputs of all runs are as expected.
  private static func difference(_ row: CaseRow, in folder: String, _ choices: Models.Choices) -> String? {
    do {
      let path = "\(folder)/\(row.case)"
      let description = try CaseDescription.read("\(path)/case.json")
      let file = try Models.open("\(path)/model.tflite")
      var options = choices.options
      options.signature = description.signature
      if let shapes = description.shapes { options.inputShapes = try Models.shapes(shapes) }
      if let bounds = description.bounds { options.bounds = try Models.shapes(bounds, of: "bound") }
      let model = try Model(file, device: choices.device(for: file), options: options)
      let inputs = places(of: description.inputs, in: model.inputs)
      let outputs = places(of: description.outputs, in: model.outputs)
      var session = try model.makeSession()
      for run in 0..<description.runs {
        let tail = run == 0 ? "" : "-run\(run)"
        for index in model.inputs.indices {
          let bytes = try Files.read("\(path)/input-\(index)\(tail).bin")
          let place = inputs.indices.contains(index) ? inputs[index] : index
          try session.setInput(model.input(at: place), bytes: bytes.span)
        }
        try session.run()
        for (index, output) in description.outputs.enumerated() {
          let expected = try Files.read("\(path)/output-\(index)\(tail).bin")
          let given = try session.outputArray(model.output(at: outputs[index]))
          let isEqual =
            output.dtype == "float32" && !description.exact
            ? isClose(given, expected) : given == expected
          if let shape = output.shapes?[run], try session.shape(of: model.output(at: outputs[index])) != shape {
            return "output \(index) of run \(run) has another shape"
          }
          if !isEqual { return "output \(index) of run \(run) differs" }
        }
      }
      return nil
    } catch {
      return Failure(error).message
    }
  }

  /// For each tensor of a case its place in a model's list: by the tensor's index where the case gives it, since a
  /// signature has an order of its own, or else in the order of both.
  private static func places(of tensors: [CaseDescription.Tensor], in list: [TensorInfo]) -> [Int] {
    let found = tensors.map { tensor in list.firstIndex { $0.tensor == tensor.tensor } }
    let isWhole = Set(found.compactMap { $0 }).count == tensors.count
    return isWhole ? found.compactMap { $0 } : Array(tensors.indices)
  }

  /// Whether single-precision numbers agree to a hundred-thousandth of their size, or a millionth.
  private static func isClose(_ given: [UInt8], _ expected: [UInt8]) -> Bool {
    guard given.count == expected.count else { return false }
    func number(_ bytes: [UInt8], _ index: Int) -> Float {
      var pattern: UInt32 = 0
      for byte in 0..<4 { pattern |= UInt32(bytes[4 * index + byte]) << UInt32(8 * byte) }
      return Float(bitPattern: pattern)
    }
    for index in 0..<(given.count / 4) {
      let left = number(given, index)
      let right = number(expected, index)
      if left == right || (left.isNaN && right.isNaN) { continue }
      guard abs(left - right) <= 1e-6 + 1e-5 * abs(right) else { return false }
    }
    return true
  }
}

/// A row of a case folder's index.
private struct CaseRow: Decodable {
  let `case`: String
  let op: String
  let dtype: String

  private struct Index: Decodable {
    let cases: [CaseRow]
  }

  static func read(_ folder: String) throws -> [CaseRow] {
    let path = "\(folder)/index.json"
    do {
      return try JSONDecoder().decode(Index.self, from: Data(try Files.read(path))).cases
    } catch let error as Failure {
      throw error
    } catch {
      throw Failure(.refused, "\(path) is not an index of cases")
    }
  }
}

/// What a case says of itself.
private struct CaseDescription: Decodable {
  struct Tensor: Decodable {
    let dtype: String
    /// Its index in the graph, where the case gives it.
    let tensor: Int?
    /// The shape in each run, where runs decide it.
    let shapes: [[Int]]?
  }

  /// Those of a case's parameters that say how its model is loaded; others are the operator's, and of any type.
  private struct Parameters: Decodable {
    let signature: String?
    let shape: String?
    let bound: String?

    private enum Key: String, CodingKey {
      case signature
      case shape
      case bound
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      signature = try? values.decode(String.self, forKey: .signature)
      shape = try? values.decode(String.self, forKey: .shape)
      bound = try? values.decode(String.self, forKey: .bound)
    }
  }

  let runs: Int
  let exact: Bool
  let inputs: [Tensor]
  let outputs: [Tensor]
  private let params: Parameters?

  /// The signature that is run; `nil` for the default.
  var signature: String? { params?.signature }
  /// Shapes of inputs as `--shape` takes them; `nil` for the file's own.
  var shapes: String? { params?.shape }
  /// Bounds as `--bound` takes them; `nil` for those that the model has.
  var bounds: String? { params?.bound }

  static func read(_ path: String) throws -> CaseDescription {
    do {
      let description = try JSONDecoder().decode(CaseDescription.self, from: Data(try Files.read(path)))
      guard description.runs > 0 else { throw Failure(.refused, "\(path) describes a case of no runs") }
      return description
    } catch let error as Failure {
      throw error
    } catch {
      throw Failure(.refused, "\(path) does not describe a case")
    }
  }
}

/// Counts by operator and type, in the order in which they come.
private struct Tally {
  private(set) var passed = 0
  private(set) var failed = 0
  private var order: [String] = []
  private var counts: [String: (passed: Int, failed: Int)] = [:]

  mutating func add(_ row: CaseRow, _ difference: String?) {
    let key = "\(row.op)/\(row.dtype)"
    if counts[key] == nil { order.append(key) }
    if difference == nil {
      passed += 1
      counts[key, default: (0, 0)].passed += 1
    } else {
      failed += 1
      counts[key, default: (0, 0)].failed += 1
    }
  }

  var text: String {
    order.map { key in
      let count = counts[key, default: (0, 0)]
      let name = Text.padded(Text.printable(key), 40)
      return "\(name) \(Text.right("\(count.passed)", 5)) ok \(Text.right("\(count.failed)", 5)) bad"
    }.joined(separator: "\n")
  }
}
