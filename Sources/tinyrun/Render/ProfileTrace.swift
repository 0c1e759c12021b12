import TinyTensor

/// The first profiled runs as a trace in the Chrome trace event format, which chrome://tracing and Perfetto open.
struct ProfileTrace {
  let path: String
  let model: Model
  let turns: [OperatorProfiler.Turn]

  /// Complete events, one for each operator's turn and one around those of each run.
  var json: JSON {
    let origin = turns.first?.start ?? 0
    var events: [JSON] = []
    var index = 0
    while index < turns.count {
      let run = turns[index].run
      let end = turns[index...].firstIndex { $0.run != run } ?? turns.count
      let last = turns[end - 1]
      events.append(
        event(
          "run \(run)", "run", from: turns[index].start - origin, to: last.start + last.duration - origin,
          [("model", .string(path))]))
      for turn in turns[index..<end] {
        let operation = model.operators[turn.operation]
        events.append(
          event(
            operation.name, "operator", from: turn.start - origin, to: turn.start + turn.duration - origin,
            [
              ("index", .number(turn.operation)), ("kernel", .string(operation.kernel)),
              ("macs", .number(operation.multiplyAccumulates)),
            ]))
      }
      index = end
    }
    return .object([("displayTimeUnit", .string("ns")), ("traceEvents", .array(events))])
  }

  /// A complete event; the format's times are microseconds.
  private func event(
    _ name: String, _ category: String, from start: UInt64, to end: UInt64, _ arguments: [(String, JSON)]
  ) -> JSON {
    .object([
      ("name", .string(name)), ("cat", .string(category)), ("ph", .string("X")), ("ts", .real(Double(start) / 1000)),
      ("dur", .real(Double(end - start) / 1000)), ("pid", .number(1)), ("tid", .number(1)),
      ("args", .object(arguments)),
    ])
  }
}
