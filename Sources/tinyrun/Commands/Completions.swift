/// `tinyrun completions`: what shells need to complete its commands.
enum Completions {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(words)
    guard arguments.positional.count == 1 else { throw Failure(.usage, "completions needs a shell: bash or zsh") }
    switch arguments.positional[0] {
    case "bash": try Terminal.print(BashCompletion.script)
    case "zsh": try Terminal.print(ZshCompletion.script)
    default: throw Failure(.usage, "there are completions for bash and zsh, not for \(arguments.positional[0])")
    }
  }
}
