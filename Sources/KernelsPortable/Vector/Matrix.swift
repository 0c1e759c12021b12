import KernelInterface

/// Convolution and fully connected: tiles of rows and blocks of channels. See ``MatrixLayer`` for the layout.
///
/// Blocks are outermost, so that a block's weights stay in the nearest cache while the input passes by.
func matrixKernel(_ task: MatrixTask) {
  let layer = task.layer
  let full = 4 &* laneCount
  var block = task.firstBlock
  while block < task.endBlock {
    let panel = layer.panels + block &* layer.panelStride
    let channels = min(full, layer.channels &- block &* full)
    let output = task.output + block &* full &* (layer.storesSums ? 4 : 1)
    switch (channels &+ laneCount &- 1) / laneCount {
    case 4 where channels == full: fullBlockKernel(task, panel, output)
    case 4: partialBlockKernel(task, panel, output, channels)
    case 3: blockKernel3(task, panel, output, channels)
    case 2 where channels == 2 &* laneCount && !layer.storesSums: halfBlockKernel(task, panel, output)
    case 2: blockKernel2(task, panel, output, channels)
    default: blockKernel1(task, panel, output, channels)
    }
    block &+= 1
  }
}

// One function for each width, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func fullBlockKernel(_ task: MatrixTask, _ panel: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
  blockKernel(FastTile<Row4>.self, Tile1<Row4>.self, task, panel, output, 4 &* laneCount)
}

@inline(never)
func partialBlockKernel(
  _ task: MatrixTask, _ panel: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ channels: Int
) {
  blockKernel(FastTile<PartialRow4>.self, Tile1<PartialRow4>.self, task, panel, output, channels)
}

@inline(never)
func blockKernel3(
  _ task: MatrixTask, _ panel: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ channels: Int
) {
  blockKernel(FastTile<Row3>.self, Tile1<Row3>.self, task, panel, output, channels)
}

@inline(never)
func halfBlockKernel(_ task: MatrixTask, _ panel: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
  blockKernel(FastTile<HalfRow>.self, Tile1<HalfRow>.self, task, panel, output, 2 &* laneCount)
}

@inline(never)
func blockKernel2(
  _ task: MatrixTask, _ panel: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ channels: Int
) {
  blockKernel(FastTile<Row2>.self, Tile1<Row2>.self, task, panel, output, channels)
}

@inline(never)
func blockKernel1(
  _ task: MatrixTask, _ panel: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ channels: Int
) {
  blockKernel(FastTile<Row1>.self, Tile1<Row1>.self, task, panel, output, channels)
}

/// All rows of a task, for one block of channels.
@inline(__always)
private func blockKernel<Tile: RowTile, Single: RowTile>(
  _: Tile.Type, _: Single.Type, _ task: MatrixTask, _ panel: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
  _ channels: Int
) {
  let layer = task.layer
  let bytes = OutputVectors(
    zeroPoint: layer.output.zeroPoint, minimum: layer.output.minimum, maximum: layer.output.maximum,
    flip: layer.output.flip)
  var place = RowPlace(task.firstRow, layer)
  var row = task.firstRow
  while row < task.endRow {
    let rest = task.endRow &- row
    let target = output + row &* layer.outputStride
    if rest >= Tile.rows || rest > 2 {
      let count = min(rest, Tile.rows)
      let windows = place.windows(task.input, layer, count)
      tileKernel(Tile.self, task, windows, panel, target, row, count, channels, bytes)
      row &+= count
    } else {
      let windows = place.windows(task.input, layer, 1)
      tileKernel(Single.self, task, windows, panel, target, row, 1, channels, bytes)
      row &+= 1
    }
  }
}

@inline(__always)
private func tileKernel<Tile: RowTile>(
  _: Tile.Type, _ task: MatrixTask, _ windows: Windows, _ panel: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
  _ row: Int, _ count: Int, _ channels: Int, _ bytes: OutputVectors
) {
  let layer = task.layer
  // From memory: of a vector that it knows to be one number the compiler would flip that number, and then have to
  // spread the result, where the broadcast from memory costs nothing.
  let flip = loadLanes(panel, PanelRow.flip &* Tile.Row.width)
  var weights = panel + PanelRow.count &* Tile.Row.width &* MemoryLayout<Lanes>.size
  var tile = Tile(bias: Tile.Row(panel))
  var segment = 0
  repeat {
    let offset = layer.segments[segment].offset
    let end = offset &+ 4 &* layer.segments[segment].groups
    tile.addSegment(windows, from: offset, to: end, &weights, flip: flip)
    segment &+= 1
  } while segment < layer.segmentCount
  if let terms = task.rowTerms { tile.add(terms: terms + row, count: count) }
  if layer.storesSums {
    tile.storeSums(output, stride: layer.outputStride, count: count, channels: channels)
    return
  }
  switch layer.output.scaling {
  case .positive: tile.scale(panel, .positive)
  case .signed: tile.scale(panel, .signed)
  case .general: tile.scale(panel, .general)
  }
  tile.store(output, stride: layer.outputStride, count: count, bytes, channels: channels)
}

/// Where in its image a row of outputs lies, and its window in the input.
private struct RowPlace {
  private var column: Int
  private var line: Int
  private var window: Int
  private var lineWindow: Int
  private var imageWindow: Int

  @inline(__always)
  init(_ row: Int, _ layer: MatrixLayer) {
    column = row % layer.outputWidth
    let lines = row / layer.outputWidth
    line = lines % layer.outputHeight
    imageWindow = lines / layer.outputHeight &* layer.imageStride
    lineWindow = imageWindow &+ line &* layer.rowStride
    window = lineWindow &+ column &* layer.columnStride
  }

  @inline(__always)
  private mutating func advance(_ layer: MatrixLayer) {
    column &+= 1
    window &+= layer.columnStride
    guard column == layer.outputWidth else { return }
    column = 0
    line &+= 1
    lineWindow &+= layer.rowStride
    if line == layer.outputHeight {
      line = 0
      imageWindow &+= layer.imageStride
      lineWindow = imageWindow
    }
    window = lineWindow
  }

  /// The windows of the next `count` rows, 1 to 6; moves behind them.
  @inline(__always)
  mutating func windows(_ input: UnsafeRawPointer, _ layer: MatrixLayer, _ count: Int) -> Windows {
    let first = input + window
    var windows = Windows(w0: first, w1: first, w2: first, w3: first, w4: first, w5: first)
    advance(layer)
    if count > 1 {
      windows.w1 = input + window
      advance(layer)
    }
    if count > 2 {
      windows.w2 = input + window
      advance(layer)
    }
    if count > 3 {
      windows.w3 = input + window
      advance(layer)
    }
    if count > 4 {
      windows.w4 = input + window
      advance(layer)
    }
    if count > 5 {
      windows.w5 = input + window
      advance(layer)
    }
    return windows
  }
}
