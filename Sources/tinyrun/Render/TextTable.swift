/// Rows of text in columns as wide as their widest entry, up to a limit.
struct TextTable {
  struct Column {
    enum Side {
      case left
      case right
    }

    let title: String
    let side: Side
    /// Longer entries are shortened in the middle.
    let limit: Int

    init(_ title: String, _ side: Side = .left, limit: Int = 40) {
      self.title = title
      self.side = side
      self.limit = limit
    }
  }

  private let columns: [Column]
  private var rows: [[String]]
  private var widths: [Int]

  init(_ columns: [Column]) {
    self.columns = columns
    rows = [columns.map(\.title)]
    widths = columns.map(\.title.count)
  }

  /// Adds a row of as many entries as there are columns.
  mutating func add(_ entries: [String]) {
    precondition(entries.count == columns.count)
    var row: [String] = []
    for (index, entry) in entries.enumerated() {
      let text = Text.shortened(entry, columns[index].limit)
      widths[index] = max(widths[index], text.count)
      row.append(text)
    }
    rows.append(row)
  }

  /// The title and all rows, without spaces at their ends.
  var lines: [String] {
    rows.map { row in
      var line = ""
      for (index, text) in row.enumerated() {
        line += "  "
        line += columns[index].side == .left ? Text.padded(text, widths[index]) : Text.right(text, widths[index])
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
