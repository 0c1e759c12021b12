import TinyTensor

/// `tinyrun devices`: what can run models here, and which kernels a model gets unless it asks for others.
enum Devices {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(words, flags: ["--json"])
    guard arguments.positional.isEmpty else { throw Failure(.usage, "devices takes options alone") }
    let choice = KernelChoice()
    try Terminal.print(arguments.has("--json") ? json(choice).text : text(choice))
  }

  private static func text(_ choice: KernelChoice) -> String {
    var lines = [
      "cpu      \(Text.printable(Machine.processor)), \(Machine.architecture), "
        + Text.plural(Machine.processors, "processor")
    ]
    let width = KernelSet.allCases.map(\.rawValue.count).max() ?? 0
    for (index, set) in KernelSet.allCases.enumerated() {
      var state = set.isAvailable ? "available" : "not on this processor"
      if set == choice.set { state += "   <-- \(choice.reason)" }
      lines.append((index == 0 ? "kernels  " : "         ") + Text.padded(set.rawValue, width) + "  \(state)")
    }
    if choice.set == nil { lines.append("         no model can be loaded: \(Text.printable(choice.reason))") }
    lines += EdgeTPUStatus().lines
    return lines.joined(separator: "\n")
  }

  private static func json(_ choice: KernelChoice) -> JSON {
    let sets = KernelSet.allCases.map { set in
      JSON.object([
        ("name", .string(set.rawValue)), ("available", .bool(set.isAvailable)), ("chosen", .bool(set == choice.set)),
      ])
    }
    return .object([
      ("schema", .number(1)),
      (
        "devices",
        .array([
          .object([
            ("device", .string("cpu")), ("available", .bool(true)), ("processor", .string(Machine.processor)),
            ("architecture", .string(Machine.architecture)), ("processors", .number(Machine.processors)),
            ("kernels", .array(sets)), ("chosen", .optional(choice.set?.rawValue)), ("reason", .string(choice.reason)),
          ]),
          EdgeTPUStatus().json,
        ])
      ),
    ])
  }
}

/// The kernels that a model gets which asks for none, and why.
struct KernelChoice {
  /// `nil` where the choice is one that this processor cannot run, or none at all.
  let set: KernelSet?
  let reason: String

  init() {
    do {
      let set = try CPUOptions().chosenKernels()
      self.set = set
      let variable = Knob.kernels
      reason =
        variable.value == nil
        ? "the fastest here"
        : "as the environment variable \(variable.name) says; the fastest here is \(KernelSet.fastest)"
    } catch {
      set = nil
      reason = error.message
    }
  }
}
