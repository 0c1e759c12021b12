import KernelInterface
import TinyTensorKernels

/// Sums of products of windows of an image with a filter for each channel, by the kernels of an instruction set:
/// convolution and fully connected layers of 8-bit numbers. Results equal the reference kernels'.
struct PackedMatrix: Sendable {
  let set: InstructionSet
  /// How many groups the channels form; each is a layer of its own.
  let groups: Int
  /// Of one group; its pointers are set in a run.
  var layout: MatrixLayout
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
      unsafe padding.copy(input, to: target, memory.workers)
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
      let target = unsafe output + group * layout.panels.channels * (layout.storesSums ? 4 : 1)
      var task = unsafe MatrixTask(
        layer: layer, input: window, output: target, rowTerms: nil, firstRow: 0, endRow: layout.rows, firstBlock: 0,
        endBlock: layout.panels.blocks)
      var terms = MatrixWork.Terms.none
      if let windowFactor, let rowTerms {
        let sums = unsafe memory.pointer(rowTerms).assumingMemoryBound(to: Int32.self)
        unsafe task.rowTerms = UnsafePointer(sums)
        if let windowPanel {
          terms = unsafe .panel(sumTask(task, panel: memory.pointer(windowPanel), to: sums))
        } else {
          terms = unsafe .sums(
            WindowSumTask(
              layer: layer, input: window, segmentBytes: layout.segmentTaps, factor: windowFactor, sums: sums,
              firstRow: 0, endRow: layout.rows))
        }
      }
      MatrixWork(set: set, task: task, terms: terms, workers: memory.workers).run(memory.workers)
    }
  }

  /// The terms of all rows, as the sums of one more channel.
  private func sumTask(
    _ task: MatrixTask, panel: UnsafeRawPointer, to sums: UnsafeMutablePointer<Int32>
  ) -> MatrixTask {
    var task = task
    unsafe task.layer.panels = panel
    task.layer.channels = 1
    task.layer.outputStride = MemoryLayout<Int32>.stride
    task.layer.storesSums = true
    unsafe task.output = UnsafeMutableRawPointer(sums)
    unsafe task.rowTerms = nil
    task.endBlock = 1
    return task
  }
}
