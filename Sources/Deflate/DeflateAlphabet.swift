/// The alphabets of RFC 1951: what the codes of lengths and distances stand for.
enum DeflateAlphabet {
  /// Lengths of matches by their code minus 257: the shortest, and how many bits follow.
  static let lengths: [(base: Int, extra: Int)] = {
    var table: [(base: Int, extra: Int)] = []
    var base = 3
    for code in 0..<28 {
      let extra = code < 8 ? 0 : code / 4 - 1
      table.append((base, extra))
      base += 1 << extra
    }
    // The longest match has a code of its own.
    table.append((258, 0))
    return table
  }()

  /// Distances by their code: the shortest, and how many bits follow.
  static let distances: [(base: Int, extra: Int)] = {
    var table: [(base: Int, extra: Int)] = []
    var base = 1
    for code in 0..<30 {
      let extra = code < 4 ? 0 : code / 2 - 1
      table.append((base, extra))
      base += 1 << extra
    }
    return table
  }()

  /// The order in which the lengths of the code for code lengths are written.
  static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  static let endOfBlock = 256
}
