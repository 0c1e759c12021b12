/// Which device runs which operator of a graph: an accelerator takes what it claims, the CPU all the rest.
struct Partition: Sendable, Hashable {
  /// Who runs an operator.
  enum Owner: Sendable, Hashable {
    case cpu
    case accelerator
  }

  /// Neighbouring operators of one owner.
  struct Segment: Sendable, Hashable {
    var owner: Owner
    var operators: Range<Int>
  }

  private(set) var segments: [Segment] = []

  /// - Parameters:
  ///   - codes: the operators' codes in the order of execution.
  ///   - claims: whether the accelerator runs an operator of that code.
  init(_ codes: [ModelFile.OperatorCode], claims: (ModelFile.OperatorCode) -> Bool) {
    for (index, code) in codes.enumerated() {
      let owner = claims(code) ? Owner.accelerator : .cpu
      if let last = segments.last, last.owner == owner {
        segments[segments.count - 1].operators = last.operators.lowerBound..<(index + 1)
      } else {
        segments.append(Segment(owner: owner, operators: index..<(index + 1)))
      }
    }
  }
}
