import Foundation
import TinyTensor

/// `tinyrun run`: runs a model on files or random data.
enum Run {
  static func run(_ words: [String]) throws(Failure) {
    let arguments = try Arguments(
      words,
      options: ["--output-prefix", "--dump-tensors", "--seed", "--signature", "--device", "--shape"],
      flags: ["--quiet"])
    guard let path = arguments.positional.first else { throw Failure(.usage, "run needs a model file") }
    let model = try Models.load(path, arguments)
    let files = Array(arguments.positional.dropFirst())
    let inputs = model.inputs.count
    guard files.isEmpty || (inputs > 0 && files.count % inputs == 0) else {
      throw Failure(
        .usage, "the model has \(inputs) inputs; \(files.count) files are not a whole number of runs")
    }
    let runs = files.isEmpty ? 1 : files.count / inputs
    let seed = try arguments.integer("--seed", default: 1)
    if files.isEmpty, inputs > 0, !arguments.has("--quiet") {
      Terminal.printError("no input files: running on random data, seed \(seed)")
    }
    do throws(SessionError) {
      var session = try Models.makeSession(model, path)
      for run in 0..<runs {
        var random = SeededRandom(seed: UInt64(seed))
        for index in 0..<inputs {
          let info = model.inputs[index]
          let input = try Models.input(model, index)
          let bytes =
            files.isEmpty
            ? random.bytes(for: info) : try Models.rethrow { () throws(Failure) in try Files.readTensor(files[run * inputs + index], for: info) }
          try session.setInput(input, bytes: bytes.span.bytes)
        }
      }
      _ = session
    } catch {
      throw Failure(error)
    }
  }
}
