/// What a load may still take of the machine. One budget goes through all graphs of a model.
///
/// A unit of work is a byte that is looked at, a product that is added, or another elementary step: about a
/// nanosecond. Work and memory grow with the file, since what an honest file asks for does: a budget is spent by files
/// that name one part many times, or that compute large constants from small ones.
struct LoadBudget {
  /// Elementary steps in all.
  private var work: Int
  /// Bytes of constants that are packed or computed.
  private var memory: Int
  /// Steps of operators that are computed at load.
  private var foldingWork: Int
  /// Bytes that these write.
  private var foldingMemory: Int
  /// Steps in a run of operators that could be computed at load but for their size.
  private var constantWork: Int
  /// Bytes that these write.
  private var constantMemory: Int
  /// Operators and tensors of all graphs.
  private var operators: Int
  private var tensors: Int

  /// A full budget.
  ///
  /// - Parameters:
  ///   - limits: what the caller allows.
  ///   - fileSize: the file's size in bytes.
  init(_ limits: ModelOptions.Limits, fileSize: Int) {
    work = Self.sum(limits.loadWork, 64, fileSize)
    memory = Self.sum(limits.loadBytes, 32, fileSize)
    foldingWork = Self.sum(limits.loadWork / 4, 16, fileSize)
    // 2-bit weights become numbers of 32 bits.
    foldingMemory = Self.sum(limits.loadBytes / 2, 16, fileSize)
    constantWork = Self.sum(limits.loadWork, 16, fileSize)
    constantMemory = Self.sum(limits.loadBytes, 16, fileSize)
    operators = limits.operators
    tensors = limits.tensors
  }

  /// `base + factor * size`, or the largest `Int` where that is too small.
  private static func sum(_ base: Int, _ factor: Int, _ size: Int) -> Int {
    let (product, overflow) = size.multipliedReportingOverflow(by: factor)
    if overflow { return Int.max }
    let (sum, sumOverflow) = product.addingReportingOverflow(base)
    return sumOverflow ? Int.max : sum
  }

  /// Takes from an account; `false` if it does not hold that much.
  private static func take(_ amount: Int, from account: inout Int) -> Bool {
    guard amount <= account else { return false }
    account -= amount
    return true
  }

  /// Pays for elementary steps of the load; `false` if that is too many.
  mutating func spend(work steps: Int) -> Bool { Self.take(steps, from: &work) }

  /// Pays for bytes of packed or computed constants; `false` if that is too many.
  mutating func spend(bytes: Int) -> Bool { Self.take(bytes, from: &memory) }

  /// Pays for an operator that is computed at load; `false`, and nothing is paid, if it must be left to the run.
  mutating func spendFolding(work steps: Int, bytes: Int) -> Bool {
    guard steps <= foldingWork, bytes <= foldingMemory, steps <= work, bytes <= memory else { return false }
    foldingWork -= steps
    foldingMemory -= bytes
    work -= steps
    memory -= bytes
    return true
  }

  /// Pays for an operator that depends on constants alone and is left to the run; `false` if that is too much.
  mutating func spendConstant(work steps: Int, bytes: Int) -> Bool {
    Self.take(steps, from: &constantWork) && Self.take(bytes, from: &constantMemory)
  }

  /// Pays for the operators and tensors of a graph that is about to be built; `false` if that is too many.
  mutating func spendGraph(operators: Int, tensors: Int) -> Bool {
    Self.take(operators, from: &self.operators) && Self.take(tensors, from: &self.tensors)
  }
}

/// What a run of a graph takes, about.
struct WorkEstimate: BitwiseCopyable, Sendable {
  /// Multiplications that are added to a sum.
  var multiplyAccumulates = 0
  /// Elementary steps: those products, bytes of operands, and what operators say beside.
  var steps = 0
  /// Whether it may be many times as much, as data that arrive in a run say.
  var isOpenEnded = false

  /// What both take, one after the other; the largest `Int` where that is too small.
  mutating func add(_ other: WorkEstimate) {
    multiplyAccumulates = Self.sum(multiplyAccumulates, other.multiplyAccumulates)
    steps = Self.sum(steps, other.steps)
    isOpenEnded = isOpenEnded || other.isOpenEnded
  }

  /// What the larger of both takes.
  mutating func add(alternative other: WorkEstimate) {
    multiplyAccumulates = max(multiplyAccumulates, other.multiplyAccumulates)
    steps = max(steps, other.steps)
    isOpenEnded = isOpenEnded || other.isOpenEnded
  }

  private static func sum(_ lhs: Int, _ rhs: Int) -> Int {
    let (sum, overflow) = lhs.addingReportingOverflow(rhs)
    return overflow ? Int.max : sum
  }
}

extension GraphBuilder {
  /// Pays for elementary steps of the load, before they are done.
  func spend(work steps: Int) throws(ModelError) {
    guard context.budget.spend(work: steps) else {
      throw error(
        .tooLarge,
        "loading the model would take more work than a file of this size may ask for; raise Limits.loadWork if the "
          + "file is to be trusted")
    }
  }

  /// Pays for bytes of a constant that is packed or computed, before they are allocated.
  func spend(bytes: Int) throws(ModelError) {
    guard context.budget.spend(bytes: bytes) else {
      throw error(
        .tooLarge,
        "the constants that are packed or computed for the model would need more memory than a file of this size may "
          + "ask for; raise Limits.loadBytes if the file is to be trusted")
    }
  }

  /// Steps of an operator's run, about, and bytes that it writes or needs meanwhile.
  func cost(of operation: Operation) -> (work: Int, bytes: Int) {
    let facts = operation.facts
    // Sums of sizes that are below 2^48 each, of operands that the file lists.
    var work = 0
    var bytes = 0
    for operand in operands[stepOperands] {
      switch operand {
      case .tensor(let tensor, let byteCount):
        work += byteCount
        if isWritten(tensor) { bytes += byteCount }
      case .part(_, _, let byteCount), .file(_, let byteCount): work += byteCount
      case .block(let number): work += blocks[number].byteCount
      case .scratch(let number):
        work += scratchByteCounts[number]
        bytes += scratchByteCounts[number]
      case .variable: break
      }
    }
    var estimate = WorkEstimate(steps: work)
    estimate.add(WorkEstimate(steps: facts.multiplyAccumulates))
    estimate.add(WorkEstimate(steps: facts.furtherSteps))
    return (estimate.steps, bytes)
  }
}
