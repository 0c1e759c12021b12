/// `tinyrun manual`: the page for man.
enum Manual {
  static func run(_ words: [String]) throws {
    guard try Arguments(words).positional.isEmpty else { throw Failure(.usage, "manual takes no files") }
    try Terminal.print(ManualPage.text)
  }
}
