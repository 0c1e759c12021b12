/// The float16 number nearest to a float32 one, as float32.
@inline(__always)
private func half(_ x: Float) -> Float { float(fromHalf: halfBits(of: x)) }

/// Float32 numbers as the nearest float16 ones, clamped to a range whose ends are float16 numbers.
package func narrowHalfReference(range: ClosedRange<Float>?, input: Span<Float>, output: inout MutableSpan<UInt16>) {
  guard let range else {
    for index in output.indices { output[index] = halfBits(of: input[index]) }
    return
  }
  for index in output.indices {
    // Rounded first: what is nearly 0 keeps its sign.
    output[index] = halfBits(of: clamp(half(input[index]), range.lowerBound, range.upperBound))
  }
}

/// `1 / (1 + e^-x)` of float16 numbers, in single precision; below -9 it is `e^x`, far above 0 it is 1, as in the
/// reference.
package func logisticHalfReference(input: Span<UInt16>, output: inout MutableSpan<UInt16>) {
  for index in input.indices {
    let x = float(fromHalf: input[index])
    let y: Float =
      if x > 16.619047 {
        1
      } else if x < -9 {
        Float(exponential(Double(x)))
      } else {
        1 / (1 + Float(exponential(-Double(x))))
      }
    output[index] = halfBits(of: y)
  }
}

/// GELU of float16 numbers, each step of which is rounded to float16: by the complementary error function, or by the
/// tangent that comes near it.
package func geluHalfReference(isApproximate: Bool, input: Span<UInt16>, output: inout MutableSpan<UInt16>) {
  // The constants are float16 numbers too.
  let root = half(0.70710678)
  let slope = half(0.7978845608)
  let cubic = half(0.044715)
  for index in input.indices {
    let x = float(fromHalf: input[index])
    let factor: Float
    if isApproximate {
      let cube = half(half(x * x) * x)
      let angle = half(slope * half(x + half(cubic * cube)))
      factor = half(1 + half(Float(hyperbolicTangent(Double(angle)))))
    } else {
      factor = half(Float(complementaryErrorFunction(-Double(half(x * root)))))
    }
    output[index] = halfBits(of: half(0.5 * x) * factor)
  }
}

/// Softmax of rows of float16 numbers: exponentials and their sum in single precision, of which the former are rounded to
/// float16 before they are divided, as in the reference.
package func softmaxHalfReference(
  rows: Int, depth: Int, beta: Float, input: Span<UInt16>, output: inout MutableSpan<UInt16>
) {
  for row in 0..<rows {
    let start = row * depth
    var largest = -Float.greatestFiniteMagnitude
    for index in start..<(start + depth) {
      let value = float(fromHalf: input[index])
      if largest < value { largest = value }
    }
    func exponential(_ index: Int) -> Float {
      Float(TinyTensorKernels.exponential(Double((float(fromHalf: input[index]) - largest) * beta)))
    }
    var sum: Float = 0
    for index in start..<(start + depth) { sum += exponential(index) }
    for index in start..<(start + depth) { output[index] = halfBits(of: half(exponential(index)) / sum) }
  }
}
