import KernelInterface

/// Convolutions and fully connected layers of real numbers, 16 channels at a time. A lane holds the sum of one channel,
/// so that its products are added in the order of the taps.
func realWindowKernel(_ task: RealTask) {
  var block = task.firstBlock
  if task.sizes.isDepthwise {
    while block < task.endBlock {
      realDepthwiseBlock(task, block)
      block &+= 1
    }
    return
  }
  if task.endPixel &- task.firstPixel == 1 {
    // Of one pixel, several blocks at a time: one sum alone waits for itself.
    while block &+ realBlocks <= task.endBlock {
      forEachRun(task.sizes, pixels: (task.firstPixel, task.endPixel), block: block, largest: 1) { run, _ in
        realBlockTile(task, run)
      }
      block &+= realBlocks
    }
  }
  while block < task.endBlock {
    realMatrixBlock(task, block)
    block &+= 1
  }
}

/// Pixels of a tile, so that its sums fit the registers.
var realPixels: Int {
  @inline(__always) get { laneCount == 16 ? 8 : laneCount == 8 ? 4 : 2 }
}

/// Blocks of a tile of one pixel.
var realBlocks: Int {
  @inline(__always) get { laneCount == 4 ? 2 : 4 }
}

@inline(never)
func realMatrixBlock(_ task: RealTask, _ block: Int) {
  forEachRun(task.sizes, pixels: (task.firstPixel, task.endPixel), block: block, largest: realPixels) { run, count in
    switch count {
    case 8: realMatrixTile8(task, run)
    case 4: realMatrixTile4(task, run)
    case 2: realMatrixTile2(task, run)
    default: realMatrixTile1(task, run)
    }
  }
}

@inline(never)
func realDepthwiseBlock(_ task: RealTask, _ block: Int) {
  forEachRun(task.sizes, pixels: (task.firstPixel, task.endPixel), block: block, largest: realPixels) { run, count in
    switch count {
    case 8: realDepthwiseTile8(task, run)
    case 4: realDepthwiseTile4(task, run)
    case 2: realDepthwiseTile2(task, run)
    default: realDepthwiseTile1(task, run)
    }
  }
}

// One function for each tile, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func realMatrixTile8(_ task: RealTask, _ run: WindowRun) { realTile(task, run, pixels: 8, .matrix) }
@inline(never)
func realMatrixTile4(_ task: RealTask, _ run: WindowRun) { realTile(task, run, pixels: 4, .matrix) }
@inline(never)
func realMatrixTile2(_ task: RealTask, _ run: WindowRun) { realTile(task, run, pixels: 2, .matrix) }
@inline(never)
func realMatrixTile1(_ task: RealTask, _ run: WindowRun) { realTile(task, run, pixels: 1, .matrix) }
@inline(never)
func realBlockTile(_ task: RealTask, _ run: WindowRun) { realTile(task, run, pixels: realBlocks, .blocks) }
@inline(never)
func realDepthwiseTile8(_ task: RealTask, _ run: WindowRun) { realTile(task, run, pixels: 8, .depthwise) }
@inline(never)
func realDepthwiseTile4(_ task: RealTask, _ run: WindowRun) { realTile(task, run, pixels: 4, .depthwise) }
@inline(never)
func realDepthwiseTile2(_ task: RealTask, _ run: WindowRun) { realTile(task, run, pixels: 2, .depthwise) }
@inline(never)
func realDepthwiseTile1(_ task: RealTask, _ run: WindowRun) { realTile(task, run, pixels: 1, .depthwise) }

/// What the vectors of a tile are: pixels of a block, blocks of a pixel, or pixels of a block of a depthwise layer.
enum TileKind {
  case matrix
  case blocks
  case depthwise
}

/// Adds one tap's products to a vector.
@inline(__always)
func addTap(
  _ sum: inout Reals, _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ isDepthwise: Bool
) {
  let elements = isDepthwise ? loadReals(input) : splatReal(input[0])
  sum = plus(sum, times(elements, loadReals(weights)))
}

/// One to 8 vectors of sums.
@inline(__always)
func realTile(_ task: RealTask, _ run: WindowRun, pixels: Int, _ kind: TileKind) {
  let isDepthwise = kind == .depthwise
  let sizes = task.sizes
  let zero = splatReal(0)
  var (s0, s1, s2, s3, s4, s5, s6, s7) = (zero, zero, zero, zero, zero, zero, zero, zero)
  // From a vector to the next one.
  let inputStep = kind == .blocks ? 0 : sizes.strideWidth &* sizes.inputStep
  let weightStep = kind == .blocks ? sizes.panelStep : 0
  let panel = task.panels + run.block &* sizes.panelStep
  let joins = sizes.dilationWidth == 1 && sizes.inputStep == sizes.depth
  let columns = joins && run.endKernelColumn > run.firstKernelColumn ? run.endKernelColumn &- run.firstKernelColumn : 1
  let start = isDepthwise ? run.origin &+ 16 &* run.block : run.origin
  var row = run.firstKernelRow
  while row < run.endKernelRow {
    var column = run.firstKernelColumn
    while column < run.endKernelColumn {
      let place = row &* sizes.dilationHeight &* sizes.inputWidth &+ column &* sizes.dilationWidth
      var x = task.input + (start &+ place &* sizes.inputStep)
      var w = panel + 16 &* (1 &+ (row &* sizes.kernelWidth &+ column) &* sizes.depth)
      var left = columns &* sizes.depth
      while left > 0 {
        addTap(&s0, x, w, isDepthwise)
        if pixels > 1 { addTap(&s1, x + inputStep, w + weightStep, isDepthwise) }
        if pixels > 2 { addTap(&s2, x + 2 &* inputStep, w + 2 &* weightStep, isDepthwise) }
        if pixels > 3 { addTap(&s3, x + 3 &* inputStep, w + 3 &* weightStep, isDepthwise) }
        if pixels > 4 { addTap(&s4, x + 4 &* inputStep, w + 4 &* weightStep, isDepthwise) }
        if pixels > 5 { addTap(&s5, x + 5 &* inputStep, w + 5 &* weightStep, isDepthwise) }
        if pixels > 6 { addTap(&s6, x + 6 &* inputStep, w + 6 &* weightStep, isDepthwise) }
        if pixels > 7 { addTap(&s7, x + 7 &* inputStep, w + 7 &* weightStep, isDepthwise) }
        x += 1
        w += 16
        left &-= 1
      }
      column &+= columns
    }
    row &+= 1
  }

  let minimum = splatReal(task.minimum)
  let maximum = splatReal(task.maximum)
  let output = task.output + (run.pixel &* sizes.outputStep &+ 16 &* run.block)
  let outputStep = kind == .blocks ? 16 : sizes.outputStep
  let channels = sizes.channels &- 16 &* run.block
  @inline(__always)
  func finish(_ sum: Reals, _ vector: Int) {
    let biased = plus(sum, loadReals(panel + vector &* weightStep))
    store16(
      inside(biased, minimum, maximum), output + vector &* outputStep,
      kind == .blocks ? channels &- 16 &* vector : channels)
  }
  finish(s0, 0)
  if pixels > 1 { finish(s1, 1) }
  if pixels > 2 { finish(s2, 2) }
  if pixels > 3 { finish(s3, 3) }
  if pixels > 4 { finish(s4, 4) }
  if pixels > 5 { finish(s5, 5) }
  if pixels > 6 { finish(s6, 6) }
  if pixels > 7 { finish(s7, 7) }
}
