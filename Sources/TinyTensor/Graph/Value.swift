/// A tensor of the graph and what it holds.
struct Value: Sendable {
  /// Where a tensor's elements come from.
  enum Source: Sendable, Hashable {
    /// Nothing has written it yet.
    case unset
    /// The caller sets it.
    case input
    /// It is known at load.
    case constant(ConstantPlace)
    /// It is kept from run to run, in the variable of that number.
    case variable(Int)
    /// It is a handle of the variable of that number; it has no bytes.
    case resource(Int)
    /// An operator writes it.
    case written
    /// It is another tensor's memory, which is no view itself.
    case view(root: Int)
  }

  /// `nil` before it is known, or where the file's shape is impossible.
  var shape: Shape?
  var source: Source
}

/// Where constant data lies.
enum ConstantPlace: Sendable, Hashable {
  /// In the file.
  case file(Range<Int>)
  /// In a packed constant: copied for its alignment, or computed at load.
  case block(Int)
}

/// Where an operand of a step lies.
enum OperandSource: Sendable, Hashable {
  /// In a tensor's memory; `tensor` is no view.
  case tensor(Int, byteCount: Int)
  /// In a part of the memory of a tensor that is no view, from `offset` on; an output of the operator that becomes an
  /// input of a concatenation there. Rows of it may lie apart.
  case part(of: Int, offset: Int, byteCount: Int)
  /// In the file.
  case file(offset: Int, byteCount: Int)
  /// In a packed constant.
  case block(Int)
  /// In scratch memory, whose content lasts for the step.
  case scratch(Int)
  /// In a variable.
  case variable(Int)
}

/// A tensor that the caller of a graph sets.
struct GraphInput {
  let tensor: Int
  /// Its shape, where that differs from the file's.
  var shape: [Int]?
  /// The variable that it is a handle of, if it is one.
  var resource: Int?
}

/// One operator's work in a run.
struct Step: Sendable {
  let operation: Operation
  /// The operator's index in the subgraph.
  let operatorIndex: Int
  /// Its operands, in the plan's list.
  let operands: Range<Int>
  /// Whether a later operator does its work: it is no step of the plan.
  var isAbsorbed = false
}
