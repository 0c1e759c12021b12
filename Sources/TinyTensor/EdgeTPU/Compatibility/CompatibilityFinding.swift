/// Why an operator would not be mapped, and what to do about it.
struct CompatibilityFinding: Sendable, Hashable {
  let status: EdgeTPUCompatibility.Status
  let reason: String
  let advice: String

  init(_ status: EdgeTPUCompatibility.Status, _ reason: String, _ advice: String) {
    self.status = status
    self.reason = reason
    self.advice = advice
  }

  /// A limit that the compiler has without a name for it.
  static func limit(_ reason: String, _ advice: String) -> CompatibilityFinding {
    CompatibilityFinding(.unspecifiedLimitation, reason, advice)
  }
}
