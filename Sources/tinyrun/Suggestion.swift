/// Which known word a mistyped one probably means.
enum Suggestion {
  /// The known word that is nearest to a mistyped one, if it is at most two edits away and something of it is left.
  ///
  /// - Complexity: the product of both lengths for each known word; no work for words of more than 32 characters.
  static func closest(to word: String, among known: [String]) -> String? {
    // Nothing that is known is as long, and words come from anywhere.
    guard word.utf8.count <= 32 else { return nil }
    let ranked = known.map { (word: $0, distance: editDistance(word, $0)) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    let letters = best.word.count { $0 != "-" }
    return best.distance <= 2 && best.distance < letters ? best.word : nil
  }

  /// How many characters have to be put in, left out or replaced, or neighbours swapped, to make one word of another.
  static func editDistance(_ one: String, _ other: String) -> Int {
    let one = Array(one)
    let other = Array(other)
    var beforeLast = [Int](repeating: 0, count: other.count + 1)
    var last = Array(0...other.count)
    for i in 0..<one.count {
      var row = [i + 1]
      for j in 0..<other.count {
        var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (one[i] == other[j] ? 0 : 1))
        if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[other.count]
  }
}
