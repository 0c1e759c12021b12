import Builtin
import KernelInterface

/// Convolutions and fully connected layers of int16 activations and int8 weights, 16 channels at a time.
func sixteenBitWindowKernel(_ task: SixteenBitTask) {
  var pixel = task.firstPixel
  while pixel < task.endPixel {
    // So many pixels that their sums stay in a near cache.
    let end = task.endPixel &- pixel < 64 ? task.endPixel : pixel &+ 64
    sixteenBitSums(task, pixel, end)
    while pixel < end {
      scaleSixteenBitSums(task, pixel)
      pixel &+= 1
    }
  }
}

/// The sums of some pixels.
@inline(never)
func sixteenBitSums(_ task: SixteenBitTask, _ first: Int, _ end: Int) {
  var block = task.firstBlock
  if task.sizes.isDepthwise {
    while block < task.endBlock {
      sixteenBitDepthwiseBlock(task, (first, end), block)
      block &+= 1
    }
    return
  }
  if end &- first == 1 {
    while block &+ realBlocks <= task.endBlock {
      forEachRun(task.sizes, pixels: (first, end), block: block, largest: 1) { run, _ in
        sixteenBitBlockTile(task, run)
      }
      block &+= realBlocks
    }
  }
  while block < task.endBlock {
    sixteenBitMatrixBlock(task, (first, end), block)
    block &+= 1
  }
}

@inline(never)
func sixteenBitMatrixBlock(_ task: SixteenBitTask, _ pixels: (first: Int, end: Int), _ block: Int) {
  forEachRun(task.sizes, pixels: pixels, block: block, largest: realPixels) { run, count in
    switch count {
    case 8: sixteenBitMatrixTile8(task, run)
    case 4: sixteenBitMatrixTile4(task, run)
    case 2: sixteenBitMatrixTile2(task, run)
    default: sixteenBitMatrixTile1(task, run)
    }
  }
}

@inline(never)
func sixteenBitDepthwiseBlock(_ task: SixteenBitTask, _ pixels: (first: Int, end: Int), _ block: Int) {
  forEachRun(task.sizes, pixels: pixels, block: block, largest: 4 < realPixels ? 4 : realPixels) { run, count in
    switch count {
    case 4: sixteenBitDepthwiseTile4(task, run)
    case 2: sixteenBitDepthwiseTile2(task, run)
    default: sixteenBitDepthwiseTile1(task, run)
    }
  }
}

// One function for each tile, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func sixteenBitMatrixTile8(_ task: SixteenBitTask, _ run: WindowRun) { sixteenBitTile(task, run, pixels: 8, .matrix) }
@inline(never)
func sixteenBitMatrixTile4(_ task: SixteenBitTask, _ run: WindowRun) { sixteenBitTile(task, run, pixels: 4, .matrix) }
@inline(never)
func sixteenBitMatrixTile2(_ task: SixteenBitTask, _ run: WindowRun) { sixteenBitTile(task, run, pixels: 2, .matrix) }
@inline(never)
func sixteenBitMatrixTile1(_ task: SixteenBitTask, _ run: WindowRun) { sixteenBitTile(task, run, pixels: 1, .matrix) }
@inline(never)
func sixteenBitBlockTile(_ task: SixteenBitTask, _ run: WindowRun) {
  sixteenBitTile(task, run, pixels: realBlocks, .blocks)
}
@inline(never)
func sixteenBitDepthwiseTile4(_ task: SixteenBitTask, _ run: WindowRun) {
  sixteenBitTile(task, run, pixels: 4, .depthwise)
}
@inline(never)
func sixteenBitDepthwiseTile2(_ task: SixteenBitTask, _ run: WindowRun) {
  sixteenBitTile(task, run, pixels: 2, .depthwise)
}
@inline(never)
func sixteenBitDepthwiseTile1(_ task: SixteenBitTask, _ run: WindowRun) {
  sixteenBitTile(task, run, pixels: 1, .depthwise)
}

/// Adds the products of a pair of taps, or of one tap of a depthwise layer.
@inline(__always)
func addPair(
  _ sum: inout Sixteen, _ input: UnsafePointer<Int16>, _ weights: UnsafePointer<Int32>, _ isDepthwise: Bool
) {
  let factors = UnsafeRawPointer(weights).loadUnaligned(as: Sixteen.self)
  let elements = UnsafeRawPointer(input)
  if isDepthwise {
    sum = plus(sum, times(widened(elements.loadUnaligned(as: SIMD16<Int16>.self)), factors))
  } else {
    sum = plus(sum, pairProducts(splat16(elements.loadUnaligned(as: Int32.self)), factors))
  }
}

/// 16 numbers of 32 bits.
@inline(__always)
func widened(_ halves: SIMD16<Int16>) -> Sixteen {
  unsafeBitCast(Builtin.sext_Vec16xInt16_Vec16xInt32(halves._storage._value), to: Sixteen.self)
}

/// Adds sums to those in memory, or stores them.
@inline(__always)
func keep(_ sums: inout Sixteen, _ target: UnsafeMutablePointer<Int64>, isFirst: Bool) {
  let wide = unsafeBitCast(Builtin.sext_Vec16xInt32_Vec16xInt64(sums._storage._value), to: SIMD16<Int64>.self)
  let memory = UnsafeMutableRawPointer(target)
  if isFirst {
    memory.storeBytes(of: wide, as: SIMD16<Int64>.self)
  } else {
    let before = memory.loadUnaligned(as: SIMD16<Int64>.self)
    memory.storeBytes(
      of: unsafeBitCast(
        Builtin.add_Vec16xInt64(before._storage._value, wide._storage._value), to: SIMD16<Int64>.self),
      as: SIMD16<Int64>.self)
  }
  sums = splat16(0)
}

/// One to 8 vectors of sums.
@inline(__always)
func sixteenBitTile(_ task: SixteenBitTask, _ run: WindowRun, pixels: Int, _ kind: TileKind) {
  let isDepthwise = kind == .depthwise
  let sizes = task.sizes
  let zero = splat16(0)
  var (s0, s1, s2, s3, s4, s5, s6, s7) = (zero, zero, zero, zero, zero, zero, zero, zero)
  // From a vector to the next one.
  let inputStep = kind == .blocks ? 0 : sizes.strideWidth &* sizes.inputStep
  let weightStep = kind == .blocks ? task.panelStep : 0
  let panel = task.panels + run.block &* task.panelStep
  let rowSums = (sizes.channels &+ 15) / 16 &* 16
  let sumStep = kind == .blocks ? 16 : rowSums
  let sums = task.sums + (run.pixel &* rowSums &+ 16 &* run.block)
  let start = isDepthwise ? run.origin &+ 16 &* run.block : run.origin
  let depthPairs = isDepthwise ? 1 : (sizes.depth &+ 1) / 2
  let joins = sizes.dilationWidth == 1 && sizes.inputStep == sizes.depth && sizes.depth & 1 == 0
  let columns = joins && run.endKernelColumn > run.firstKernelColumn ? run.endKernelColumn &- run.firstKernelColumn : 1

  var isFirst = true
  @inline(__always)
  func keepAll() {
    keep(&s0, sums, isFirst: isFirst)
    if pixels > 1 { keep(&s1, sums + sumStep, isFirst: isFirst) }
    if pixels > 2 { keep(&s2, sums + 2 &* sumStep, isFirst: isFirst) }
    if pixels > 3 { keep(&s3, sums + 3 &* sumStep, isFirst: isFirst) }
    if pixels > 4 { keep(&s4, sums + 4 &* sumStep, isFirst: isFirst) }
    if pixels > 5 { keep(&s5, sums + 5 &* sumStep, isFirst: isFirst) }
    if pixels > 6 { keep(&s6, sums + 6 &* sumStep, isFirst: isFirst) }
    if pixels > 7 { keep(&s7, sums + 7 &* sumStep, isFirst: isFirst) }
    isFirst = false
  }

  // A pair of products is at most 2^23 in magnitude, so that 255 of them fit 32 bits.
  let most = 255
  var room = most
  var row = run.firstKernelRow
  while row < run.endKernelRow {
    var column = run.firstKernelColumn
    while column < run.endKernelColumn {
      let place = row &* sizes.dilationHeight &* sizes.inputWidth &+ column &* sizes.dilationWidth
      var x = task.input + (start &+ place &* sizes.inputStep)
      var w = panel + 16 &* (row &* sizes.kernelWidth &+ column) &* depthPairs
      var left = columns &* depthPairs
      while left > 0 {
        if room == 0 {
          keepAll()
          room = most
        }
        var count = left < room ? left : room
        left &-= count
        room &-= count
        while count > 0 {
          addPair(&s0, x, w, isDepthwise)
          if pixels > 1 { addPair(&s1, x + inputStep, w + weightStep, isDepthwise) }
          if pixels > 2 { addPair(&s2, x + 2 &* inputStep, w + 2 &* weightStep, isDepthwise) }
          if pixels > 3 { addPair(&s3, x + 3 &* inputStep, w + 3 &* weightStep, isDepthwise) }
          if pixels > 4 { addPair(&s4, x + 4 &* inputStep, w + 4 &* weightStep, isDepthwise) }
          if pixels > 5 { addPair(&s5, x + 5 &* inputStep, w + 5 &* weightStep, isDepthwise) }
          if pixels > 6 { addPair(&s6, x + 6 &* inputStep, w + 6 &* weightStep, isDepthwise) }
          if pixels > 7 { addPair(&s7, x + 7 &* inputStep, w + 7 &* weightStep, isDepthwise) }
          x += 2
          w += 16
          count &-= 1
        }
      }
      column &+= columns
    }
    row &+= 1
  }
  keepAll()
}
