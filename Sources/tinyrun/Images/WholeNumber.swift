extension Int {
  /// The whole part of a model's real number: the nearest `Int` of one beyond them, and `nil` of what is not a number.
  init?(wholePartOf real: Float) {
    guard !real.isNaN else { return nil }
    // 2^62 is a Float, and far beyond every class and count.
    self = Int(Swift.min(Swift.max(real, -0x1p62), 0x1p62))
  }
}
