import KernelInterface
import TinyTensorKernels

/// Sums of products of windows of an image with a filter for each channel, by the kernels of an instruction set:
/// convolution and fully connected layers of 8-bit numbers. Results equal the reference kernels'.
struct PackedMatrix: Sendable {
  let set: InstructionSet
  /// How many groups the channels form; each is a layer of its own.
  let groups: Int
  /// Of one group; its pointers are set in a run.
  let layout: MatrixLayout
  let padding: ImagePadding?
  /// Where the filter has a zero point: what to multiply the sum of a window with.
  let windowFactor: Int32?

  let input: ReadSlot
  let panels: ReadSlot
  let segments: ReadSlot
  let output: WriteSlot
  /// The image with its padding.
  let padded: WriteSlot?
  /// One number a row of outputs.
  let rowTerms: WriteSlot?
  /// The panel of a channel whose weights are all the window's factor, with which sums of small windows are taken.
  let windowPanel: ReadSlot?
}

/// The sizes of ``MatrixLayer``, without its pointers; strides in bytes.
struct MatrixLayout: BitwiseCopyable, Sendable, Hashable {
  var panels: MatrixPanelSizes
  var segmentCount: Int
  /// Bytes of a segment that count.
  var segmentTaps: Int
  var rows: Int
  var outputHeight: Int
  var outputWidth: Int
  var imageStride: Int
  var rowStride: Int
  var columnStride: Int
  var outputStride: Int
  var inputFlip: Int32
  var output: OutputBytes
  var storesSums: Bool
  /// From a group to the next one.
  var groupInputStride: Int
}

/// The sizes of ``MatrixPanels``.
struct MatrixPanelSizes: BitwiseCopyable, Sendable, Hashable {
  var channels: Int
  var blocks: Int
  var panelStride: Int
  var byteCount: Int
}

extension PackedMatrix {
  @inline(__always)
  func run(_ memory: OperatorMemory) {
    var input = unsafe memory.pointer(self.input)
    if let padding, let padded {
      let target = unsafe memory.pointer(padded)
      unsafe padding.copy(input, to: target)
      unsafe input = UnsafeRawPointer(target)
    }
    let output = unsafe memory.pointer(self.output)
    let panels = unsafe memory.pointer(self.panels)
    let segments = unsafe memory.pointer(self.segments).assumingMemoryBound(to: Segment.self)
    let layout = self.layout
    var layer = unsafe MatrixLayer(
      segments: segments, segmentCount: layout.segmentCount, panels: panels,
      panelStride: layout.panels.panelStride, channels: layout.panels.channels, outputHeight: layout.outputHeight,
      outputWidth: layout.outputWidth, imageStride: layout.imageStride, rowStride: layout.rowStride,
      columnStride: layout.columnStride, outputStride: layout.outputStride, inputFlip: layout.inputFlip,
      output: layout.output, storesSums: layout.storesSums)
    for group in 0..<groups {
      unsafe layer.panels = panels + group * layout.panels.byteCount
      let window = unsafe input + group * layout.groupInputStride
      var terms: UnsafeMutablePointer<Int32>?
      if let windowFactor, let rowTerms {
        let sums = unsafe memory.pointer(rowTerms).assumingMemoryBound(to: Int32.self)
        if let windowPanel {
          unsafe sumWindows(memory, layer, panel: memory.pointer(windowPanel), window, to: sums)
        } else {
          unsafe set.windowSums(
            WindowSumTask(
              layer: layer, input: window, segmentBytes: layout.segmentTaps, factor: windowFactor, sums: sums,
              rows: layout.rows))
        }
        unsafe terms = sums
      }
      let target = unsafe output + group * layout.panels.channels * (layout.storesSums ? 4 : 1)
      let work = unsafe MatrixWork(
        set: set,
        task: MatrixTask(
          layer: layer, input: window, output: target, rowTerms: UnsafePointer(terms), firstRow: 0,
          endRow: layout.rows, firstBlock: 0, endBlock: layout.panels.blocks), threads: memory.workers.threads)
      work.run(memory.workers)
    }
  }
}

extension PackedMatrix {
  /// The terms of all rows, as the sums of one more channel.
  private func sumWindows(
    _ memory: OperatorMemory, _ layer: MatrixLayer, panel: UnsafeRawPointer, _ input: UnsafeRawPointer,
    to sums: UnsafeMutablePointer<Int32>
  ) {
    var layer = layer
    unsafe layer.panels = panel
    layer.channels = 1
    layer.outputStride = MemoryLayout<Int32>.stride
    layer.storesSums = true
    let work = unsafe MatrixWork(
      set: set,
      task: MatrixTask(
        layer: layer, input: input, output: UnsafeMutableRawPointer(sums), rowTerms: nil, firstRow: 0,
        endRow: layout.rows, firstBlock: 0, endBlock: 1), threads: memory.workers.threads)
    work.run(memory.workers)
  }
}

/// A layer's work, in parts of rows or of blocks of channels.
struct MatrixWork: BitwiseCopyable {
  private let set: InstructionSet
  private let task: MatrixTask
  private let parts: Int
  private let dividesRows: Bool

  /// Parts for each thread: a few, so that a thread that was held up does not hold up the others.
  private static let partsPerThread = 3

  init(set: InstructionSet, task: MatrixTask, threads: Int) {
    self.set = set
    self.task = task
    guard threads > 1 else {
      parts = 1
      dividesRows = true
      return
    }
    // Rows are divided where every part has several tiles of them; else channels.
    let tiles = (task.endRow - task.firstRow) / set.tileRows
    let blocks = task.endBlock - task.firstBlock
    let wanted = threads * Self.partsPerThread
    dividesRows = tiles >= 2 * wanted || tiles >= blocks
    parts = max(1, min(wanted, dividesRows ? tiles : blocks))
  }

  func run(_ workers: Workers) {
    if parts == 1 { return set.matrix(task) }
    // Sound: the copy outlives the call, which returns when all parts are done.
    unsafe withUnsafePointer(to: self) { work in
      unsafe workers.run(parts: parts, UnsafeRawPointer(work)) { work, part in
        unsafe work.assumingMemoryBound(to: MatrixWork.self).pointee.run(part: part)
      }
    }
  }

  private func run(part: Int) {
    var task = self.task
    if dividesRows {
      let rows = share(of: task.endRow, step: set.tileRows, part: part, of: parts)
      task.firstRow = rows.lowerBound
      task.endRow = rows.upperBound
    } else {
      let blocks = share(of: task.endBlock, step: 1, part: part, of: parts)
      task.firstBlock = blocks.lowerBound
      task.endBlock = blocks.upperBound
    }
    set.matrix(task)
  }
}

/// How an image of bytes is laid into one with padding around it.
struct ImagePadding: BitwiseCopyable, Sendable, Hashable {
  var batches: Int
  var height: Int
  var width: Int
  /// Bytes of a pixel.
  var channels: Int
  var paddedHeight: Int
  var paddedWidth: Int
  var top: Int
  var left: Int
  /// The byte that stands for padding.
  var byte: UInt8

  var byteCount: Int { batches * paddedHeight * paddedWidth * channels }

  /// Rows and columns of the image that do not fit are left out.
  ///
  /// Sound if both are as large as the sizes say.
  func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
    let step = paddedWidth * channels
    let copiedRows = min(height, paddedHeight - top)
    let copiedBytes = min(width, paddedWidth - left) * channels
    let before = left * channels
    let after = step - before - copiedBytes
    var line = unsafe target
    for batch in 0..<batches {
      var from = unsafe source + batch * height * width * channels
      unsafe memoryFill(line, byte, top * step)
      unsafe line += top * step
      for _ in 0..<copiedRows {
        unsafe memoryFill(line, byte, before)
        unsafe (line + before).copyMemory(from: from, byteCount: copiedBytes)
        unsafe memoryFill(line + before + copiedBytes, byte, after)
        unsafe line += step
        unsafe from += width * channels
      }
      let below = paddedHeight - top - copiedRows
      unsafe memoryFill(line, byte, below * step)
      unsafe line += below * step
    }
  }

  @inline(__always)
  private func memoryFill(_ target: UnsafeMutableRawPointer, _ byte: UInt8, _ count: Int) {
    if count > 0 { unsafe target.initializeMemory(as: UInt8.self, repeating: byte, count: count) }
  }
}
