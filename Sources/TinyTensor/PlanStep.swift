/// One operator's work in a run, and where all that it reads and writes lies.
///
/// An operator may have several steps. Views, and operators that were computed at load or whose work another one does,
/// have none.
public struct PlanStep: Sendable, Hashable {
  /// The operator's index in ``Model/operators``.
  public let operatorIndex: Int
  /// What it reads and writes, in the order in which its kernel has it.
  public let operands: [PlanOperand]
}

/// Where an operand of a step lies.
public struct PlanOperand: Sendable, Hashable {
  /// The kinds of memory that an operand may lie in.
  public enum Memory: String, Sendable, Hashable {
    /// The session's arena, for as long as the tensor is in use.
    case arena
    /// The session's arena, for the step alone.
    case scratch
    /// The session's arena, from run to run.
    case variable
    /// The model's file.
    case file
    /// A constant that was packed at load.
    case packed
  }

  /// What kind of memory it is.
  public let memory: Memory
  /// Bytes from the beginning of the arena or the file; the constant's number where it is packed.
  public let offset: Int
  /// Its size in bytes.
  public let byteCount: Int
  /// The tensor whose elements lie there, if they are a tensor's as they are.
  public let tensor: Int?
  /// Whether it is an output of the operator.
  public let isOutput: Bool
}

extension Model {
  /// The steps of a run, in their order. Those of graphs that operators call are not among them.
  ///
  /// - Complexity: O(operands of all operators); allocates.
  public var planSteps: [PlanStep] {
    var operands = OperandsOfOperator(self)
    return plan.steps.map { step in
      operands.move(to: step.operatorIndex)
      return PlanStep(operatorIndex: step.operatorIndex, operands: plan.operands[step.operands].map(operands.operand))
    }
  }
}

/// Finds the tensors behind the operands of an operator's steps, of which there may be as many as it has operands.
private struct OperandsOfOperator {
  private let model: Model
  private var operatorIndex: Int?
  private var outputs: Set<Int> = []
  private var inputs: Set<Int> = []
  private var firstOutput: Int?
  /// The first input at each place.
  private var inputAtPlace: [Plan.Location.Place: Int] = [:]

  private var plan: Plan { model.plan }

  init(_ model: Model) { self.model = model }

  mutating func move(to index: Int) {
    if index == operatorIndex { return }
    operatorIndex = index
    let info = model.operators[index]
    outputs = Set(info.outputs)
    firstOutput = info.outputs.first
    inputs = Set(info.inputs)
    inputAtPlace = [:]
    for input in info.inputs where input >= 0 {
      guard let place = plan.locations[input]?.place else { continue }
      if inputAtPlace[place] == nil { inputAtPlace[place] = input }
    }
  }

  func operand(_ source: OperandSource) -> PlanOperand {
    switch source {
    case .tensor(let root, let byteCount):
      let place = plan.locations[root]?.place
      var offset = 0
      if case .arena(let start)? = place { offset = start }
      // An operator may read a view of the root.
      let isOutput = outputs.contains(root)
      let read = inputs.contains(root) ? nil : place.flatMap { inputAtPlace[$0] }
      return PlanOperand(
        memory: .arena, offset: offset, byteCount: byteCount, tensor: isOutput ? root : read ?? root,
        isOutput: isOutput)
    case .part(let root, let start, let byteCount):
      var offset = start
      if case .arena(let first)? = plan.locations[root]?.place { offset += first }
      return PlanOperand(
        memory: .arena, offset: offset, byteCount: byteCount, tensor: firstOutput, isOutput: true)
    case .scratch(let number):
      let range = plan.scratch[number]
      return PlanOperand(
        memory: .scratch, offset: range.lowerBound, byteCount: range.count, tensor: nil, isOutput: false)
    case .variable(let number):
      let variable = plan.variables[number]
      return PlanOperand(
        memory: .variable, offset: variable.offset, byteCount: variable.byteCount,
        tensor: inputAtPlace[.variable(number)], isOutput: false)
    case .file(let offset, let byteCount):
      return PlanOperand(
        memory: .file, offset: offset, byteCount: byteCount, tensor: inputAtPlace[.file(offset: offset)],
        isOutput: false)
    case .block(let number):
      return PlanOperand(
        memory: .packed, offset: number, byteCount: plan.blocks[number].byteCount, tensor: inputAtPlace[.block(number)],
        isOutput: false)
    }
  }
}
