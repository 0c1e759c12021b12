import TinyTensor

/// A model as one HTML file that a browser opens without a network: nothing in it is loaded from elsewhere, and its
/// policy lets run the page's own script alone.
struct Page {
  private let contents: PageContents
  private var report: ModelReport { contents.report }
  private var file: ModelFile { contents.file }

  init(_ report: ModelReport) { contents = PageContents(report) }

  var html: String {
    let script = PageScript.text
    let style = PageStyle.text
    let policy =
      "default-src 'none'; style-src 'sha256-\(SHA256(style.utf8).base64)'; "
      + "script-src 'sha256-\(SHA256(script.utf8).base64)'; base-uri 'none'; form-action 'none'"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="generator" content="tinyrun \(Version.current)">
      <title>\(Markup.text(name, 80))</title>
      <style>\(style)</style>
      </head>
      <body>
      \(header)
      <main>
      \(graphs)
      \(operators)
      \(memory)
      \(tensors)
      </main>
      <footer>Made by tinyrun \(Version.current) from \(Markup.text(name, 80)).</footer>
      <script type="application/json" id="model">\(Markup.script(PageData(contents).json))</script>
      <script>\(script)</script>
      </body>
      </html>

      """
  }

  private var name: String { report.path.split(separator: "/").last.map(String.init) ?? report.path }

  // MARK: Head

  private var header: String {
    var about = ["TFL3 version \(file.version)"]
    if !file.description.isEmpty { about.insert(Markup.text(file.description, 80), at: 0) }
    return """
      <header>
      <div class="title"><h1>\(Markup.text(name, 80))</h1><p>\(about.joined(separator: " · "))</p></div>
      \(status)
      <dl class="facts">
      \(facts.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" }.joined(separator: "\n"))
      </dl>
      \(report.entries.prefix(20).map(entry).joined(separator: "\n"))
      \(metadata)
      </header>
      """
  }

  private var status: String {
    guard let refusal = report.refusal else { return "" }
    if refusal.code == .wrongDevice && file.isCompiledForEdgeTPU {
      return "<p class=\"notice\"><b>Needs the Edge TPU.</b> It holds operators that were compiled for that device; "
        + "choose one of them to see its package.</p>"
    }
    return "<p class=\"notice bad\"><b>Cannot run.</b> \(Markup.text(refusal.message, 2000))</p>"
  }

  private var facts: [(name: String, value: String)] {
    let operators = file.subgraphs.reduce(0) { $0 + $1.operators.count }
    var facts = [("file", Text.bytes(file.byteCount)), ("operators", "\(operators)")]
    if file.subgraphs.count != 1 { facts.append(("subgraphs", "\(file.subgraphs.count)")) }
    facts.append(("tensors", "\(file.subgraphs.reduce(0) { $0 + $1.tensors.count })"))
    facts.append(("parameters", Text.bytes(report.parameterBytes)))
    if let model = report.model {
      facts.append(("MACs in a run", Text.count(model.multiplyAccumulates)))
      facts.append(("arena", Text.bytes(model.arenaByteCount)))
      facts.append(("packed", Text.bytes(model.packedByteCount)))
      facts.append(("runs on", Markup.text("\(model.device)", 40)))
    }
    return facts
  }

  private func entry(_ entry: ModelReport.Entry) -> String {
    let title = report.title(of: entry) + (entry.key.map { " \(Markup.text($0, 80))" } ?? "")
    let stale = entry.misfit.map { "<p class=\"hint\">stale: \(Markup.text($0, 400))</p>" } ?? ""
    let place = file.subgraphs.count > 1 ? ", subgraph \(entry.subgraph)" : ""
    let sides = entry.inputs.prefix(64).map { ("input", $0) } + entry.outputs.prefix(64).map { ("output", $0) }
    let rows = sides.map { side, place in
      let caption = contents.caption(place.tensor, entry.subgraph)
      let tensor = report.tensor(place.tensor, entry.subgraph)
      let signature = tensor?.shapeSignature ?? []
      let free = signature.contains(-1) ? " of \(Markup.shape(signature))" : ""
      let quantization = Markup.text(Text.quantization(tensor?.quantization), 60)
      return """
        <tr><th scope="row">\(side)</th><td>\(Markup.text(place.name, 60))</td>\
        <td>\(Markup.text(caption.shape + free))</td><td>\(Markup.text(caption.type))</td><td>\(quantization)</td></tr>
        """
    }
    let all = entry.inputs.count + entry.outputs.count
    let rest = rows.count < all ? "<p class=\"hint\">\(all - rows.count) more inputs and outputs</p>" : ""
    return "<div class=\"entry\"><h2>\(title)\(place)</h2>\(stale)<table>"
      + "\(rows.joined(separator: "\n"))</table>\(rest)</div>"
  }

  private var metadata: String {
    var lines = file.metadata.prefix(40).map { metadata in
      "\(Text.shortened(metadata.name, 60))  \(report.bufferBytes(metadata.buffer).map(Text.bytes) ?? "?")"
    }
    lines += MetadataReport(file).lines
    lines += report.customOperators.prefix(20).map { kind in
      "custom operator \(Text.shortened(kind.name, 60)) ×\(kind.count), options \(Text.bytes(kind.bytes))"
    }
    lines += file.externalBufferGroups.prefix(20).map { "constants beside the file  \(Text.shortened($0, 80))" }
    if lines.isEmpty { return "" }
    return "<details><summary>metadata</summary><pre>\(lines.map { Markup.text($0) }.joined(separator: "\n"))"
      + "</pre></details>"
  }

  // MARK: Sections

  private var graphs: String {
    let pictures = contents.graphs.map { GraphPicture(contents, $0) }
    let first = contents.graphs.first?.index
    var omissions = contents.omissions
    if pictures.contains(where: \.isIncomplete) { omissions.append("Some lines of the graph are not drawn.") }
    // Small graphs need no high frame.
    let isShort = pictures.allSatisfy { $0.layout.height < 560 }
    let notes = omissions.map { "<p class=\"hint\">\(Markup.text($0))</p>" }.joined()
    return """
      <section id="graph" aria-label="Graph">
      <div class="bar-line"><h2>Graph</h2>\(choice)
      <input id="search" type="search" placeholder="find an operator or a tensor" aria-label="Find" autocomplete="off">
      <output id="found" for="search"></output>
      <span class="buttons"><button type="button" id="out" aria-label="Smaller">−</button>
      <button type="button" id="in" aria-label="Larger">+</button><button type="button" id="fit">Fit</button>
      <button type="button" id="full">100 %</button></span></div>
      \(notes)
      <div class="split\(isShort ? " short" : "")">
      <div id="view" tabindex="0" role="region" aria-label="Graph; arrow keys go from operator to operator">
      \(zip(contents.graphs, pictures).map { $1.svg(isHidden: $0.index != first) }.joined())
      </div>
      <aside id="panel" aria-live="polite" aria-label="Details"><p class="hint">Choose an operator, an input or an
      output to see its tensors, options and weights.</p></aside>
      </div>
      \(legend)
      </section>
      """
  }

  /// Which subgraph is seen, if there are several.
  private var choice: String {
    guard contents.graphs.count > 1 else { return "" }
    let options = contents.graphs.map { graph in
      "<option value=\"\(graph.index)\">subgraph \(graph.index)"
        + (graph.name.isEmpty ? "" : ": \(Markup.text(graph.name, 40))") + "</option>"
    }
    return "<select id=\"choice\" aria-label=\"Subgraph\">\(options.joined())</select>"
  }

  private var legend: String {
    var present: Set<String> = []
    for graph in contents.graphs { for op in graph.operators { present.insert(op.family.rawValue) } }
    let families = OperatorFamily.allCases.filter { present.contains($0.rawValue) }.map { family in
      "<li><i class=\"dot f-\(family.rawValue)\"></i>\(family.title)</li>"
    }
    return "<ul class=\"legend\">\(families.joined())<li><i class=\"key macs\"></i>MACs</li>"
      + "<li><i class=\"key bytes\"></i>bytes read and written</li><li><i class=\"key free\"></i>costs nothing</li></ul>"
  }

  private var operators: String {
    "<section id=\"operators\"><h2>Operators</h2><div class=\"scroll\">\(PageTables(contents).operators)</div></section>"
  }

  private var tensors: String {
    "<section id=\"tensors\"><details><summary><h2>Tensors</h2></summary><div class=\"scroll\">"
      + "\(PageTables(contents).tensors)</div></details></section>"
  }

  private var memory: String {
    guard let model = report.model, let memory = contents.memory else {
      return "<section id=\"memory\"><h2>Memory</h2><p class=\"hint\">There is no plan: the model does not run here."
        + "</p></section>"
    }
    return """
      <section id="memory"><h2>Memory</h2>
      <p class="hint">The arena of a session has \(Text.bytes(model.arenaByteCount)); no plan could do with less than
      \(Text.bytes(model.arenaLowerBound)), and without reuse it would be \(Text.bytes(report.bytesWithoutReuse)).</p>
      \(MemoryPicture(contents, memory).svg)</section>
      """
  }
}
