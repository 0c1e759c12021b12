import KernelInterface

/// Pixels by lists of rows and columns. A row that repeats the one before it is copied from there.
func pixelKernel(_ task: PixelTask) {
  let outputBytes = task.outputWidth &* task.pixelBytes
  let inputBytes = task.inputWidth &* task.pixelBytes
  var row = task.firstRow
  var last = -1
  while row < task.endRow {
    let (image, line) = (row / task.outputHeight, row % task.outputHeight)
    let source = image &* task.inputHeight &+ Int(task.rows[line])
    let output = task.output + row &* outputBytes
    if source == last {
      output.copyMemory(from: output - outputBytes, byteCount: outputBytes)
    } else {
      pixelRow(task, task.input + source &* inputBytes, output)
    }
    last = source
    row &+= 1
  }
}

private func pixelRow(_ task: PixelTask, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
  switch task.pixelBytes {
  case 1: pixels(task, input, output, UInt8.self)
  case 2: pixels(task, input, output, UInt16.self)
  case 4: pixels(task, input, output, UInt32.self)
  case 8: pixels(task, input, output, UInt64.self)
  case 16: pixels(task, input, output, SIMD16<UInt8>.self)
  default:
    var to = output
    for column in 0..<task.outputWidth {
      copyRun(input + Int(task.columns[column]) &* task.pixelBytes, to, task.pixelBytes)
      to += task.pixelBytes
    }
  }
}

@inline(__always)
private func pixels<Pixel: BitwiseCopyable>(
  _ task: PixelTask, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _: Pixel.Type
) {
  let size = MemoryLayout<Pixel>.size
  for column in 0..<task.outputWidth {
    let pixel = input.loadUnaligned(fromByteOffset: Int(task.columns[column]) &* size, as: Pixel.self)
    output.storeBytes(of: pixel, toByteOffset: column &* size, as: Pixel.self)
  }
}
