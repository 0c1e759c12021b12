import Builtin
import KernelInterface

/// Real numbers to bytes: the quotient, rounded half away from zero, and the zero point. What is not a number becomes
/// the zero point.
func quantizeKernel(_ task: QuantizeTask) {
  let minimum: Int32 = task.isUnsigned ? 0 : -128
  let maximum: Int32 = minimum &+ 255
  let output = task.output.assumingMemoryBound(to: UInt8.self)
  var index = 0
  while index < task.count {
    let quotient = task.input[index] / task.scale
    // Beyond these bounds every result saturates, whatever the zero point.
    let number = quotient == quotient ? quotient : 0
    let low = number < -1024 ? -1024 : number
    let bounded = low > 1024 ? 1024 : low
    // The largest number below one half: halves are raised to the next integer, numbers below a half are not.
    let nudge: Float = bounded < 0 ? -0.49999997 : 0.49999997
    let value = truncated(bounded + nudge) &+ task.zeroPoint
    let clamped = value < minimum ? minimum : value > maximum ? maximum : value
    output[index] = UInt8(truncatingIfNeeded: clamped)
    index &+= 1
  }
}

/// Without its fraction. Requires that it fits.
@inline(__always)
func truncated(_ value: Float) -> Int32 { Int32(Builtin.fptosi_FPIEEE32_Int32(value._value)) }

/// Without its fraction. Requires that it fits.
@inline(__always)
func truncated(_ value: Double) -> Int32 { Int32(Builtin.fptosi_FPIEEE64_Int32(value._value)) }

/// Bytes to real numbers. The difference has 9 bits, so the product is rounded once.
func dequantizeKernel(_ task: DequantizeTask) {
  let flip: UInt8 = task.isUnsigned ? 0x80 : 0
  let zeroPoint = task.isUnsigned ? task.zeroPoint &- 128 : task.zeroPoint
  let input = task.input.assumingMemoryBound(to: UInt8.self)
  var index = 0
  while index < task.count {
    let element = Int32(truncatingIfNeeded: Int8(truncatingIfNeeded: input[index] ^ flip))
    task.output[index] = Float(element &- zeroPoint) * task.scale
    index &+= 1
  }
}

/// Sums to bytes, in double precision, rounded half away from zero.
func sumScalingKernel(_ task: SumScalingTask) {
  var row = 0
  while row < task.rows {
    scaleSums(task, task.sums + row &* task.channels, task.output + row &* task.channels)
    row &+= 1
  }
}

@inline(never)
func scaleSums(_ task: SumScalingTask, _ sums: UnsafePointer<Int32>, _ target: UnsafeMutableRawPointer) {
  let output = target.assumingMemoryBound(to: UInt8.self)
  let factors = task.factors
  let zeroPoint = task.zeroPoint
  let minimum = task.minimum
  let maximum = task.maximum
  var channel = 0
  while channel < task.channels {
    let product = Double(sums[channel]) * factors[channel]
    // Beyond these bounds every result saturates, whatever the zero point.
    let low = product < -65536 ? -65536 : product
    let bounded = low > 65536 ? 65536 : low
    // The largest number below one half.
    let nudge: Double = bounded < 0 ? -0.49999999999999994 : 0.49999999999999994
    let value = truncated(bounded + nudge) &+ zeroPoint
    let raised = value < minimum ? minimum : value
    output[channel] = UInt8(truncatingIfNeeded: raised > maximum ? maximum : raised)
    channel &+= 1
  }
}
