// What tests ask of a session whose plan has `PlanPasses.guards`, and shares no memory.

extension Session {
  /// Fills the arena, but for inputs and variables, which begin anew: what a run does not write is then found out.
  ///
  /// - Parameter byte: what it is filled with.
  mutating func poison(_ byte: UInt8) {
    fill([InitialValue(offset: 0, byteCount: model.plan.arenaByteCount, byte: byte)])
    reset()
  }

  /// The first byte of the arena outside of everything that lies in it which is not `byte` any more; `nil` if all are.
  ///
  /// - Parameter byte: what ``poison(_:)`` filled the arena with.
  func firstDamage(_ byte: UInt8) -> Int? {
    var isUsed = [Bool](repeating: false, count: model.plan.arenaByteCount)
    for range in usedRanges {
      for index in range { isUsed[index] = true }
    }
    return isUsed.indices.first { !isUsed[$0] && arenaByte($0) != byte }
  }
}
