/// The completion of tinyrun's commands, options and values for zsh.
enum ZshCompletion {
  /// A script that works as a file `_tinyrun` of zsh's functions, and sourced.
  static var script: String {
    let names = Command.all.map { "    '\($0.name):\(escaped($0.help.summary, beyond: ":"))'" }
    let cases = Command.all.map { command in
      let options = command.help.allOptions.map { "        \(specification($0))" }
      let rest = command.name == "completions" ? "'*:shell:(bash zsh)'" : "'*:file:_files'"
      return "      \(command.name))\n        _arguments \\\n"
        + (options + ["        '--help[what the command does]'", "        \(rest)"]).joined(separator: " \\\n")
        + "\n        ;;"
    }
    return """
      #compdef tinyrun
      # Completion of tinyrun for zsh, as `tinyrun completions zsh` prints it.
      _tinyrun() {
        local -a commands=(
      \(names.joined(separator: "\n"))
          'help:options and an example of a command'
        )
        if (( CURRENT == 2 )); then
          _describe command commands
          _files
          return
        fi
        local command=$words[2]
        shift words
        (( CURRENT-- ))
        case $command in
      \(cases.joined(separator: "\n"))
            help) _describe command commands ;;
        esac
      }
      if [[ $funcstack[1] == _tinyrun ]]; then
        _tinyrun "$@"
      else
        compdef _tinyrun tinyrun
      fi
      """
  }

  /// An option as `_arguments` takes it.
  private static func specification(_ option: OptionHelp) -> String {
    let head = "\(option.name)[\(escaped(option.meaning, beyond: "[]"))]"
    guard let value = option.value else { return "'\(head)'" }
    let action =
      switch option.values {
      case .words(let words): "(\(words.map { escaped($0, beyond: ":") }.joined(separator: " ")))"
      case .files: "_files"
      case .folders: "_files -/"
      case .anything: " "
      }
    return "'\(head):\(escaped(value, beyond: ":")):\(action)'"
  }

  /// Text inside single quotes, with a backslash before some characters.
  private static func escaped(_ text: String, beyond special: String) -> String {
    var result = ""
    for character in text {
      if character == "'" {
        result += "'\\''"
      } else {
        if special.contains(character) || character == "\\" { result.append("\\") }
        result.append(character)
      }
    }
    return result
  }
}
