import TinyTensor

/// A page's tables of operators and tensors.
struct PageTables {
  private let contents: PageContents

  init(_ contents: PageContents) { self.contents = contents }

  private func body(_ graph: PageContents.Graph, _ rows: String) -> String {
    "<tbody data-g=\"\(graph.index)\"\(graph.index == contents.graphs.first?.index ? "" : " hidden")>\n\(rows)</tbody>\n"
  }

  private func head(_ columns: [(title: String, isNumber: Bool)]) -> String {
    let cells = columns.map { column in
      "<th scope=\"col\"\(column.isNumber ? " class=\"number\"" : "")><button type=\"button\">"
        + "\(Markup.text(column.title))</button></th>"
    }
    return "<thead><tr>\(cells.joined())</tr></thead>\n"
  }

  // MARK: Operators

  var operators: String {
    "<table id=\"operator-table\">\n"
      + head([
        ("#", true), ("operator", false), ("inputs → outputs", false), ("weights", true), ("MACs", true),
        ("bytes", true), ("kernel", false),
      ])
      + contents.graphs.map { graph in
        let most = contents.most(graph, \.multiplyAccumulates)
        let mostBytes = contents.most(graph, \.bytes)
        return body(graph, graph.operators.map { row($0, graph.index, most, mostBytes) }.joined())
      }.joined() + "</table>\n"
  }

  private func row(_ op: PageContents.Operator, _ subgraph: Int, _ mostMACs: Int, _ mostBytes: Int) -> String {
    let node = op.report.node
    let inputs = node.inputs.filter { index in
      index != -1 && contents.report.tensor(index, subgraph).map { contents.report.constantBytes($0) == 0 } ?? true
    }
    let macs = op.multiplyAccumulates
    let kernel = Markup.text(op.obstacle ?? op.report.kernel, 40)
    let weights = op.report.weightBytes
    var cells = number(op.report.index, "\(op.report.index)")
    cells += "<td><i class=\"dot f-\(op.family.rawValue)\"></i>\(Markup.text(op.report.name, 40))</td>"
    cells += "<td>\(Markup.text(shapes(inputs, subgraph))) → \(Markup.text(shapes(node.outputs, subgraph)))</td>"
    cells += number(weights, weights == 0 ? "" : Text.bytes(weights))
    cells += number(macs, macs == 0 ? "" : Text.count(macs), bar: macs, of: mostMACs, "macs")
    cells += number(op.bytes, op.bytes == 0 ? "" : Text.bytes(op.bytes), bar: op.bytes, of: mostBytes, "bytes")
    cells += "<td>\(op.obstacle == nil ? kernel : "<span class=\"bad\">\(kernel)</span>")</td>"
    return "<tr data-o=\"\(op.report.index)\" tabindex=\"-1\">\(cells)</tr>\n"
  }

  private func shapes(_ tensors: [Int], _ subgraph: Int) -> String {
    let shown = tensors.prefix(4).map { contents.caption($0, subgraph).shape }.joined(separator: ", ")
    return tensors.count > 4 ? "\(shown), …" : shown
  }

  private func number(_ value: Int, _ text: String) -> String {
    "<td class=\"number\" data-v=\"\(value)\">\(Markup.text(text))</td>"
  }

  /// A number with a bar below it, as a share of the largest.
  private func number(_ value: Int, _ text: String, bar: Int, of most: Int, _ kind: String) -> String {
    guard bar > 0 else { return number(value, text) }
    let width = max(1, 80 * Double(bar) / Double(most))
    let picture = Markup.rectangle("bar \(kind)", x: 80 - width, width: width, height: 4, radius: 1)
    return """
      <td class="number" data-v="\(value)">\(Markup.text(text))\
      <svg class="share" width="80" height="4" aria-hidden="true">\(picture)</svg></td>
      """
  }

  // MARK: Tensors

  var tensors: String {
    "<table id=\"tensor-table\">\n"
      + head([
        ("#", true), ("tensor", false), ("type", false), ("shape", false), ("quantization", false), ("bytes", true),
        ("kind", false),
      ])
      + contents.graphs.map { graph in
        body(graph, (0..<graph.tensorCount).map { row($0, graph.index) }.joined())
      }.joined() + "</table>\n"
  }

  private func row(_ index: Int, _ subgraph: Int) -> String {
    let tensor = contents.file.subgraphs[subgraph].tensors[index]
    let caption = contents.caption(index, subgraph)
    let bytes = PageContents.byteCount(index, subgraph, contents.report)
    let kinds = ModelReport.kinds(tensor, contents.report.constantBytes(tensor))
    var cells = number(index, "\(index)")
    cells += "<td class=\"wide\">\(Markup.text(tensor.name, 90))</td><td>\(Markup.text(caption.type))</td>"
    cells += "<td>\(Markup.text(caption.shape, 40))</td>"
    cells += "<td>\(Markup.text(Text.quantization(tensor.quantization), 60))</td>"
    cells += number(bytes, bytes == 0 ? "" : Text.bytes(bytes)) + "<td>\(kinds.joined(separator: " "))</td>"
    return "<tr data-t=\"\(index)\" tabindex=\"-1\">\(cells)</tr>\n"
  }
}
