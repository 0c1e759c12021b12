import KernelInterface

/// A kernel with 5 columns and 5 rows that moves by 1 or 2 columns, for one block of channels.
///
/// The bytes of the first 4 rows are in one lane a column, as for any kernel. Of the fifth row a lane has the bytes of 4
/// columns: those of the window's first four, and, in the lane that the next output begins with, its last one.
func fiveColumnKernel(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  let sizes = task.layer.sizes
  switch (sizes.parts, sizes.strideWidth, isPositive(task.layer.output.scaling)) {
  case (2, 1, _): fiveColumnsOneStepTwoParts(task, block)
  case (2, _, _): fiveColumnsTwoStepsTwoParts(task, block)
  case (_, 1, true): fiveColumnsOneStepPositive(task, block)
  case (_, 1, false): fiveColumnsOneStep(task, block)
  case (_, _, true): fiveColumnsTwoStepsPositive(task, block)
  default: fiveColumnsTwoSteps(task, block)
  }
}

// One function for each case, not generic and not private: their symbols are then strong ones of this module. Layers
// whose weights have two parts are scaled with signs, which is right for all.

@inline(never)
func fiveColumnsOneStep(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  fiveColumns(task, block, stride: 1, .signed, hasTwoParts: false)
}

@inline(never)
func fiveColumnsOneStepPositive(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  fiveColumns(task, block, stride: 1, .positive, hasTwoParts: false)
}

@inline(never)
func fiveColumnsOneStepTwoParts(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  fiveColumns(task, block, stride: 1, .signed, hasTwoParts: true)
}

@inline(never)
func fiveColumnsTwoSteps(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  fiveColumns(task, block, stride: 2, .signed, hasTwoParts: false)
}

@inline(never)
func fiveColumnsTwoStepsPositive(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  fiveColumns(task, block, stride: 2, .positive, hasTwoParts: false)
}

@inline(never)
func fiveColumnsTwoStepsTwoParts(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  fiveColumns(task, block, stride: 2, .signed, hasTwoParts: true)
}

/// The rows under a kernel of 5.
private struct FiveRows {
  private let first: InputRows
  private let last: InputRows

  @inline(__always)
  init(_ task: DepthwiseTask, row: Int, channel: Int) {
    first = InputRows(task, row: row, first: 0, channel: channel)
    last = InputRows(task, row: row, first: 4, channel: channel)
  }

  /// 4 rows of a column.
  @inline(__always)
  func column(_ column: Int) -> Column { first.columnOfFour(column) }

  /// The fifth row's bytes of a column.
  @inline(__always)
  func bytes(_ column: Int) -> Bytes {
    guard column >= 0 && column < last.width else { return unsafeBitCast(last.padding, to: Bytes.self) }
    return loadBytes(last.r0 + column &* last.step, last.flip)
  }

  /// The fifth row's bytes of 4 columns.
  @inline(__always)
  func fifth(_ column: Int) -> Column {
    joined(bytes(column), bytes(column &+ 1), bytes(column &+ 2), bytes(column &+ 3))
  }

  @inline(__always)
  func joined(_ b0: Bytes, _ b1: Bytes, _ b2: Bytes, _ b3: Bytes) -> Column {
    let lanes = interleaved(b0, b1, b2, b3)
    return Column(a: lanes.0, b: lanes.1, c: lanes.2, d: lanes.3)
  }
}

/// What one output sees: 5 columns of 4 rows, and of the fifth row the 4 columns that it begins with and those that the
/// next output begins with.
private struct FiveWindow {
  let c0: Column
  let c1: Column
  let c2: Column
  let c3: Column
  let c4: Column
  let fifth: Column
  let next: Column
}

/// Two outputs at a time, whole blocks of bytes: where a pixel has fewer channels, those of the next ones, which are
/// written later, are overwritten; the last pixels of a row are written alone.
@inline(__always)
private func fiveColumns(
  _ task: DepthwiseTask, _ block: DepthwiseBlock, stride: Int, _ scaling: SumScaling, hasTwoParts: Bool
) {
  let layer = task.layer
  let kernel = FiveColumns(block.panel, scaling, hasTwoParts: hasTwoParts)
  let bytes = OutputVectors(
    zeroPoint: layer.output.zeroPoint, minimum: layer.output.minimum, maximum: layer.output.maximum,
    flip: layer.output.flip)
  let outputStep = layer.sizes.channels
  // Bytes of a row behind the begin of the last pixel's channels of this block.
  let lastCount = layer.sizes.lastChannels &- block.channel
  var row = task.firstRow
  while row < task.endRow {
    let rows = FiveRows(task, row: row, channel: block.channel)
    var target = task.output + row &* layer.sizes.outputRowBytes + block.channel
    var column = 0 &- layer.sizes.paddingLeft
    var rest = layer.sizes.outputWidth
    if rest >= 2, (rest &- 2) &* outputStep &+ lastCount >= 4 &* laneCount {
      var c0 = rows.column(column)
      var c1 = rows.column(column &+ 1)
      var c2 = rows.column(column &+ 2)
      var c3 = stride == 1 ? rows.column(column &+ 3) : c2
      var fifth = rows.fifth(column)
      var b1 = rows.bytes(column &+ 1)
      var b2 = rows.bytes(column &+ 2)
      var b3 = rows.bytes(column &+ 3)
      repeat {
        let outputs: (Bytes, Bytes)
        if stride == 1 {
          let c4 = rows.column(column &+ 4)
          let c5 = rows.column(column &+ 5)
          let b4 = rows.bytes(column &+ 4)
          let b5 = rows.bytes(column &+ 5)
          let middle = rows.joined(b1, b2, b3, b4)
          let last = rows.joined(b2, b3, b4, b5)
          outputs = kernel.outputs(
            FiveWindow(c0: c0, c1: c1, c2: c2, c3: c3, c4: c4, fifth: fifth, next: middle),
            FiveWindow(c0: c1, c1: c2, c2: c3, c3: c4, c4: c5, fifth: middle, next: last), bytes)
          c0 = c2
          c1 = c3
          c2 = c4
          c3 = c5
          b1 = b3
          b2 = b4
          b3 = b5
          fifth = last
        } else {
          c3 = rows.column(column &+ 3)
          let c4 = rows.column(column &+ 4)
          let c5 = rows.column(column &+ 5)
          let c6 = rows.column(column &+ 6)
          let b4 = rows.bytes(column &+ 4)
          let b5 = rows.bytes(column &+ 5)
          let b6 = rows.bytes(column &+ 6)
          let b7 = rows.bytes(column &+ 7)
          let middle = rows.joined(b2, b3, b4, b5)
          let last = rows.joined(b4, b5, b6, b7)
          outputs = kernel.outputs(
            FiveWindow(c0: c0, c1: c1, c2: c2, c3: c3, c4: c4, fifth: fifth, next: middle),
            FiveWindow(c0: c2, c1: c3, c2: c4, c3: c5, c4: c6, fifth: middle, next: last), bytes)
          c0 = c4
          c1 = c5
          c2 = c6
          b2 = b6
          b3 = b7
          fifth = last
        }
        target.storeBytes(of: outputs.0, as: Bytes.self)
        (target + outputStep).storeBytes(of: outputs.1, as: Bytes.self)
        column &+= 2 &* stride
        target += 2 &* outputStep
        rest &-= 2
      } while rest >= 2 && (rest &- 2) &* outputStep &+ lastCount >= 4 &* laneCount
    }
    while rest > 0 {
      let count = rest == 1 ? lastCount : outputStep &- block.channel
      let output = kernel.output(
        FiveWindow(
          c0: rows.column(column), c1: rows.column(column &+ 1), c2: rows.column(column &+ 2),
          c3: rows.column(column &+ 3), c4: rows.column(column &+ 4), fifth: rows.fifth(column),
          next: rows.fifth(column &+ stride)), bytes)
      storeBlock(output, target, count)
      column &+= stride
      target += outputStep
      rest &-= 1
    }
    row &+= 1
  }
}

/// A block of channels of a kernel with 5 columns and rows.
private struct FiveColumns {
  private let panel: UnsafeRawPointer
  private let weights: UnsafeRawPointer
  private let scaling: SumScaling
  private let hasTwoParts: Bool

  @inline(__always)
  init(_ panel: UnsafeRawPointer, _ scaling: SumScaling, hasTwoParts: Bool) {
    self.panel = panel
    weights = panel + 4 &* PanelRow.count &* MemoryLayout<Lanes>.size
    self.scaling = scaling
    self.hasTwoParts = hasTwoParts
  }

  /// The vector of that number of a column.
  @inline(__always)
  private func lanes(_ column: Column, _ vector: Int) -> Lanes {
    vector == 0 ? column.a : vector == 1 ? column.b : vector == 2 ? column.c : column.d
  }

  /// Adds the products with one part of the weights, whose vectors begin with that number.
  @inline(__always)
  private func add(_ window: FiveWindow, _ vector: Int, from first: Int, to sum: inout Lanes) {
    sum = addProducts(sum, lanes(window.c0, vector), loadLanes(weights, first &+ vector))
    sum = addProducts(sum, lanes(window.c1, vector), loadLanes(weights, first &+ 4 &+ vector))
    sum = addProducts(sum, lanes(window.c2, vector), loadLanes(weights, first &+ 8 &+ vector))
    sum = addProducts(sum, lanes(window.c3, vector), loadLanes(weights, first &+ 12 &+ vector))
    sum = addProducts(sum, lanes(window.c4, vector), loadLanes(weights, first &+ 16 &+ vector))
    sum = addProducts(sum, lanes(window.fifth, vector), loadLanes(weights, first &+ 20 &+ vector))
    sum = addProducts(sum, lanes(window.next, vector), loadLanes(weights, first &+ 24 &+ vector))
  }

  @inline(__always)
  private func sum(_ window: FiveWindow, _ vector: Int) -> Lanes {
    var sum = loadLanes(panel, 4 &* PanelRow.bias &+ vector)
    add(window, vector, from: 0, to: &sum)
    if hasTwoParts { add(window, vector, from: 28, to: &sum) }
    return sum
  }

  /// One vector of two outputs, which share its numbers.
  @inline(__always)
  private func scaled(_ vector: Int, _ first: FiveWindow, _ second: FiveWindow) -> (Lanes, Lanes) {
    let factors = ScalingVectors(panel, vector: vector, of: 4)
    return (factors.scaled(sum(first, vector), scaling), factors.scaled(sum(second, vector), scaling))
  }

  /// Two outputs.
  @inline(__always)
  func outputs(_ first: FiveWindow, _ second: FiveWindow, _ bytes: OutputVectors) -> (Bytes, Bytes) {
    let a = scaled(0, first, second)
    let b = scaled(1, first, second)
    let c = scaled(2, first, second)
    let d = scaled(3, first, second)
    return (bytes.narrowed(a.0, b.0, c.0, d.0), bytes.narrowed(a.1, b.1, c.1, d.1))
  }

  /// One output.
  @inline(__always)
  func output(_ window: FiveWindow, _ bytes: OutputVectors) -> Bytes {
    @inline(__always)
    func one(_ vector: Int) -> Lanes {
      ScalingVectors(panel, vector: vector, of: 4).scaled(sum(window, vector), scaling)
    }
    return bytes.narrowed(one(0), one(1), one(2), one(3))
  }
}
