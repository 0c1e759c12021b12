import Foundation
import Testing

@testable import tinyrun

@Suite("Text on terminals")
struct TerminalStyleTests {
  private var table: TextTable {
    var table = TextTable([.init("#", .right), .init("name", least: 8), .init("shape", limit: 60, least: 10)])
    table.add(["1", "a name of some length", "[1,224,224,3] -> [1,112,112,32]"])
    table.add(["2", "short", "[1]"], .red)
    return table
  }

  @Test("tables become as narrow as a terminal, and no wider than they are")
  func widths() {
    let natural = table.lines.map(\.count).max() ?? 0
    for width in 26...80 {
      let lines = table.lines(for: TextDisplay(width: width, isStyled: false))
      #expect(lines.allSatisfy { $0.count <= min(width, natural) })
    }
    #expect(table.lines(for: TextDisplay(width: 200, isStyled: false)) == table.lines)
    // The columns have a least width.
    #expect(table.lines(for: TextDisplay(width: 5, isStyled: false)).map(\.count).max() == 25)
  }

  @Test("styles stand around whole lines, where they are on")
  func styles() {
    let lines = table.lines(for: TextDisplay(width: nil, isStyled: true))
    #expect(lines[0].hasPrefix("\u{1B}[1m") && lines[0].hasSuffix("\u{1B}[0m"))
    #expect(lines[1] == table.lines[1])
    #expect(lines[2] == "\u{1B}[31m" + table.lines[2] + "\u{1B}[0m")
    #expect(TerminalStyle.bold.applied(to: "x", if: false) == "x")
    #expect(TerminalStyle.bold.applied(to: "", if: true) == "")
  }

  #if os(Linux)
    /// A terminal of 90 columns, by util-linux' `script`.
    private static let script = Program.find("script")

    @Test(
      "on a terminal the text fits its width and has styles, but none with NO_COLOR",
      .enabled(if: script != nil, "no script: no terminal can be made"))
    func terminal() async throws {
      let script: URL = try #require(Self.script)
      let tool: URL = try #require(Tool.executable)
      for (variable, isStyled) in [("", true), ("1", false)] {
        let result = try await Program.run(
          script, ["-qec", "stty cols 90; '\(tool.path)' inspect '\(Fixtures.model)'", "/dev/null"],
          environment: ["NO_COLOR": variable, "TERM": "xterm"], limit: .seconds(60))
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("\u{1B}[1m") == isStyled)
        let lines = result.output.replacing(/\u{1B}\[[0-9]*m/, with: "").split(whereSeparator: \.isNewline)
        #expect(lines.count > 15 && lines.allSatisfy { $0.count <= 90 })
        #expect(lines.contains { $0.contains("CONV_2D") && $0.contains("56.4 k") })
      }
    }
  #endif
}
