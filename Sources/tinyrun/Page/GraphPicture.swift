import TinyTensor

/// A subgraph as SVG: its inputs on top, a box for each operator, its outputs below.
struct GraphPicture {
  /// Lines beyond these are not drawn.
  private static let mostLinks = 100_000

  private let contents: PageContents
  private let graph: PageContents.Graph
  private let inputs: [Int]
  private let outputs: [Int]
  let layout: GraphLayout
  /// Whether lines that lead to an earlier operator, or beyond what can be drawn, were left out.
  let isIncomplete: Bool

  init(_ contents: PageContents, _ graph: PageContents.Graph) {
    self.contents = contents
    self.graph = graph
    let subgraph = contents.file.subgraphs[graph.index]
    let inputs = Array(subgraph.inputs.prefix(PageContents.mostOperands))
    let outputs = Array(subgraph.outputs.prefix(PageContents.mostOperands))
    self.inputs = inputs
    self.outputs = outputs
    let first = inputs.count
    var makers: [Int: Int] = [:]
    for (box, tensor) in inputs.enumerated() where makers[tensor] == nil { makers[tensor] = box }
    for (number, op) in graph.operators.enumerated() {
      for tensor in op.report.node.outputs where tensor >= 0 { makers[tensor] = makers[tensor] ?? first + number }
    }
    var links: [GraphLayout.Link] = []
    func link(_ tensor: Int, to box: Int) {
      if let maker = makers[tensor] { links.append(.init(from: maker, to: box, tensor: tensor)) }
    }
    for (number, op) in graph.operators.enumerated() where links.count < Self.mostLinks {
      for tensor in op.report.node.inputs.prefix(PageContents.mostOperands) { link(tensor, to: first + number) }
    }
    let lastBox = first + graph.operators.count
    for (number, tensor) in outputs.enumerated() { link(tensor, to: lastBox + number) }
    layout = GraphLayout(count: lastBox + outputs.count, links: links)
    isIncomplete = layout.droppedLinks > 0 || links.count >= Self.mostLinks
  }

  // MARK: SVG

  /// The picture; hidden unless it is the one that is seen first.
  func svg(isHidden: Bool) -> String {
    let width = Markup.number(layout.width)
    let height = Markup.number(layout.height)
    let label = "Graph of subgraph \(graph.index), \(Text.plural(graph.operators.count, "operator"))"
    var text = """
      <svg class="graph" data-g="\(graph.index)" data-w="\(width)" data-h="\(height)" width="\(width)" \
      height="\(height)" viewBox="0 0 \(width) \(height)" role="group" aria-label="\(label)"\
      \(isHidden ? " hidden" : "")>

      """
    text += lines
    let mostMACs = contents.most(graph, \.multiplyAccumulates)
    let mostBytes = contents.most(graph, \.bytes)
    for row in layout.rows {
      for box in row {
        switch box - inputs.count {
        case ..<0: text += port("input", box, inputs[box])
        case let number where number < graph.operators.count:
          text += operation(graph.operators[number], box, mostMACs, mostBytes)
        case let number: text += port("output", box, outputs[number - graph.operators.count])
        }
      }
    }
    return text + "</svg>\n"
  }

  /// The beginning of a box, which can be chosen.
  private func begin(_ box: Int, _ classes: String, _ attribute: String, _ label: String) -> String {
    let corner = layout.corners[box]
    let place = "\(Markup.number(corner.x)) \(Markup.number(corner.y))"
    return """
      <g class="node \(classes)" \(attribute) transform="translate(\(place))" role="button" tabindex="-1" \
      aria-label="\(Markup.text(label))">
      """
  }

  /// A graph's input or output.
  private func port(_ kind: String, _ box: Int, _ tensor: Int) -> String {
    let caption = contents.caption(tensor, graph.index)
    let name = contents.report.tensor(tensor, graph.index)?.name ?? "?"
    let what = "\(caption.shape) \(caption.type)"
    let width = layout.metrics.boxWidth
    let height = layout.metrics.boxHeight - 12
    // Its edge is where its lines end.
    let top = kind == "input" ? 12.0 : 0
    var text = begin(box, "port", "data-t=\"\(tensor)\"", "\(kind) \(name), \(what)")
    text += Markup.rectangle("", y: top, width: width, height: height, radius: height / 2)
    text += Markup.label("name", x: width / 2, y: top + 23, Text.printable(name, 26))
    text += Markup.label("dim", x: width / 2, y: top + 40, "\(kind) · \(Text.shortened(what, 30))")
    return text + "</g>\n"
  }

  private func operation(_ op: PageContents.Operator, _ box: Int, _ mostMACs: Int, _ mostBytes: Int) -> String {
    let outputs = op.report.node.outputs
    let caption = outputs.first.map { contents.caption($0, graph.index) } ?? (shape: "no output", type: "")
    let more = outputs.count > 1 ? " +\(outputs.count - 1)" : ""
    let name = Text.printable(op.report.name, Text.longestName)
    let isLong = name.count > 20
    let macs = op.multiplyAccumulates
    var state = macs > 0 ? "\(Text.count(macs)) MACs" : Text.bytes(op.bytes)
    var classes = "op f-\(op.family.rawValue)"
    if op.isFree {
      classes += " free"
      state = Text.shortened(op.report.kernel, 24)
    }
    if let obstacle = op.obstacle {
      classes += " bad"
      state = obstacle
    }
    let width = layout.metrics.boxWidth
    let right = width - 12
    let label = "operator \(op.report.index) \(Text.shortened(name, 80)), \(caption.shape) \(caption.type), \(state)"
    var text = begin(box, classes, "data-o=\"\(op.report.index)\"", label)
    text += Markup.rectangle("box", width: width, height: layout.metrics.boxHeight, radius: 8) + strip
    text += Markup.label(isLong ? "name long" : "name", x: 16, y: 21, Text.shortened(name, 26))
    text += Markup.label("dim end", x: right, y: 21, "\(op.report.index)")
    text += Markup.label("dim", x: 16, y: 38, Text.shortened(caption.shape + more, 24))
    text += Markup.label("dim end", x: right, y: 38, Text.shortened(caption.type, 12))
    text += Markup.label("cost end", x: right, y: 56, state)
    if !op.isFree {
      text += bar("macs", 47, macs, mostMACs) + bar("bytes", 53, op.bytes, mostBytes)
    }
    return text + "</g>\n"
  }

  /// The coloured edge of a box, with its round corners.
  private var strip: String {
    let straight = Markup.number(layout.metrics.boxHeight - 16)
    return "<path class=\"strip\" d=\"M8 0a8 8 0 0 0-8 8v\(straight)a8 8 0 0 0 8 8q-3-3-3-8v-\(straight)q0-5 3-8z\"/>"
  }

  /// A bar of at most 100 units.
  private func bar(_ kind: String, _ y: Double, _ value: Int, _ most: Int) -> String {
    guard value > 0 else { return "" }
    let width = max(1, 100 * Double(value) / Double(most))
    return Markup.rectangle("bar \(kind)", x: 16, y: y, width: width, height: 4, radius: 1)
  }

  // MARK: Lines

  /// A path for each tensor, and one of all arrowheads.
  private var lines: String {
    var text = "<g class=\"lines\">\n"
    var heads = ""
    for route in layout.routes {
      var pieces: [String] = []
      var seen: Set<String> = []
      for way in route.ways {
        for index in 1..<way.points.count {
          let piece = piece(way.points[index - 1], way.points[index])
          if seen.insert(piece).inserted { pieces.append(piece) }
        }
        if let end = way.points.last { heads += "M\(Markup.number(end.x)) \(Markup.number(end.y))l-3.5-6h7z" }
      }
      text += "<path data-t=\"\(route.tensor)\" d=\"\(pieces.joined())\"/>\n"
    }
    return text + "<path class=\"heads\" d=\"\(heads)\"/></g>\n"
  }

  private func piece(_ from: GraphLayout.Point, _ to: GraphLayout.Point) -> String {
    let start = "M\(Markup.number(from.x)) \(Markup.number(from.y))"
    let end = Markup.number(to.y)
    if abs(from.x - to.x) < 0.05 { return "\(start)V\(end)" }
    let bend = (to.y - from.y) / 2
    let first = "\(Markup.number(from.x)) \(Markup.number(from.y + bend))"
    let second = "\(Markup.number(to.x)) \(Markup.number(to.y - bend))"
    return "\(start)C\(first) \(second) \(Markup.number(to.x)) \(end)"
  }
}
