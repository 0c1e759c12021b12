import KernelInterface

/// A layer's work, in parts of rows or of blocks of channels.
struct MatrixWork: BitwiseCopyable {
  private let set: InstructionSet
  private let task: MatrixTask
  private let terms: Terms
  private let parts: Int
  private let dividesRows: Bool

  /// How the terms of rows are made, where the filter has a zero point.
  enum Terms: BitwiseCopyable {
    case none
    case sums(WindowSumTask)
    /// As the sums of one channel.
    case panel(MatrixTask)
  }

  init(set: InstructionSet, task: MatrixTask, terms: Terms, workers: Workers) {
    self.set = set
    self.task = task
    self.terms = terms
    let rows = task.endRow - task.firstRow
    let blocks = task.endBlock - task.firstBlock
    // A panel has a byte for every product of a row and channel, and some more; about 200 are done a nanosecond.
    let time = Double(rows) * Double(blocks) * Double(task.layer.panelStride) / 200
    // Rows are divided where every part has several tiles of them; else channels.
    let tiles = rows / set.tileRows
    dividesRows = tiles >= 2 * workers.parts(nanoseconds: time, units: .max) || tiles >= blocks
    parts = workers.parts(nanoseconds: time, units: dividesRows ? tiles : blocks)
  }

  func run(_ workers: Workers) {
    if parts == 1 || !dividesRows { makeTerms(task.firstRow..<task.endRow) }
    if parts == 1 { return set.matrix(task) }
    // Sound: the copy outlives the call, which returns when all parts are done.
    unsafe withUnsafePointer(to: self) { work in
      unsafe workers.run(parts: parts, UnsafeRawPointer(work)) { work, part in
        unsafe work.assumingMemoryBound(to: MatrixWork.self).pointee.run(part: part)
      }
    }
  }

  private func run(part: Range<Int>) {
    var task = self.task
    if dividesRows {
      let rows = share(of: task.endRow, step: set.tileRows, part: part, of: parts)
      task.firstRow = rows.lowerBound
      task.endRow = rows.upperBound
      makeTerms(rows)
    } else {
      let blocks = share(of: task.endBlock, step: 1, part: part, of: parts)
      task.firstBlock = blocks.lowerBound
      task.endBlock = blocks.upperBound
    }
    set.matrix(task)
  }

  private func makeTerms(_ rows: Range<Int>) {
    switch terms {
    case .none: return
    case .sums(var task):
      task.firstRow = rows.lowerBound
      task.endRow = rows.upperBound
      set.windowSums(task)
    case .panel(var task):
      task.firstRow = rows.lowerBound
      task.endRow = rows.upperBound
      set.matrix(task)
    }
  }
}
