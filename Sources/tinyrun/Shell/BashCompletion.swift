/// The completion of tinyrun's commands, options and values for bash.
enum BashCompletion {
  /// A script that defines `_tinyrun` and has bash call it.
  static var script: String {
    let commands = Command.all.map(\.name).joined(separator: " ")
    let options = Command.all.map { command in
      let names = command.help.allOptions.map(\.name) + ["--help"]
      return "    \(command.name)) options='\(names.joined(separator: " "))' ;;"
    }
    return """
      # Completion of tinyrun for bash, as `tinyrun completions bash` prints it.
      _tinyrun() {
        local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} options=
        COMPREPLY=()
        if ((COMP_CWORD == 1)); then
          mapfile -t COMPREPLY < <(compgen -W '\(commands) help --help --version' -- "$word"; compgen -f -- "$word")
          return
        fi
        case $previous in
      \(valueCases.joined(separator: "\n"))
        esac
        case $command in
      \(options.joined(separator: "\n"))
          help) options='\(commands)' ;;
        esac
        if [[ $command == completions ]]; then options='bash zsh'; fi
        if [[ $word == -* || $command == help || $command == completions ]]; then
          mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
        else
          mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
      }
      complete -o filenames -F _tinyrun tinyrun
      """
  }

  /// For each kind of value, the options that take it. The same option means the same in all commands.
  private static var valueCases: [String] {
    var cases: [String] = []
    var seen: Set<String> = []
    for option in Command.all.flatMap(\.help.allOptions) where option.value != nil && seen.insert(option.name).inserted
    {
      let offer =
        switch option.values {
        case .words(let words):
          "mapfile -t COMPREPLY < <(compgen -W '\(words.joined(separator: " "))' -- \"$word\"); return"
        case .files: "mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return"
        case .folders: "mapfile -t COMPREPLY < <(compgen -d -- \"$word\"); return"
        case .anything: "return"
        }
      cases.append("    \(option.name)) \(offer) ;;")
    }
    return cases
  }
}
