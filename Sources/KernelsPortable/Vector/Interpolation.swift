import Builtin
import KernelInterface

/// Bilinear interpolation of bytes, 16 channels of a pixel at a time.
func interpolationKernel(_ task: InterpolationTask) {
  if task.isUnsigned {
    interpolateReal(task)
  } else {
    interpolateFixed(task)
  }
}

// MARK: Fixed point

@inline(never)
func interpolateFixed(_ task: InterpolationTask) {
  forEachPixel(task) { FixedWeights(rowDistance: $0, columnDistance: $1) }
}

@inline(never)
func interpolateReal(_ task: InterpolationTask) {
  forEachPixel(task) { RealWeights(rowDistance: $0, columnDistance: $1) }
}

/// What the four neighbours of a pixel count.
private protocol InterpolationWeights {
  func bytes(_ corners: Corners, _ channel: Int) -> SIMD16<Int8>
}

/// The four neighbours of a pixel.
private struct Corners {
  let topLeft: UnsafeRawPointer
  let bottomLeft: UnsafeRawPointer
  let topRight: UnsafeRawPointer
  let bottomRight: UnsafeRawPointer
}

/// Weights in steps of `2^-20`.
private struct FixedWeights: InterpolationWeights {
  private let topLeft: Sixteen
  private let bottomLeft: Sixteen
  private let topRight: Sixteen
  private let bottomRight: Sixteen

  @inline(__always)
  init(rowDistance y: Int32, columnDistance x: Int32) {
    topLeft = splat16((1024 &- y) &* (1024 &- x))
    bottomLeft = splat16(y &* (1024 &- x))
    topRight = splat16((1024 &- y) &* x)
    bottomRight = splat16(y &* x)
  }

  /// The sum is taken modulo `2^32`: where weights leave 0 to 1, neighbours are equal, so that it is a byte times `2^20`
  /// or less in the end.
  @inline(__always)
  func bytes(_ corners: Corners, _ channel: Int) -> SIMD16<Int8> {
    @inline(__always)
    func product(_ corner: UnsafeRawPointer, _ weight: Sixteen) -> Sixteen {
      times(
        widened(corner.loadUnaligned(fromByteOffset: channel, as: SIMD16<Int8>.self), splatByte(0)), weight)
    }
    let left = plus(product(corners.topLeft, topLeft), product(corners.bottomLeft, bottomLeft))
    let right = plus(product(corners.topRight, topRight), product(corners.bottomRight, bottomRight))
    return narrowedBytes(halvesAwayFromZero(plus(left, right)))
  }

  /// Divided by `2^20`, rounded half away from zero: half of it and, below 0, one less than it all are added.
  @inline(__always)
  private func halvesAwayFromZero(_ sums: Sixteen) -> Sixteen {
    let words = sums._storage._value
    let sign = Builtin.ashr_Vec16xInt32(words, splat16(31)._storage._value)
    let raised = Builtin.add_Vec16xInt32(
      Builtin.add_Vec16xInt32(words, splat16(1 << 19)._storage._value), sign)
    return unsafeBitCast(Builtin.ashr_Vec16xInt32(raised, splat16(20)._storage._value), to: Sixteen.self)
  }
}

@inline(__always)
private func narrowedBytes(_ values: Sixteen) -> SIMD16<Int8> {
  unsafeBitCast(Builtin.trunc_Vec16xInt32_Vec16xInt8(values._storage._value), to: SIMD16<Int8>.self)
}

// MARK: Single precision

/// Distances from the neighbours, each product and sum rounded, in the reference's order.
private struct RealWeights: InterpolationWeights {
  private let y: Builtin.Vec16xFPIEEE32
  private let oneLessY: Builtin.Vec16xFPIEEE32
  private let x: Builtin.Vec16xFPIEEE32
  private let oneLessX: Builtin.Vec16xFPIEEE32

  @inline(__always)
  init(rowDistance: Int32, columnDistance: Int32) {
    let row = Float(bitPattern: UInt32(bitPattern: rowDistance))
    let column = Float(bitPattern: UInt32(bitPattern: columnDistance))
    y = floats(row)
    oneLessY = floats(1 - row)
    x = floats(column)
    oneLessX = floats(1 - column)
  }

  /// One half is added and the fraction left out; results are means of bytes.
  @inline(__always)
  func bytes(_ corners: Corners, _ channel: Int) -> SIMD16<Int8> {
    @inline(__always)
    func product(
      _ corner: UnsafeRawPointer, _ first: Builtin.Vec16xFPIEEE32, _ second: Builtin.Vec16xFPIEEE32
    ) -> Builtin.Vec16xFPIEEE32 {
      let bytes = corner.loadUnaligned(fromByteOffset: channel, as: SIMD16<Int8>.self)
      let words = Builtin.zext_Vec16xInt8_Vec16xInt32(bytes._storage._value)
      return Builtin.fmul_Vec16xFPIEEE32(
        Builtin.fmul_Vec16xFPIEEE32(Builtin.sitofp_Vec16xInt32_Vec16xFPIEEE32(words), first), second)
    }
    var sum = product(corners.topLeft, oneLessY, oneLessX)
    sum = Builtin.fadd_Vec16xFPIEEE32(sum, product(corners.bottomLeft, y, oneLessX))
    sum = Builtin.fadd_Vec16xFPIEEE32(sum, product(corners.topRight, oneLessY, x))
    sum = Builtin.fadd_Vec16xFPIEEE32(sum, product(corners.bottomRight, y, x))
    sum = Builtin.fadd_Vec16xFPIEEE32(sum, floats(0.5))
    let words = Builtin.fptosi_Vec16xFPIEEE32_Vec16xInt32(sum)
    let clamped = Builtin.int_smin_Vec16xInt32(
      Builtin.int_smax_Vec16xInt32(words, splat16(0)._storage._value), splat16(255)._storage._value)
    return unsafeBitCast(Builtin.trunc_Vec16xInt32_Vec16xInt8(clamped), to: SIMD16<Int8>.self)
  }
}

@inline(__always)
private func floats(_ value: Float) -> Builtin.Vec16xFPIEEE32 {
  unsafeBitCast(splat16(Int32(bitPattern: value.bitPattern)), to: Builtin.Vec16xFPIEEE32.self)
}

// MARK: Pixels

/// Pixels are written in order, so that what is written beyond a pixel but inside the task is written again.
@inline(__always)
private func forEachPixel<Weights: InterpolationWeights>(
  _ task: InterpolationTask, _ weights: (_ row: Int32, _ column: Int32) -> Weights
) {
  let channels = task.channels
  let lineStep = task.inputWidth &* channels
  var target = task.output + task.firstRow &* task.outputWidth &* channels
  var rest = (task.endRow &- task.firstRow) &* task.outputWidth &* channels
  var row = task.firstRow
  while row < task.endRow {
    let image = task.input + row / task.outputHeight &* task.inputHeight &* lineStep
    let y = task.rows[row % task.outputHeight]
    let top = image + Int(truncatingIfNeeded: y.first) &* lineStep
    let bottom = image + Int(truncatingIfNeeded: y.second) &* lineStep
    var column = 0
    while column < task.outputWidth {
      let x = task.columns[column]
      let left = Int(truncatingIfNeeded: x.first) &* channels
      let right = Int(truncatingIfNeeded: x.second) &* channels
      let corners = Corners(
        topLeft: top + left, bottomLeft: bottom + left, topRight: top + right, bottomRight: bottom + right)
      let pixel = weights(y.distance, x.distance)
      var channel = 0
      while channel < channels {
        store16(pixel.bytes(corners, channel), target + channel, rest &- channel)
        channel &+= 16
      }
      target += channels
      rest &-= channels
      column &+= 1
    }
    row &+= 1
  }
}
