import KernelInterface

/// Depthwise convolution. See ``DepthwiseLayer`` for the layout.
///
/// The bytes of 4 kernel rows in a column of the input are brought into one lane a channel, so that a dot product of 4
/// bytes adds a whole column. Blocks of channels are outermost: their numbers and the rows under the kernel stay in the
/// nearest cache.
func depthwiseKernel(_ task: DepthwiseTask) {
  let sizes = task.layer.sizes
  var block = DepthwiseBlock(panel: task.layer.panels, channel: 0)
  let last = sizes.channels &- 4 &* laneCount
  while true {
    if sizes.kernelHeight <= 3 && sizes.kernelWidth == 3 && !isGeneral(task.layer.output.scaling) {
      threeColumnKernel(task, block)
    } else if sizes.joinsFifthRow {
      fiveColumnKernel(task, block)
    } else {
      anyKernel(task, block)
    }
    if block.channel >= last { return }
    block.channel = min(block.channel &+ 4 &* laneCount, last)
    block.panel += task.layer.panelStride
  }
}

// Comparing with `==` would bring a witness of the standard library's protocol into the module.

@inline(__always)
func isGeneral(_ scaling: SumScaling) -> Bool {
  switch scaling {
  case .general: true
  case .positive, .signed: false
  }
}

@inline(__always)
func isPositive(_ scaling: SumScaling) -> Bool {
  switch scaling {
  case .positive: true
  case .general, .signed: false
  }
}

/// A block of channels: its panel and its first channel.
struct DepthwiseBlock {
  var panel: UnsafeRawPointer
  var channel: Int
}

/// The columns under a kernel, of one block of channels.
struct Column {
  var a: Lanes
  var b: Lanes
  var c: Lanes
  var d: Lanes
}

/// 4 rows of the input, at a block of channels, and what lies beside them.
struct InputRows {
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
  switch task.layer.output.scaling {
  case .positive: tile.scale(panel, .positive)
  case .signed: tile.scale(panel, .signed)
  case .general: tile.scale(panel, .general)
  }
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
func loadBytes(_ base: UnsafeRawPointer, _ flip: Lanes) -> Bytes {
  flippedBytes(base.loadUnaligned(as: Bytes.self), flip)
}

/// Stores the first `count` bytes of a block; all, if that is more than there are.
@inline(__always)
func storeBlock(_ bytes: Bytes, _ output: UnsafeMutableRawPointer, _ count: Int) {
  if count >= 4 &* laneCount {
    output.storeBytes(of: bytes, as: Bytes.self)
  } else {
    storePart(bytes, output, count)
  }
}

@inline(never)
func storePart(_ bytes: Bytes, _ output: UnsafeMutableRawPointer, _ count: Int) {
  var copy = bytes
  withUnsafeBytes(of: &copy) { source in
    if let base = source.baseAddress { copySome(base, output, count) }
  }
}
