import KernelInterface
import KernelsPortable

/// What a kernel that moves bytes does, in parts.
struct MovementWork: BitwiseCopyable {
  private let task: Task
  private let parts: Int

  enum Task: BitwiseCopyable {
    case move(MovementTask)
    case pad(PaddingTask)
    case pixels(PixelTask)
    case pick(PickTask)
  }

  private init(_ task: Task, _ workers: Workers) {
    self.task = task
    let extent = task.extent
    parts = workers.parts(nanoseconds: extent.nanoseconds, units: extent.units)
  }

  /// Does a task's work, divided among threads where it is large.
  static func run(_ task: Task, _ workers: Workers) {
    let work = MovementWork(task, workers)
    if work.parts == 1 { return task.run() }
    // Sound: the copy outlives the call, which returns when all parts are done.
    unsafe withUnsafePointer(to: work) { pointer in
      unsafe workers.run(parts: work.parts, UnsafeRawPointer(pointer)) { work, part in
        unsafe work.assumingMemoryBound(to: MovementWork.self).pointee.run(part: part)
      }
    }
  }

  private func run(part: Range<Int>) { task.part(part, of: parts).run() }
}

extension MovementWork.Task {
  @inline(__always)
  fileprivate func run() {
    switch self {
    case .move(let task): PortableKernels.move(task)
    case .pad(let task): PortableKernels.pad(task)
    case .pixels(let task): PortableKernels.pixels(task)
    case .pick(let task): PortableKernels.pick(task)
    }
  }

  /// About how long the work takes, and into how many parts it can be divided: 20 bytes a nanosecond, and some time for
  /// every run of them.
  fileprivate var extent: (nanoseconds: Double, units: Int) {
    switch self {
    case .move(let task):
      let layout = task.layout
      let bytes = Double(layout.byteCount)
      // Squares of elements of any size take about the same time.
      let runs = bytes / Double(layout.isTransposed ? 16 : max(layout.runBytes, 1))
      return (bytes / 20 + runs * 1.5, task.endUnit)
    case .pad(let task):
      let bytes = Double(task.endRow) * Double(task.bytesBefore + task.rowBytes + task.bytesBehind)
      return (bytes / 20 + Double(task.endRow) * 8, task.endRow)
    case .pixels(let task):
      let pixels = Double(task.endRow) * Double(task.outputWidth)
      return (pixels * (Double(task.pixelBytes) / 20 + 0.5), task.endRow)
    case .pick(let task):
      return (Double(task.endSlice) * (Double(task.sliceBytes) / 20 + 1.5), task.endSlice)
    }
  }

  /// One of several parts. Tasks begin with their first unit.
  fileprivate func part(_ part: Range<Int>, of parts: Int) -> MovementWork.Task {
    switch self {
    case .move(var task):
      let units = share(of: task.endUnit, step: 1, part: part, of: parts)
      (task.firstUnit, task.endUnit) = (units.lowerBound, units.upperBound)
      return .move(task)
    case .pad(var task):
      let rows = share(of: task.endRow, step: 1, part: part, of: parts)
      (task.firstRow, task.endRow) = (rows.lowerBound, rows.upperBound)
      return .pad(task)
    case .pixels(var task):
      let rows = share(of: task.endRow, step: 1, part: part, of: parts)
      (task.firstRow, task.endRow) = (rows.lowerBound, rows.upperBound)
      return .pixels(task)
    case .pick(var task):
      let slices = share(of: task.endSlice, step: 1, part: part, of: parts)
      (task.firstSlice, task.endSlice) = (slices.lowerBound, slices.upperBound)
      return .pick(task)
    }
  }
}
