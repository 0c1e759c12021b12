import KernelInterface

/// Depthwise convolution. See ``DepthwiseLayer`` for the layout.
///
/// The bytes of 4 kernel rows in a column of the input are brought into one lane a channel, so that a dot product of 4
/// bytes adds a whole column. Neighbouring outputs share columns. Blocks of channels are outermost: their numbers and
/// the rows under the kernel stay in the nearest cache.
func depthwiseKernel(_ task: DepthwiseTask) {
  let sizes = task.layer.sizes
  let isThreeColumns =
    sizes.kernelHeight <= 3 && sizes.kernelWidth == 3 && sizes.dilationWidth == 1 && sizes.strideWidth <= 2
  var block = DepthwiseBlock(panel: task.layer.panels, channel: 0)
  let last = sizes.channels &- 4 &* laneCount
  while true {
    if !isThreeColumns {
      anyKernel(task, block)
    } else if last < 0 {
      threeColumnsPart(task, block)
    } else {
      switch (sizes.parts, sizes.strideWidth == 1, task.layer.output.seesNegative) {
      case (2, true, _): threeColumnsOneStepTwoParts(task, block)
      case (2, false, _): threeColumnsTwoStepsTwoParts(task, block)
      case (_, true, true): threeColumnsOneStep(task, block)
      case (_, true, false): threeColumnsOneStepPositive(task, block)
      case (_, false, true): threeColumnsTwoSteps(task, block)
      case (_, false, false): threeColumnsTwoStepsPositive(task, block)
      }
    }
    if block.channel >= last { return }
    block.channel = min(block.channel &+ 4 &* laneCount, last)
    block.panel += task.layer.panelStride
  }
}

/// A block of channels: its panel and its first channel.
struct DepthwiseBlock {
  var panel: UnsafeRawPointer
  var channel: Int
}

// One function for each case, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func threeColumnsOneStep(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, OneStep.self, seesNegative: true, hasTwoParts: false)
}

@inline(never)
func threeColumnsOneStepPositive(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, OneStep.self, seesNegative: false, hasTwoParts: false)
}

@inline(never)
func threeColumnsOneStepTwoParts(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, OneStep.self, seesNegative: true, hasTwoParts: true)
}

@inline(never)
func threeColumnsTwoSteps(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, TwoSteps.self, seesNegative: true, hasTwoParts: false)
}

@inline(never)
func threeColumnsTwoStepsPositive(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, TwoSteps.self, seesNegative: false, hasTwoParts: false)
}

@inline(never)
func threeColumnsTwoStepsTwoParts(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, TwoSteps.self, seesNegative: true, hasTwoParts: true)
}

/// The columns under a kernel, of one block of channels.
private struct Column {
  var a: Lanes
  var b: Lanes
  var c: Lanes
  var d: Lanes
}

/// 4 rows of the input, at a block of channels, and what lies beside them.
private struct InputRows {
  let r0: UnsafeRawPointer
  let r1: UnsafeRawPointer
  let r2: UnsafeRawPointer
  let r3: UnsafeRawPointer
  let step: Int
  let width: Int
  let flip: Lanes
  let padding: Lanes

  /// The kernel rows from `first` on of an output row; rows beyond the kernel repeat its last one.
  @inline(__always)
  init(_ task: DepthwiseTask, row: Int, first: Int, channel: Int) {
    let layer = task.layer
    let sizes = layer.sizes
    let top = row % sizes.outputHeight &* sizes.strideHeight &- sizes.paddingTop
    let lineBytes = sizes.inputWidth &* sizes.inputStep
    let base = task.input + row / sizes.outputHeight &* sizes.inputHeight &* lineBytes
    @inline(__always)
    func pointer(_ tap: Int) -> UnsafeRawPointer {
      let line = top &+ min(tap, sizes.kernelHeight &- 1) &* sizes.dilationHeight
      return line >= 0 && line < sizes.inputHeight ? base + line &* lineBytes + channel : layer.paddingRow + channel
    }
    r0 = pointer(first)
    r1 = pointer(first &+ 1)
    r2 = pointer(first &+ 2)
    r3 = pointer(first &+ 3)
    step = sizes.inputStep
    width = sizes.inputWidth
    flip = splat(layer.inputFlip)
    padding = splat(layer.padding ^ layer.inputFlip)
  }

  /// 3 rows; the fourth is zero.
  @inline(__always)
  func columnOfThree(_ column: Int) -> Column {
    guard column >= 0 && column < width else { return Column(a: padding, b: padding, c: padding, d: padding) }
    let place = column &* step
    let lanes = interleaved(
      loadBytes(r0 + place, flip), loadBytes(r1 + place, flip), loadBytes(r2 + place, flip), zeroBytes())
    return Column(a: lanes.0, b: lanes.1, c: lanes.2, d: lanes.3)
  }

  @inline(__always)
  func columnOfFour(_ column: Int) -> Column {
    guard column >= 0 && column < width else { return Column(a: padding, b: padding, c: padding, d: padding) }
    let place = column &* step
    let lanes = interleaved(
      loadBytes(r0 + place, flip), loadBytes(r1 + place, flip), loadBytes(r2 + place, flip),
      loadBytes(r3 + place, flip))
    return Column(a: lanes.0, b: lanes.1, c: lanes.2, d: lanes.3)
  }
}

/// How far a kernel moves from an output to the next one.
private protocol Steps {
  static var count: Int { get }
}

private enum OneStep: Steps {
  static var count: Int { @inline(__always) get { 1 } }
}

private enum TwoSteps: Steps {
  static var count: Int { @inline(__always) get { 2 } }
}

/// 3 kernel columns, up to 3 kernel rows, a full block of channels.
@inline(__always)
private func threeColumns<Step: Steps>(
  _ task: DepthwiseTask, _ block: DepthwiseBlock, _: Step.Type, seesNegative: Bool, hasTwoParts: Bool
) {
  let layer = task.layer
  let panel = block.panel
  let channel = block.channel
  let block = ThreeColumnBlock(panel, seesNegative: seesNegative, hasTwoParts: hasTwoParts)
  let bytes = OutputVectors(
    zeroPoint: layer.output.zeroPoint, minimum: layer.output.minimum, maximum: layer.output.maximum,
    flip: layer.output.flip)
  let outputStep = layer.sizes.channels
  let lastCount = layer.sizes.lastChannels &- channel
  var row = task.firstRow
  while row < task.endRow {
    let rows = InputRows(task, row: row, first: 0, channel: channel)
    var target = task.output + row &* layer.sizes.outputRowBytes + channel
    var column = 0 &- layer.sizes.paddingLeft
    var rest = layer.sizes.outputWidth
    // A last pixel of fewer channels is left for later.
    let whole = lastCount >= 4 &* laneCount ? 2 : 3
    var c0 = rows.columnOfThree(column)
    var c1 = Step.count == 1 ? rows.columnOfThree(column &+ 1) : c0
    while rest >= whole {
      if Step.count == 1 {
        let c2 = rows.columnOfThree(column &+ 2)
        let c3 = rows.columnOfThree(column &+ 3)
        let outputs = block.outputs(c0, c1, c2, c1, c2, c3, bytes)
        target.storeBytes(of: outputs.0, as: Bytes.self)
        (target + outputStep).storeBytes(of: outputs.1, as: Bytes.self)
        c0 = c2
        c1 = c3
      } else {
        let c2 = rows.columnOfThree(column &+ 2)
        let c4 = rows.columnOfThree(column &+ 4)
        let outputs = block.outputs(
          c0, rows.columnOfThree(column &+ 1), c2, c2, rows.columnOfThree(column &+ 3), c4, bytes)
        target.storeBytes(of: outputs.0, as: Bytes.self)
        (target + outputStep).storeBytes(of: outputs.1, as: Bytes.self)
        c0 = c4
      }
      column &+= 2 &* Step.count
      target += 2 &* outputStep
      rest &-= 2
    }
    while rest > 0 {
      let count = rest == 1 ? lastCount : 4 &* laneCount
      threeColumnsPixel(rows, column, panel, target, count, bytes, hasTwoParts: hasTwoParts)
      column &+= Step.count
      target += outputStep
      rest &-= 1
    }
    row &+= 1
  }
}

/// 3 kernel columns, up to 3 kernel rows, a last block of channels that is not full.
@inline(never)
func threeColumnsPart(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  let layer = task.layer
  let panel = block.panel
  let channel = block.channel
  let bytes = OutputVectors(
    zeroPoint: layer.output.zeroPoint, minimum: layer.output.minimum, maximum: layer.output.maximum,
    flip: layer.output.flip)
  var row = task.firstRow
  while row < task.endRow {
    let rows = InputRows(task, row: row, first: 0, channel: channel)
    var target = task.output + row &* layer.sizes.outputRowBytes + channel
    var column = 0 &- layer.sizes.paddingLeft
    var rest = layer.sizes.outputWidth
    while rest > 0 {
      let count = (rest == 1 ? layer.sizes.lastChannels : layer.sizes.channels) &- channel
      threeColumnsPixel(rows, column, panel, target, count, bytes, hasTwoParts: layer.sizes.parts == 2)
      column &+= layer.sizes.strideWidth
      target += layer.sizes.channels
      rest &-= 1
    }
    row &+= 1
  }
}

/// One output of the first `count` channels of a block.
@inline(__always)
private func threeColumnsPixel(
  _ rows: InputRows, _ column: Int, _ panel: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int,
  _ bytes: OutputVectors, hasTwoParts: Bool
) {
  let block = ThreeColumnBlock(panel, seesNegative: true, hasTwoParts: hasTwoParts)
  storeBlock(
    block.output(
      rows.columnOfThree(column), rows.columnOfThree(column &+ 1), rows.columnOfThree(column &+ 2), bytes),
    output, count)
}

/// A block of channels of a kernel with 3 columns.
private struct ThreeColumnBlock {
  let panel: UnsafeRawPointer
  let weights: UnsafeRawPointer
  let seesNegative: Bool
  let hasTwoParts: Bool

  @inline(__always)
  init(_ panel: UnsafeRawPointer, seesNegative: Bool, hasTwoParts: Bool) {
    self.panel = panel
    weights = panel + 4 &* PanelRow.count &* MemoryLayout<Lanes>.size
    self.seesNegative = seesNegative
    self.hasTwoParts = hasTwoParts
  }

  @inline(__always)
  private func products(_ first: Int, _ sum: Lanes, _ x: Lanes, _ y: Lanes, _ z: Lanes) -> Lanes {
    addProducts(
      addProducts(
        addProducts(sum, x, loadLanes(weights, first)), y, loadLanes(weights, 4 &+ first)), z,
      loadLanes(weights, 8 &+ first))
  }

  @inline(__always)
  private func sums(_ vector: Int, _ x: Lanes, _ y: Lanes, _ z: Lanes) -> Lanes {
    let sum = products(vector, loadLanes(panel, 4 &* PanelRow.bias &+ vector), x, y, z)
    return hasTwoParts ? products(12 &+ vector, sum, x, y, z) : sum
  }

  /// One vector of two outputs, which share its numbers.
  @inline(__always)
  private func scaled(
    _ vector: Int, _ x: Lanes, _ y: Lanes, _ z: Lanes, _ u: Lanes, _ v: Lanes, _ w: Lanes
  ) -> (Lanes, Lanes) {
    let factors = ScalingVectors(panel, vector: vector, of: 4)
    return (
      factors.scaled(sums(vector, x, y, z), seesNegative: seesNegative),
      factors.scaled(sums(vector, u, v, w), seesNegative: seesNegative)
    )
  }

  /// Two outputs, each of three columns.
  @inline(__always)
  func outputs(
    _ x: Column, _ y: Column, _ z: Column, _ u: Column, _ v: Column, _ w: Column, _ bytes: OutputVectors
  ) -> (Bytes, Bytes) {
    let a = scaled(0, x.a, y.a, z.a, u.a, v.a, w.a)
    let b = scaled(1, x.b, y.b, z.b, u.b, v.b, w.b)
    let c = scaled(2, x.c, y.c, z.c, u.c, v.c, w.c)
    let d = scaled(3, x.d, y.d, z.d, u.d, v.d, w.d)
    return (bytes.narrowed(a.0, b.0, c.0, d.0), bytes.narrowed(a.1, b.1, c.1, d.1))
  }

  /// One output.
  @inline(__always)
  func output(_ x: Column, _ y: Column, _ z: Column, _ bytes: OutputVectors) -> Bytes {
    @inline(__always)
    func one(_ vector: Int, _ x: Lanes, _ y: Lanes, _ z: Lanes) -> Lanes {
      ScalingVectors(panel, vector: vector, of: 4).scaled(sums(vector, x, y, z), seesNegative: seesNegative)
    }
    return bytes.narrowed(
      one(0, x.a, y.a, z.a), one(1, x.b, y.b, z.b), one(2, x.c, y.c, z.c), one(3, x.d, y.d, z.d))
  }
}

/// Kernels of any size, one output at a time.
@inline(never)
func anyKernel(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  let layer = task.layer
  let sizes = layer.sizes
  let blockChannels = 4 &* laneCount
  let panel = block.panel
  let channel = block.channel
  let bytes = OutputVectors(
    zeroPoint: layer.output.zeroPoint, minimum: layer.output.minimum, maximum: layer.output.maximum,
    flip: layer.output.flip)
  var row = task.firstRow
  while row < task.endRow {
    let count = min(blockChannels, sizes.channels &- channel)
    let lastCount = min(blockChannels, sizes.lastChannels &- channel)
    var target = task.output + row &* sizes.outputRowBytes + channel
    var origin = 0 &- sizes.paddingLeft
    var left = sizes.outputWidth
    while left > 0 {
      anyOutput(task, row, channel, origin, panel, target, left == 1 ? lastCount : count, bytes)
      origin &+= sizes.strideWidth
      target += sizes.channels
      left &-= 1
    }
    row &+= 1
  }
}

@inline(__always)
private func anyOutput(
  _ task: DepthwiseTask, _ row: Int, _ channel: Int, _ origin: Int, _ panel: UnsafeRawPointer,
  _ output: UnsafeMutableRawPointer, _ count: Int, _ bytes: OutputVectors
) {
  let sizes = task.layer.sizes
  var sums = Row4(panel)
  var weights = panel + 4 &* PanelRow.count &* MemoryLayout<Lanes>.size
  let partBytes = (sizes.kernelHeight &+ 3) / 4 &* sizes.kernelWidth &* 4 &* MemoryLayout<Lanes>.size
  var tap = 0
  while tap < sizes.kernelHeight {
    let rows = InputRows(task, row: row, first: tap, channel: channel)
    var column = origin
    var left = sizes.kernelWidth
    while left > 0 {
      let values = rows.columnOfFour(column)
      add(&sums, values, weights)
      if sizes.parts == 2 { add(&sums, values, weights + partBytes) }
      weights += 4 &* MemoryLayout<Lanes>.size
      column &+= sizes.dilationWidth
      left &-= 1
    }
    tap &+= 4
  }
  var tile = Tile1<Row4>(bias: sums)
  tile.scale(panel, seesNegative: task.layer.output.seesNegative)
  tile.store(output, count, bytes)
}

@inline(__always)
private func add(_ sums: inout Row4, _ values: Column, _ weights: UnsafeRawPointer) {
  sums.a = addProducts(sums.a, values.a, loadLanes(weights, 0))
  sums.b = addProducts(sums.b, values.b, loadLanes(weights, 1))
  sums.c = addProducts(sums.c, values.c, loadLanes(weights, 2))
  sums.d = addProducts(sums.d, values.d, loadLanes(weights, 3))
}

extension Tile1 where Row == Row4 {
  /// Stores the first `count` bytes.
  @inline(__always)
  fileprivate func store(_ output: UnsafeMutableRawPointer, _ count: Int, _ bytes: OutputVectors) {
    storeBlock(bytes.narrowed(row.a, row.b, row.c, row.d), output, count)
  }
}

/// The bytes of a block of channels, as uint8.
@inline(__always)
private func loadBytes(_ base: UnsafeRawPointer, _ flip: Lanes) -> Bytes {
  flippedBytes(base.loadUnaligned(as: Bytes.self), flip)
}

/// Stores the first `count` bytes of a block; all, if that is more than there are.
@inline(__always)
private func storeBlock(_ bytes: Bytes, _ output: UnsafeMutableRawPointer, _ count: Int) {
  if count >= 4 &* laneCount {
    output.storeBytes(of: bytes, as: Bytes.self)
  } else {
    storePart(bytes, output, count)
  }
}

@inline(never)
func storePart(_ bytes: Bytes, _ output: UnsafeMutableRawPointer, _ count: Int) {
  withUnsafeBytes(of: bytes) { source in
    guard let base = source.baseAddress else { return }
    var place = 0
    while place &+ 16 <= count {
      let part = base.loadUnaligned(fromByteOffset: place, as: SIMD16<Int8>.self)
      output.storeBytes(of: part, toByteOffset: place, as: SIMD16<Int8>.self)
      place &+= 16
    }
    while place < count {
      output.storeBytes(of: base.load(fromByteOffset: place, as: Int8.self), toByteOffset: place, as: Int8.self)
      place &+= 1
    }
  }
}
