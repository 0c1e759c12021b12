import KernelInterface

/// Pools of real numbers, 16 channels at a time.
func realPoolKernel(_ task: RealPoolTask) {
  switch task.kind {
  case .average: realAveragePoolKernel(task)
  case .maximum: realMaximumPoolKernel(task)
  case .rootMeanSquare: realRootMeanSquarePoolKernel(task)
  }
}

// One function for each case, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func realAveragePoolKernel(_ task: RealPoolTask) {
  forEachWindow(task, from: 0, { plus($0, $1) }, { over($0, $1) })
}

@inline(never)
func realMaximumPoolKernel(_ task: RealPoolTask) {
  forEachWindow(task, from: -Float.greatestFiniteMagnitude, { larger($1, $0) }, { largest, _ in largest })
}

@inline(never)
func realRootMeanSquarePoolKernel(_ task: RealPoolTask) {
  forEachWindow(task, from: 0, { plus($0, times($1, $1)) }, { squareRoot(over($0, $1)) })
}

/// Takes the elements of every window in, and finishes what comes out with their count.
@inline(__always)
private func forEachWindow(
  _ task: RealPoolTask, from initial: Float, _ add: (_ gathered: Reals, _ element: Reals) -> Reals,
  _ finish: (_ gathered: Reals, _ count: Reals) -> Reals
) {
  let sizes = task.sizes
  let channels = sizes.channels
  let rowStep = sizes.inputWidth &* channels
  let (minimum, maximum) = (splatReal(task.minimum), splatReal(task.maximum))
  var row = task.firstRow
  while row < task.endRow {
    let image = row / sizes.outputHeight
    let y = (row &- image &* sizes.outputHeight) &* sizes.strideHeight &- sizes.paddingTop
    let firstY = y < 0 ? 0 : y
    let endY = y &+ sizes.kernelHeight < sizes.inputHeight ? y &+ sizes.kernelHeight : sizes.inputHeight
    let base = task.input + (image &* sizes.inputHeight &+ firstY) &* rowStep
    var target = task.output + row &* sizes.outputWidth &* channels
    var column = 0
    while column < sizes.outputWidth {
      let x = column &* sizes.strideWidth &- sizes.paddingLeft
      let firstX = x < 0 ? 0 : x
      let endX = x &+ sizes.kernelWidth < sizes.inputWidth ? x &+ sizes.kernelWidth : sizes.inputWidth
      let (height, width) = (endY &- firstY, endX &- firstX)
      // A window has fewer than 2^31 elements, as its tensor has.
      let count = splatReal(Float(Int32(truncatingIfNeeded: height &* width)))
      var channel = 0
      while channel < channels {
        var gathered = splatReal(initial)
        var line = base + (firstX &* channels &+ channel)
        var lines = height
        while lines > 0 {
          var element = line
          var elements = width
          while elements > 0 {
            gathered = add(gathered, loadReals(element))
            element += channels
            elements &-= 1
          }
          line += rowStep
          lines &-= 1
        }
        store16(inside(finish(gathered, count), minimum, maximum), target + channel, channels &- channel)
        channel &+= 16
      }
      target += channels
      column &+= 1
    }
    row &+= 1
  }
}
