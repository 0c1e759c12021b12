import KernelInterface

/// Runs of bytes to other places. See ``MovementLayout``.
func movementKernel(_ task: MovementTask) {
  // Without units there is nothing to divide by either.
  guard task.firstUnit < task.endUnit else { return }
  let layout = task.layout
  let chunks = layout.chunks
  var place = MovementPlace(layout, task.firstUnit / chunks)
  var chunk = task.firstUnit % chunks
  var unit = task.firstUnit
  while unit < task.endUnit {
    let first = chunk &* layout.chunk
    var second = layout.second
    second.count = min(layout.chunk, second.count &- first)
    let input = task.input + (place.input &+ first &* second.inputStep)
    let output = task.output + (place.output &+ first &* second.outputStep)
    if layout.isTransposed {
      transpose(input, output, layout.runBytes, layout.inner, second)
    } else {
      move(input, output, layout.runBytes, layout.inner, second)
    }
    unit &+= 1
    chunk &+= 1
    if chunk == chunks {
      chunk = 0
      place.advance(layout)
    }
  }
}

/// A position of the outer axes.
private struct MovementPlace {
  private(set) var input: Int
  private(set) var output: Int
  private var position: SIMD16<Int32>

  /// The position of that number.
  init(_ layout: MovementLayout, _ number: Int) {
    input = layout.inputStart
    output = layout.outputStart
    position = SIMD16(repeating: 0)
    var rest = number
    var axis = layout.outerRank &- 1
    while axis >= 0 {
      let count = Int(layout.outerCounts[axis])
      let index = rest % count
      rest /= count
      position[axis] = Int32(truncatingIfNeeded: index)
      input &+= index &* Int(layout.outerInputSteps[axis])
      output &+= index &* Int(layout.outerOutputSteps[axis])
      axis &-= 1
    }
  }

  @inline(__always)
  mutating func advance(_ layout: MovementLayout) {
    var axis = layout.outerRank &- 1
    while axis >= 0 {
      let inputStep = Int(layout.outerInputSteps[axis])
      let outputStep = Int(layout.outerOutputSteps[axis])
      input &+= inputStep
      output &+= outputStep
      position[axis] &+= 1
      let count = layout.outerCounts[axis]
      if position[axis] < count { return }
      position[axis] = 0
      input &-= inputStep &* Int(count)
      output &-= outputStep &* Int(count)
      axis &-= 1
    }
  }
}

/// Two axes of runs.
private func move(
  _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ runBytes: Int, _ inner: MovementAxis,
  _ second: MovementAxis
) {
  // Of a single axis, the loop that does less between its steps.
  let isSingle = inner.count == 1
  let (inner, second) = (isSingle ? second : inner, isSingle ? inner : second)
  switch runBytes {
  case 1: moveElements(input, output, inner, second, UInt8.self)
  case 2: moveElements(input, output, inner, second, UInt16.self)
  case 4: moveElements(input, output, inner, second, UInt32.self)
  case 8: moveElements(input, output, inner, second, UInt64.self)
  case 16: moveElements(input, output, inner, second, SIMD16<UInt8>.self)
  default:
    for row in 0..<second.count {
      var from = input + row &* second.inputStep
      var to = output + row &* second.outputStep
      for _ in 0..<inner.count {
        copyRun(from, to, runBytes)
        from += inner.inputStep
        to += inner.outputStep
      }
    }
  }
}

@inline(__always)
private func moveElements<Element: BitwiseCopyable>(
  _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ inner: MovementAxis, _ second: MovementAxis,
  _: Element.Type
) {
  for row in 0..<second.count {
    var from = input + row &* second.inputStep
    var to = output + row &* second.outputStep
    for _ in 0..<inner.count {
      to.storeBytes(of: from.loadUnaligned(as: Element.self), as: Element.self)
      from += inner.inputStep
      to += inner.outputStep
    }
  }
}
