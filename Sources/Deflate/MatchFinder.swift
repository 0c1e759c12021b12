/// Finds earlier places with the same bytes, along chains of places whose next four bytes have the same hash.
struct MatchFinder {
  static let window = 1 << 15
  private static let longestMatch = 258
  private static let shortestMatch = 4
  /// How many earlier places are tried.
  private static let longestChain = 16

  /// The latest place with a hash, and before each place the one with the same hash; -1 for none.
  private var heads = [Int](repeating: -1, count: 1 << 16)
  private var before = [Int](repeating: -1, count: MatchFinder.window)

  /// The next four bytes, which are there.
  @inline(__always)
  private static func word(_ bytes: Span<UInt8>, _ place: Int) -> UInt32 {
    precondition(place >= 0 && place <= bytes.count - 4)
    // Sound: four bytes follow.
    return unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: UInt32.self)
  }

  @inline(__always)
  private static func hash(_ word: UInt32) -> Int { Int((word &* 0x9E37_79B1) >> 16) }

  /// Enters a place, for later ones to find. Places must come in their order.
  @inline(__always)
  mutating func enter(_ bytes: Span<UInt8>, _ place: Int) {
    guard place <= bytes.count - Self.shortestMatch else { return }
    let key = Self.hash(Self.word(bytes, place))
    before[place & (Self.window - 1)] = heads[key]
    heads[key] = place
  }

  /// The longest match of a place that is not entered yet; zeros if there is none.
  @inline(__always)
  func match(_ bytes: Span<UInt8>, _ place: Int) -> (length: Int, distance: Int) {
    guard place <= bytes.count - Self.shortestMatch else { return (0, 0) }
    let most = min(Self.longestMatch, bytes.count - place)
    let word = Self.word(bytes, place)
    var best = Self.shortestMatch - 1
    var distance = 0
    var candidate = heads[Self.hash(word)]
    var tries = Self.longestChain
    while candidate >= 0, place &- candidate <= Self.window, tries > 0 {
      // A longer match has the same byte behind what is matched so far.
      if Self.word(bytes, candidate) == word, bytes[candidate &+ best] == bytes[place &+ best] {
        var length = 4
        while length < most, bytes[candidate &+ length] == bytes[place &+ length] { length &+= 1 }
        if length > best {
          best = length
          distance = place &- candidate
          if best == most { break }
        }
      }
      // Entries older than the window are overwritten by newer places, which do not come before the candidate.
      let next = before[candidate & (Self.window - 1)]
      candidate = next < candidate ? next : -1
      tries &-= 1
    }
    return distance > 0 ? (best, distance) : (0, 0)
  }
}
