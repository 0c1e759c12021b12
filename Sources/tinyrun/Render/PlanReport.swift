import TinyTensor

/// How a model runs, as text and as JSON: its steps, where their operands lie, and the operators that cost none.
struct PlanReport {
  private let model: Model

  init(_ model: Model) { self.model = model }

  // MARK: Text

  var lines: [String] {
    var table = TextTable([
      .init("step", .right), .init("operator", limit: 24), .init("operand", limit: 8), .init("memory", limit: 8),
      .init("offset", .right), .init("bytes", .right), .init("tensor", limit: 40),
    ])
    let steps = model.planSteps
    for (number, step) in steps.enumerated() {
      let info = model.operators[step.operatorIndex]
      table.add(["\(number)", "\(step.operatorIndex) \(plain(info.name, 20))", "", "", "", "", plain(info.kernel, 40)])
      for operand in step.operands {
        let place = operand.memory == .packed ? "#\(operand.offset)" : "\(operand.offset)"
        table.add([
          "", "", kind(operand), operand.memory.rawValue, place, "\(operand.byteCount)",
          operand.tensor.map { "\($0) \(plain(model.tensors[$0].name, 34))" } ?? "-",
        ])
      }
    }
    var lines = ["plan  \(steps.count) steps; \(model.packedByteCount) bytes packed"] + table.lines
    for index in idle(steps) { lines.append("no step  operator \(index)  \(describe(index))") }
    return lines
  }

  private func kind(_ operand: PlanOperand) -> String {
    if operand.isOutput { return "out" }
    return operand.memory == .scratch ? "work" : "in"
  }

  /// Operators that no step belongs to.
  private func idle(_ steps: [PlanStep]) -> [Int] {
    let busy = Set(steps.map(\.operatorIndex))
    return model.operators.indices.filter { !busy.contains($0) }
  }

  private func describe(_ index: Int) -> String {
    let info = model.operators[index]
    let name = plain(info.name, 24)
    guard info.isView, let output = info.outputs.first, let input = info.inputs.first, input >= 0 else {
      return "\(name)  \(info.kernel)"
    }
    return "\(name)  tensor \(output) is a view of \(input)"
  }

  private func plain(_ text: String, _ width: Int) -> String { Text.printable(text, width) }

  // MARK: JSON

  var json: JSON {
    let steps = model.planSteps
    return .object([
      ("steps", .list(steps, step)), ("packed_bytes", .number(model.packedByteCount)),
      (
        "without_step",
        .list(idle(steps)) { index in
          let info = model.operators[index]
          return .object([
            ("operator", .number(index)), ("kernel", .string(info.kernel)),
            ("folded_into", .optional(info.foldedInto)),
          ])
        }
      ),
    ])
  }

  private func step(_ step: PlanStep) -> JSON {
    .object([
      ("operator", .number(step.operatorIndex)), ("kernel", .string(model.operators[step.operatorIndex].kernel)),
      (
        "operands",
        .list(step.operands) { operand in
          .object([
            ("memory", .string(operand.memory.rawValue)), ("offset", .number(operand.offset)),
            ("bytes", .number(operand.byteCount)), ("tensor", .optional(operand.tensor)),
            ("output", .bool(operand.isOutput)),
          ])
        }
      ),
    ])
  }
}
