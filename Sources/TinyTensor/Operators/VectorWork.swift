import KernelInterface

/// What a kernel of pixels or elements does, in parts of rows or of elements.
struct VectorWork: BitwiseCopyable {
  private let set: InstructionSet
  private let task: Task
  private let parts: Int

  enum Task: BitwiseCopyable {
    case pool(PoolTask)
    case interpolation(InterpolationTask)
    case extremum(ExtremumTask)
    case pairs(PairTask)
    case lookUp(LookUpTask)
    case quantize(QuantizeTask)
    case dequantize(DequantizeTask)
    case realPairs(RealPairTask)
    case realFunction(RealFunctionTask)
    case realPool(RealPoolTask)
    case realReduction(RealReductionTask)
    case dynamicQuantize(DynamicQuantizeTask)
    case scaling(RealScalingTask)
  }

  /// Parts begin at whole cache lines.
  fileprivate static let step = 64

  private init(_ set: InstructionSet, _ task: Task, _ workers: Workers) {
    self.set = set
    self.task = task
    let extent = task.extent
    parts = workers.parts(nanoseconds: extent.nanoseconds, units: extent.units)
  }

  /// Does a task's work, divided among threads where it is large.
  static func run(_ set: InstructionSet, _ task: Task, _ workers: Workers) {
    let work = VectorWork(set, task, workers)
    if work.parts == 1 { return task.run(set) }
    // Sound: the copy outlives the call, which returns when all parts are done.
    unsafe withUnsafePointer(to: work) { pointer in
      unsafe workers.run(parts: work.parts, UnsafeRawPointer(pointer)) { work, part in
        unsafe work.assumingMemoryBound(to: VectorWork.self).pointee.run(part: part)
      }
    }
  }

  private func run(part: Range<Int>) { task.part(part, of: parts, step: Self.step).run(set) }
}

extension VectorWork.Task {
  @inline(__always)
  fileprivate func run(_ set: InstructionSet) {
    switch self {
    case .pool(let task): set.pool(task)
    case .interpolation(let task): set.interpolate(task)
    case .extremum(let task): set.extremum(task)
    case .pairs(let task): set.pairs(task)
    case .lookUp(let task): set.lookUp(task)
    case .quantize(let task): set.quantize(task)
    case .dequantize(let task): set.dequantize(task)
    case .realPairs(let task): set.realPairs(task)
    case .realFunction(let task): set.realFunction(task)
    case .realPool(let task): set.realPool(task)
    case .realReduction(let task): set.realReduction(task)
    case .dynamicQuantize(let task): set.quantize(task)
    case .scaling(let task): set.scaleSums(task)
    }
  }

  /// About how long the work takes, and into how many parts it can be divided.
  fileprivate var extent: (nanoseconds: Double, units: Int) {
    switch self {
    case .pool(let task):
      let rows = task.endRow - task.firstRow
      let layer = task.layer
      let outputs = Double(rows) * Double(layer.outputWidth * layer.channels)
      return (outputs * Double(layer.kernelHeight) * Double(layer.kernelWidth) / 40, rows)
    case .interpolation(let task):
      let rows = task.endRow - task.firstRow
      return (Double(rows * task.outputWidth * task.channels) / 2, rows)
    case .extremum(let task):
      let rows = task.endRow - task.firstRow
      return (Double(rows * task.size * task.inner) / 8, rows)
    case .pairs(let task): return (Double(task.rows * task.count) / 6, task.rows == 1 ? task.count : task.rows)
    case .lookUp(let task): return (Double(task.count) / 8, task.count)
    case .quantize(let task): return (Double(task.count) / 8, task.count)
    case .dequantize(let task): return (Double(task.count) / 8, task.count)
    case .realPairs(let task): return (Double(task.rows * task.count) / 8, task.rows == 1 ? task.count : task.rows)
    case .realFunction(let task): return (Double(task.count) / 8, task.count)
    case .realPool(let task):
      let rows = task.endRow - task.firstRow
      let outputs = Double(rows) * Double(task.sizes.outputWidth * task.sizes.channels)
      return (outputs * Double(task.sizes.kernelHeight) * Double(task.sizes.kernelWidth) / 16, rows)
    case .realReduction(let task):
      let rows = task.endOuter - task.firstOuter
      let columns = (task.inner + VectorWork.step - 1) / VectorWork.step
      return (Double(rows * task.reduced * task.inner) / 16, rows == 1 ? columns : rows)
    case .dynamicQuantize(let task): return (Double(task.count) / 8, task.count)
    case .scaling(let task): return (Double(task.rows * task.channels) / 8, task.rows)
    }
  }

  /// One of several parts. Tasks begin with their first row.
  fileprivate func part(_ part: Range<Int>, of parts: Int, step: Int) -> VectorWork.Task {
    switch self {
    case .pool(var task):
      let rows = share(of: task.endRow, step: 1, part: part, of: parts)
      (task.firstRow, task.endRow) = (rows.lowerBound, rows.upperBound)
      return .pool(task)
    case .interpolation(var task):
      let rows = share(of: task.endRow, step: 1, part: part, of: parts)
      (task.firstRow, task.endRow) = (rows.lowerBound, rows.upperBound)
      return .interpolation(task)
    case .extremum(var task):
      let rows = share(of: task.endRow, step: 1, part: part, of: parts)
      (task.firstRow, task.endRow) = (rows.lowerBound, rows.upperBound)
      return .extremum(task)
    case .pairs(var task):
      if task.rows == 1 {
        let elements = share(of: task.count, step: step, part: part, of: parts)
        unsafe task.lhs += task.repeatsLhs ? 0 : elements.lowerBound
        unsafe task.rhs += task.repeatsRhs ? 0 : elements.lowerBound
        unsafe task.output += elements.lowerBound
        task.count = elements.count
      } else {
        let rows = share(of: task.rows, step: 1, part: part, of: parts)
        unsafe task.lhs += rows.lowerBound * task.lhsStep
        unsafe task.rhs += rows.lowerBound * task.rhsStep
        unsafe task.output += rows.lowerBound * task.count
        task.rows = rows.count
      }
      return .pairs(task)
    case .lookUp(var task):
      let elements = share(of: task.count, step: step, part: part, of: parts)
      unsafe task.input += elements.lowerBound
      unsafe task.output += elements.lowerBound
      task.count = elements.count
      return .lookUp(task)
    case .quantize(var task):
      let elements = share(of: task.count, step: step, part: part, of: parts)
      unsafe task.input += elements.lowerBound
      unsafe task.output += elements.lowerBound
      task.count = elements.count
      return .quantize(task)
    case .dequantize(var task):
      let elements = share(of: task.count, step: step, part: part, of: parts)
      unsafe task.input += elements.lowerBound
      unsafe task.output += elements.lowerBound
      task.count = elements.count
      return .dequantize(task)
    case .realPairs(var task):
      if task.rows == 1 {
        let elements = share(of: task.count, step: step, part: part, of: parts)
        unsafe task.lhs += task.repeatsLhs ? 0 : elements.lowerBound
        unsafe task.rhs += task.repeatsRhs ? 0 : elements.lowerBound
        unsafe task.output += elements.lowerBound
        task.count = elements.count
      } else {
        let rows = share(of: task.rows, step: 1, part: part, of: parts)
        unsafe task.lhs += rows.lowerBound * task.lhsStep
        unsafe task.rhs += rows.lowerBound * task.rhsStep
        unsafe task.output += rows.lowerBound * task.count
        task.rows = rows.count
      }
      return .realPairs(task)
    case .realFunction(var task):
      let elements = share(of: task.count, step: step, part: part, of: parts)
      unsafe task.input += elements.lowerBound
      unsafe task.output += elements.lowerBound
      task.count = elements.count
      return .realFunction(task)
    case .realPool(var task):
      let rows = share(of: task.endRow, step: 1, part: part, of: parts)
      (task.firstRow, task.endRow) = (rows.lowerBound, rows.upperBound)
      return .realPool(task)
    case .realReduction(var task):
      if task.endOuter == 1 {
        let columns = share(of: task.endColumn, step: step, part: part, of: parts)
        (task.firstColumn, task.endColumn) = (columns.lowerBound, columns.upperBound)
      } else {
        let rows = share(of: task.endOuter, step: 1, part: part, of: parts)
        (task.firstOuter, task.endOuter) = (rows.lowerBound, rows.upperBound)
      }
      return .realReduction(task)
    case .dynamicQuantize(var task):
      let elements = share(of: task.count, step: step, part: part, of: parts)
      unsafe task.input += elements.lowerBound
      unsafe task.output += elements.lowerBound
      task.count = elements.count
      return .dynamicQuantize(task)
    case .scaling(var task):
      let rows = share(of: task.rows, step: 1, part: part, of: parts)
      unsafe task.sums += rows.lowerBound * task.channels * MemoryLayout<Float>.stride
      task.rows = rows.count
      return .scaling(task)
    }
  }
}
