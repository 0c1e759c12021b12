/// Philox4x32-10 (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", 2011): a key and a counter give four
/// 32-bit numbers; the next counter gives the next four.
package struct PhiloxGenerator: Sendable {
  private let key: (UInt32, UInt32)
  package private(set) var counter: SIMD4<UInt32>

  /// - Parameters:
  ///   - key: the key.
  ///   - counter: where in the key's sequence it stands, lowest word first.
  package init(key: UInt64, counter: SIMD4<UInt32>) {
    self.key = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key &>> 32))
    self.counter = counter
  }

  /// Moves on by `count` times four numbers; the high half of the counter takes part of the carry alone, as in the
  /// reference.
  package mutating func skip(_ count: UInt64) {
    let low = UInt32(truncatingIfNeeded: count)
    var high = UInt32(truncatingIfNeeded: count &>> 32)
    counter[0] = counter[0] &+ low
    if counter[0] < low { high = high &+ 1 }
    counter[1] = counter[1] &+ high
    if counter[1] < high {
      counter[2] = counter[2] &+ 1
      if counter[2] == 0 { counter[3] = counter[3] &+ 1 }
    }
  }

  /// The next four numbers.
  package mutating func next() -> SIMD4<UInt32> {
    var words = counter
    var (first, second) = key
    for _ in 0..<10 {
      let low = UInt64(words[0]) &* 0xD251_1F53
      let high = UInt64(words[2]) &* 0xCD9E_8D57
      words = SIMD4(
        UInt32(truncatingIfNeeded: high &>> 32) ^ words[1] ^ first, UInt32(truncatingIfNeeded: high),
        UInt32(truncatingIfNeeded: low &>> 32) ^ words[3] ^ second, UInt32(truncatingIfNeeded: low))
      // What the key is raised by: the golden ratio and the square root of 3.
      first = first &+ 0x9E37_79B9
      second = second &+ 0xBB67_AE85
    }
    for word in 0..<4 {
      counter[word] = counter[word] &+ 1
      if counter[word] != 0 { break }
    }
    return words
  }

  /// A number from 0 up to 1, of 23 random bits.
  private static func unit(_ word: UInt32) -> Float { Float(bitPattern: 0x3F80_0000 | word & 0x7F_FFFF) - 1 }

  /// Numbers from 0 up to 1, all equally likely.
  package mutating func fillUniform(_ output: inout MutableSpan<Float>) {
    var index = 0
    while index < output.count {
      let words = next()
      for word in 0..<min(4, output.count - index) { output[index + word] = Self.unit(words[word]) }
      index += 4
    }
  }

  /// Numbers with the mean 0 and the deviation 1, by the method of Box and Muller.
  package mutating func fillNormal(_ output: inout MutableSpan<Float>) {
    var index = 0
    while index < output.count {
      let words = next()
      for word in stride(from: 0, to: min(4, output.count - index), by: 2) {
        let angle = Double(Float(2 * Double.pi * Double(Self.unit(words[word + 1]))))
        // Not 0, whose logarithm is infinite.
        let radius = Float((-2 * logarithm(Double(max(Self.unit(words[word]), 1e-7)))).squareRoot())
        output[index + word] = Float(sine(angle)) * radius
        if index + word + 1 < output.count { output[index + word + 1] = Float(cosine(angle)) * radius }
      }
      index += 4
    }
  }

  /// Classes drawn by their logits: `output[batch, sample]` is a class of that batch.
  ///
  /// - Parameters:
  ///   - logits: `[batches, classes]`; those that are not finite are never drawn.
  ///   - sums: as many as there are classes, for own use.
  @specialized(where Index == Int32)
  @specialized(where Index == Int64)
  package mutating func fillClasses<Index: IndexElement>(
    batches: Int, classes: Int, samples: Int, logits: Span<Float>, sums: inout MutableSpan<Double>,
    output: inout MutableSpan<Index>
  ) {
    var words = SIMD4<UInt32>()
    var word = 4
    for batch in 0..<batches {
      var largest = -Float.greatestFiniteMagnitude
      for index in 0..<classes where logits[batch * classes + index].isFinite {
        largest = max(largest, logits[batch * classes + index])
      }
      var total = 0.0
      for index in 0..<classes {
        let logit = logits[batch * classes + index]
        if logit.isFinite { total += exponential(Double(logit) - Double(largest)) }
        sums[index] = total
      }
      for sample in 0..<samples {
        if word == 4 {
          words = next()
          word = 0
        }
        // 52 random bits.
        let bits = UInt64(words[word] & 0xF_FFFF) &<< 32 | UInt64(words[word + 1])
        word += 2
        let target = (Double(bitPattern: 0x3FF0_0000_0000_0000 | bits) - 1) * total
        var low = 0
        var high = classes
        while low < high {
          let middle = (low + high) / 2
          if target < sums[middle] { high = middle } else { low = middle + 1 }
        }
        output[batch * samples + sample] = Index(truncatingIfNeeded: low)
      }
    }
  }
}
