import TinyTensor

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// `tinyrun knobs`: the environment variables that the library reads, and what they are now.
enum Knobs {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(words, flags: ["--json"])
    guard arguments.positional.isEmpty else { throw Failure(.usage, "knobs takes options alone") }
    if arguments.has("--json") {
      let list = Knob.all.map { knob in
        JSON.object([
          ("name", .string(knob.name)), ("value", .optional(knob.value)), ("valid", .bool(knob.isValid)),
          ("values", .array(knob.values.map { .string($0) })), ("meaning", .string(knob.meaning)),
        ])
      }
      try Terminal.print(JSON.object([("schema", .number(1)), ("knobs", .array(list))]))
      return
    }
    try Terminal.print(Knob.all.map(text).joined(separator: "\n"))
  }

  private static func text(_ knob: Knob) -> String {
    let state = knob.value.map { "\(Text.printable($0))\(knob.isValid ? "" : ", which is none of its values")" }
    return """
      \(knob.name)
        now      \(state ?? "not set")
        values   \(knob.values.isEmpty ? knob.anything : knob.values.joined(separator: ", "))
        meaning  \(knob.meaning)
      """
  }
}

/// An environment variable that the library reads.
struct Knob: Sendable {
  let name: String
  /// Those that it can have; empty where it can have any.
  let values: [String]
  /// What it can have where that is no list.
  var anything = ""
  let meaning: String

  static let kernels = Knob(
    name: "TINYTENSOR_KERNELS", values: KernelSet.allCases.map(\.rawValue),
    meaning: "the kernels of models that are loaded without a choice of their own, as by --kernels; the fastest unless "
      + "set")

  static let edgeTPULibrary = Knob(
    name: "TINYTENSOR_EDGETPU_LIB", values: [], anything: "the path of a file",
    meaning: "libedgetpu, which drives the Edge TPU; what the system finds as libedgetpu.so.1 unless set")

  static let all = [kernels, edgeTPULibrary]

  /// What it is now; `nil` where it is not set, or empty, which means the same.
  var value: String? {
    // Sound: a string that ends with a zero, which nobody changes while it is read.
    guard let text = unsafe getenv(name).map({ unsafe String(cString: $0) }), !text.isEmpty else { return nil }
    return text
  }

  /// Whether its value is one of those that it can have.
  var isValid: Bool { value.map { values.isEmpty || values.contains($0) } ?? true }
}
