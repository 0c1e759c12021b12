/// Two operands that are broadcast to one output: its sizes with neighbouring axes joined where that is possible, and
/// how far each operand moves along an axis, in elements (0 where it is repeated).
package struct Broadcast: BitwiseCopyable, Sendable, Hashable {
  /// Axes in use, at least 1; the last one is the innermost.
  package var rank: Int
  package var sizes: SIMD8<Int32>
  package var lhsStrides: SIMD8<Int32>
  package var rhsStrides: SIMD8<Int32>

  package init(rank: Int, sizes: SIMD8<Int32>, lhsStrides: SIMD8<Int32>, rhsStrides: SIMD8<Int32>) {
    self.rank = rank
    self.sizes = sizes
    self.lhsStrides = lhsStrides
    self.rhsStrides = rhsStrides
  }

  /// Elements of the output, whose size was checked at load.
  package var count: Int {
    var count = 1
    for axis in 0..<rank { count *= Int(sizes[axis]) }
    return count
  }

  /// Calls `body` for every output element in order, with its index and those of its operands.
  @inline(__always)
  func forEach(_ body: (_ output: Int, _ lhs: Int, _ rhs: Int) -> Void) {
    let length = Int(sizes[rank - 1])
    let lhsStep = Int(lhsStrides[rank - 1])
    let rhsStep = Int(rhsStrides[rank - 1])
    forEachRow { output, lhs, rhs in
      for index in 0..<length { body(output + index, lhs + index * lhsStep, rhs + index * rhsStep) }
    }
  }

  /// Calls `body` for every run of outputs along the innermost axis, with the index of its first one and those of its
  /// operands.
  @inline(__always)
  package func forEachRow(_ body: (_ output: Int, _ lhs: Int, _ rhs: Int) -> Void) {
    let inner = rank - 1
    let length = Int(sizes[inner])
    var outer = 1
    for axis in 0..<inner { outer *= Int(sizes[axis]) }
    var position = SIMD8<Int32>(repeating: 0)
    var lhsStart = 0
    var rhsStart = 0
    for block in 0..<outer {
      body(block * length, lhsStart, rhsStart)
      var axis = inner - 1
      while axis >= 0 {
        lhsStart += Int(lhsStrides[axis])
        rhsStart += Int(rhsStrides[axis])
        position[axis] += 1
        if position[axis] < sizes[axis] { break }
        lhsStart -= Int(lhsStrides[axis]) * Int(sizes[axis])
        rhsStart -= Int(rhsStrides[axis]) * Int(sizes[axis])
        position[axis] = 0
        axis -= 1
      }
    }
  }
}
