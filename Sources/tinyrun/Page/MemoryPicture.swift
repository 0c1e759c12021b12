import TinyTensor

/// A session's memory as SVG: steps of a run from left to right, bytes of the arena from the bottom up, a rectangle for
/// what lies where and when.
struct MemoryPicture {
  /// Rectangles beyond these are not drawn.
  static let mostEntries = 20_000

  private let contents: PageContents
  private let memory: PageMemory
  private let width = 1000.0
  private let height = 360.0
  private let left = 80.0
  private let bottom = 40.0
  private let top = 12.0

  init(_ contents: PageContents, _ memory: PageMemory) {
    self.contents = contents
    self.memory = memory
  }

  private var graph: PageContents.Graph? { contents.graphs.first { $0.index == contents.report.mainSubgraph } }

  /// The left edge of a step; those before and behind a run have a column each.
  private func x(_ step: Int) -> Double {
    left + Double(step + 1) * (width - left - 8) / Double(memory.stepCount + 2)
  }

  private func y(_ offset: Int) -> Double {
    height - bottom - Double(offset) / Double(max(1, memory.byteCount)) * (height - bottom - top)
  }

  var svg: String {
    let label =
      "Memory plan: \(memory.entries.count) entries in an arena of \(Text.bytes(memory.byteCount)) over "
      + Text.plural(memory.stepCount, "step")
    var text = """
      <svg class="memory" viewBox="0 0 \(Markup.number(width)) \(Markup.number(height))" role="img" \
      aria-label="\(label)">

      """
    text += axes
    for entry in memory.entries.prefix(Self.mostEntries) { text += rectangle(entry) }
    if memory.lowerBound < memory.byteCount {
      let line = y(memory.lowerBound)
      text += across("bound", line)
      text += Markup.label("dim end", x: width - 12, y: line - 4, "lower bound \(Text.bytes(memory.lowerBound))")
    }
    return text + "</svg>\n"
  }

  private func rectangle(_ entry: PageMemory.Entry) -> String {
    let plan = entry.entry
    let from = x(max(-1, plan.firstStep))
    let upper = y(plan.offset + plan.byteCount)
    let width = max(0.5, x(min(memory.stepCount, plan.lastStep) + 1) - from)
    let height = max(0.5, y(plan.offset) - upper)
    let family = entry.maker.flatMap { maker in
      graph.flatMap { $0.operators.indices.contains(maker) ? $0.operators[maker].family.rawValue : nil }
    }
    var attributes = ""
    if let tensor = entry.tensor { attributes += " data-t=\"\(tensor)\"" }
    if let maker = entry.maker { attributes += " data-o=\"\(maker)\"" }
    let makerText = entry.maker.map { ", of operator \($0)" } ?? ""
    var text = "<g class=\"cell \(family.map { "f-\($0)" } ?? "port")\"\(attributes)>"
    text += Markup.rectangle("", x: from, y: upper, width: width, height: height)
    text += """
      <title>\(Markup.text(plan.name, 120)): \(Text.bytes(plan.byteCount)) from byte \(plan.offset), steps \
      \(plan.firstStep) to \(plan.lastStep)\(makerText)</title>
      """
    // A character takes 7 units or less.
    let room = Int(width / 7) - 1
    let label = entry.maker.map(String.init) ?? Text.printable(plan.name, min(40, room))
    if height >= 14, room >= label.count, entry.maker != nil || room >= 5 {
      text += Markup.label("mid", x: from + width / 2, y: upper + height / 2 + 3.5, label)
    }
    return text + "</g>\n"
  }

  private func across(_ classes: String, _ y: Double) -> String {
    "<path class=\"\(classes)\" d=\"M\(Markup.number(left)) \(Markup.number(y))H\(Markup.number(width - 8))\"/>"
  }

  private var axes: String {
    var text = ""
    for quarter in 0...4 {
      let offset = memory.byteCount / 4 * quarter + (quarter == 4 ? memory.byteCount % 4 : 0)
      text += across("grid", y(offset))
      text += Markup.label("dim end", x: left - 8, y: y(offset) + 4, Text.bytes(offset))
    }
    let every = max(1, (memory.stepCount + 19) / 20)
    for step in stride(from: 0, to: memory.stepCount, by: every) {
      text += Markup.label("dim mid", x: (x(step) + x(step + 1)) / 2, y: height - bottom + 16, "\(step)")
    }
    return text + Markup.label("dim mid", x: (left + width) / 2, y: height - 6, "step of a run") + "\n"
  }
}
