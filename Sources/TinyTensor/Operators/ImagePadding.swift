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

  /// Copies an image. Rows and columns of it that do not fit are left out.
  ///
  /// Sound if both are as large as the sizes say.
  @inline(__always)
  func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ workers: Workers) {
    unsafe PaddingWork(self, source, target, workers).run(workers)
  }
}

/// A copy of an image with padding, in parts of lines. Its pointers are valid for the sizes of the padding.
@safe
private struct PaddingWork: BitwiseCopyable {
  private let padding: ImagePadding
  private let source: UnsafeRawPointer
  private let target: UnsafeMutableRawPointer
  private let lines: Int
  private let parts: Int

  init(_ padding: ImagePadding, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ workers: Workers) {
    self.padding = padding
    unsafe self.source = source
    unsafe self.target = target
    lines = padding.batches * padding.paddedHeight
    // About 30 bytes a nanosecond, and some nanoseconds for every line.
    parts = workers.parts(nanoseconds: Double(padding.byteCount) / 30 + Double(lines) * 8, units: lines)
  }

  func run(_ workers: Workers) {
    if parts == 1 { return copy(0..<lines) }
    // Sound: the copy outlives the call, which returns when all parts are done.
    unsafe withUnsafePointer(to: self) { work in
      unsafe workers.run(parts: parts, UnsafeRawPointer(work)) { work, part in
        unsafe work.assumingMemoryBound(to: PaddingWork.self).pointee.run(part: part)
      }
    }
  }

  private func run(part: Range<Int>) { copy(share(of: lines, step: 1, part: part, of: parts)) }

  private func copy(_ lines: Range<Int>) {
    let step = padding.paddedWidth * padding.channels
    let sourceStep = padding.width * padding.channels
    let before = padding.left * padding.channels
    let copied = min(padding.width, padding.paddedWidth - padding.left) * padding.channels
    for line in lines {
      let to = unsafe target + line * step
      let row = line % padding.paddedHeight - padding.top
      guard row >= 0, row < padding.height else {
        unsafe fill(to, step)
        continue
      }
      let from = unsafe source + (line / padding.paddedHeight * padding.height + row) * sourceStep
      unsafe fill(to, before)
      unsafe (to + before).copyMemory(from: from, byteCount: copied)
      unsafe fill(to + before + copied, step - before - copied)
    }
  }

  @inline(__always)
  private func fill(_ target: UnsafeMutableRawPointer, _ count: Int) {
    if count > 0 { unsafe target.initializeMemory(as: UInt8.self, repeating: padding.byte, count: count) }
  }
}
