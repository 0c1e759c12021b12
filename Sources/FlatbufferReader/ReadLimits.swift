/// How much a reader may do for one set of bytes, whatever the bytes ask for.
public struct ReadLimits: Sendable, Hashable {
  /// How many tables, or FlexBuffers vectors and maps, may stand inside each other, counting the root as 1.
  public var maximumDepth: Int
  /// How many tables and vector elements may be visited in all. Tables may share parts, so that a small file can
  /// describe an exponential number of visits; this bounds them.
  public var maximumWork: Int

  /// Limits of the caller's choice.
  ///
  /// - Parameters:
  ///   - maximumDepth: how many tables may stand inside each other.
  ///   - maximumWork: how many tables and vector elements may be visited in all.
  public init(maximumDepth: Int = 64, maximumWork: Int) {
    self.maximumDepth = maximumDepth
    self.maximumWork = maximumWork
  }

  /// Limits that every honestly written file of this size stays under: an element takes at least one byte, so a file
  /// without shared parts cannot hold more elements than bytes.
  ///
  /// - Parameter byteCount: the size of the file in bytes.
  public init(forByteCount byteCount: Int) {
    self.init(maximumWork: byteCount > Int.max / 4 ? Int.max : max(4 * byteCount, 4096))
  }
}

/// What is left of the work that ``ReadLimits`` allows. One budget goes through all reads of one set of bytes.
public struct ReadBudget: Sendable {
  /// How many tables and vector elements may still be visited.
  public private(set) var remainingWork: Int

  let maximumDepth: Int

  /// A full budget.
  ///
  /// - Parameter limits: the limits that it keeps.
  public init(_ limits: ReadLimits) {
    remainingWork = limits.maximumWork
    maximumDepth = limits.maximumDepth
  }

  /// Takes `work` out of the budget, for what a program does with parts that it has read.
  ///
  /// - Parameters:
  ///   - work: how much; 0 or more.
  ///   - position: the place in the data, for the error.
  /// - Throws: ``ReadError`` when the budget does not suffice.
  public mutating func spend(_ work: Int, at position: Int) throws(ReadError) {
    guard work <= remainingWork else {
      throw ReadError(
        .tooMuchWork, at: position, "the data refers to more parts than its size allows; parts are shared too often")
    }
    remainingWork -= work
  }

  func checkDepth(_ depth: Int, at position: Int) throws(ReadError) {
    guard depth <= maximumDepth else {
      throw ReadError(.tooDeep, at: position, "parts are nested deeper than \(maximumDepth)")
    }
  }
}
