import Foundation
import Testing

@Suite("what shells and man are given")
struct ShellTests {
  /// All commands, as help lists them.
  private func commands() async throws -> [String] {
    let overview = try await Tool.run("--help").output
    let list = try #require(overview.split(separator: "commands:\n").last?.split(separator: "\n\n").first)
    return list.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
  }

  /// The options in a command's help.
  private func options(_ command: String) async throws -> Set<String> {
    let help = try await Tool.run("help", command).output
    return Set(
      help.split(separator: "\n").filter { $0.hasPrefix("  --") }
        .compactMap { $0.split(separator: " ").first.map(String.init) })
  }

  @Test("every option that a command understands is in its help, and no other")
  func helpIsComplete() async throws {
    let commands = try await commands()
    #expect(commands.count > 15)
    for command in commands {
      // An option like none of the command's has the message list them all.
      let message = try await Tool.run([command, "--no-command-has-such-an-option"]).error
      let known = message.matches(of: /--[a-z][a-z-]*/).map { String($0.output) }
      let documented = try await options(command)
      #expect(Set(known.dropFirst()) == documented, "\(command)")
    }
  }

  @Test("a mistyped option gets a suggestion")
  func suggestion() async throws {
    let result = try await Tool.run("run", Fixtures.model, "--kernel", "portable")
    #expect(result.status == 2)
    #expect(result.error.contains("--kernel is not an option here; did you mean --kernels?"))
    #expect(try await Tool.run("inspect", Fixtures.model, "--jsno").error.contains("did you mean --json?"))
    #expect(try await !Tool.run("inspect", Fixtures.model, "--x").error.contains("did you mean"))
  }

  @Test(
    "bash is offered commands, options and values",
    .enabled(if: Program.find("bash") != nil, "there is no bash"),
    arguments: [
      (["kern"], ["kernels"]), (["run", "--iso"], ["--isolate"]),
      (["bench", "m.tflite", "--kernels", "avx5"], ["avx512vnni"]),
      (["help", "insp"], ["inspect"]), (["completions", "z"], ["zsh"]),
      (["profile", "--by", ""], ["op", "type", "kernel"]),
      (["bench", "--runs", ""], []),
    ])
  func bash(_ words: [String], _ offered: [String]) async throws {
    let folder = try Folder()
    let script = try folder.file("script", Array(try await Tool.run("completions", "bash").output.utf8))
    let quoted = (["tinyrun"] + words).map { "'\($0)'" }.joined(separator: " ")
    let result = try await Program.run(
      "bash",
      [
        "-c",
        "set -u; source '\(script)'; COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count); _tinyrun; "
          + "complete -p tinyrun >&2; for word in ${COMPREPLY[@]+\"${COMPREPLY[@]}\"}; do echo \"$word\"; done",
      ])
    #expect(result.status == 0 && result.error.contains("-F _tinyrun tinyrun"), "\(result.error)")
    #expect(result.output.split(separator: "\n").map(String.init) == offered)
  }

  @Test("zsh is offered commands, options and values", .enabled(if: Program.find("zsh") != nil, "there is no zsh"))
  func zsh() async throws {
    let folder = try Folder()
    let script = try folder.file("script", Array(try await Tool.run("completions", "zsh").output.utf8))
    let check = try await Program.run("zsh", ["-n", script])
    #expect(check.status == 0, "\(check.error)")
    // In place of zsh's own functions, ones that print what they are given.
    let functions = """
      compdef() { : }; _files() { : }
      _describe() { print -rl -- $commands }
      _arguments() { print -rl -- "$@" }
      source '\(script)'
      """
    let commands = try await Program.run("zsh", ["-f", "-c", "\(functions); words=(tinyrun ''); CURRENT=2; _tinyrun"])
    #expect(
      commands.output.contains("\nprofile:measure how long each operator of a model takes\n"), "\(commands.error)")
    let options = try await Program.run(
      "zsh", ["-f", "-c", "\(functions); words=(tinyrun profile ''); CURRENT=3; _tinyrun"])
    let names = options.output.split(separator: "\n").filter { $0.hasPrefix("--") }
      .compactMap { $0.split(separator: "[").first.map(String.init) }
    let documented = try await self.options("profile")
    #expect(Set(names) == documented.union(["--help"]))
    #expect(options.output.contains("(reference portable avx2 avxvnni avx512vnni)"))
  }

  @Test("the manual page has every command and option, and man's formatter finds no fault")
  func manual() async throws {
    let page = try await Tool.run("manual").output
    let plain = page.replacing("\\-", with: "-")
    for command in try await commands() {
      #expect(plain.contains("\n.SS \(command)\n"))
      for option in try await options(command) { #expect(plain.contains("\n\\fB\(option)\\fR"), "\(option)") }
    }
    guard Program.find("groff") != nil else { return }
    let folder = try Folder()
    let file = try folder.file("tinyrun.1", Array(page.utf8))
    let result = try await Program.run("groff", ["-man", "-Tascii", "-ww", "-z", file])
    #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
  }
}
