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
    /// How narrow the column may become where a line has to fit; `nil` for columns that keep their width.
    let least: Int?

    init(_ title: String, _ side: Side = .left, limit: Int = 40, least: Int? = nil) {
      self.title = title
      self.side = side
      self.limit = limit
      self.least = least
    }
  }

  private struct Row {
    let entries: [String]
    let style: TerminalStyle?
  }

  private let columns: [Column]
  private var rows: [Row]
  private var widths: [Int]

  init(_ columns: [Column]) {
    self.columns = columns
    rows = [Row(entries: columns.map(\.title), style: .bold)]
    widths = columns.map(\.title.count)
  }

  /// Adds a row of as many entries as there are columns; its style shows where lines are styled.
  mutating func add(_ entries: [String], _ style: TerminalStyle? = nil) {
    precondition(entries.count == columns.count)
    var row: [String] = []
    for (index, entry) in entries.enumerated() {
      let text = Text.shortened(entry, columns[index].limit)
      widths[index] = max(widths[index], text.count)
      row.append(text)
    }
    rows.append(Row(entries: row, style: style))
  }

  /// The title and all rows, without spaces at their ends.
  var lines: [String] { lines(for: .plain) }

  /// The title and all rows, no wider than the display if the columns allow it.
  func lines(for display: TextDisplay) -> [String] {
    let widths = display.width.map(widths(fitting:)) ?? widths
    return rows.map { row in
      var line = ""
      // Nothing pads the last entry that says something.
      let last = row.entries.lastIndex { !$0.isEmpty } ?? 0
      for (index, entry) in row.entries[...last].enumerated() {
        let text = Text.shortened(entry, widths[index])
        line += "  "
        if columns[index].side == .right {
          line += Text.right(text, widths[index])
        } else {
          line += index == last ? text : Text.padded(text, widths[index])
        }
      }
      while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
      return row.style.map { display.styled(line, $0) } ?? line
    }
  }

  /// The columns' widths, those reduced that can spare most, until a line fits.
  private func widths(fitting width: Int) -> [Int] {
    var widths = widths
    var excess = widths.reduce(0) { $0 + $1 + 2 } - width
    while excess > 0 {
      let spare = columns.indices.map { index in columns[index].least.map { widths[index] - $0 } ?? 0 }
      guard let most = spare.max(), most > 0, let index = spare.firstIndex(of: most) else { break }
      widths[index] -= 1
      excess -= 1
    }
    return widths
  }
}

/// Where text for people is shown.
struct TextDisplay {
  /// How many columns a line has; `nil` where lines have no end, as in files.
  let width: Int?
  let isStyled: Bool

  /// Text without styles, as wide as it is.
  static let plain = TextDisplay(width: nil, isStyled: false)

  /// Standard output, as it is.
  static var output: TextDisplay {
    // Narrower ones could show no table.
    TextDisplay(width: TerminalStyle.width(of: .output).map { max(40, $0) }, isStyled: TerminalStyle.isOn(.output))
  }

  func styled(_ text: String, _ style: TerminalStyle) -> String { style.applied(to: text, if: isStyled) }
}
