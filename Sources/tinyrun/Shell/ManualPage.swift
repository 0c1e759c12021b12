/// tinyrun's page for man.
enum ManualPage {
  /// The page, in the macros of man(7).
  static var text: String {
    var lines = [
      ".TH TINYRUN 1 \"\" \"tinyrun \(Version.current)\" \"TinyTensor\"", ".SH NAME",
      line("tinyrun - \(Help.tool)"), ".SH SYNOPSIS", ".B tinyrun", ".I COMMAND", line("..."), ".br", ".B tinyrun",
      ".I MODEL", ".br", ".B tinyrun help", ".I COMMAND", ".SH DESCRIPTION",
      line("A model without a command is inspected. Results go to standard output, everything else to standard error."),
      ".SH COMMANDS",
    ]
    for command in Command.all { lines += section(command) }
    lines += [".SH ENVIRONMENT"]
    for knob in Knob.all {
      let values = knob.values.isEmpty ? knob.anything : knob.values.joined(separator: ", ")
      lines += [".TP", ".B \(escaped(knob.name))", line("\(knob.meaning). Values: \(values).")]
    }
    lines += [".SH EXIT STATUS"] + Help.exitStatuses.split(separator: "\n").map { line(String($0)) }
    return lines.joined(separator: "\n")
  }

  private static func section(_ command: Command) -> [String] {
    let help = command.help
    var lines = [".SS \(escaped(command.name))", line("Usage: tinyrun \(help.usage)"), ".PP"]
    lines += help.description.split(separator: "\n").map { line(String($0)) }
    for option in help.allOptions {
      let value = option.value.map { " \\fI\(escaped($0))\\fR" } ?? ""
      lines += [".TP", "\\fB\(escaped(option.name))\\fR\(value)", line(option.meaning)]
    }
    return lines + [".PP", "Example:", ".PP", ".RS 4", ".nf", line(help.example), ".fi", ".RE"]
  }

  /// A line of text, which is no request whatever it begins with.
  private static func line(_ text: String) -> String {
    let text = escaped(text)
    return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&\(text)" : text
  }

  /// Text with dashes that can be copied, and without escapes of its own.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "`": result += "\\(ga"
      case "~": result += "\\(ti"
      case "^": result += "\\(ha"
      case "'": result += "\\(aq"
      default: result.append(character)
      }
    }
    return result
  }
}
