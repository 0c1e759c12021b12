import KernelInterface

/// Pools of bytes: 64 channels at a time, along a row of outputs.
///
/// Averages of more than 256 elements, whose sums need 32 bits, have a loop of their own.
func poolKernel(_ task: PoolTask) {
  switch (task.layer.isMaximum, task.layer.isUnsigned) {
  case (true, false): signedMaximumPool(task)
  case (true, true): unsignedMaximumPool(task)
  case (false, let isUnsigned):
    if task.layer.kernelHeight &* task.layer.kernelWidth > 256 {
      largeAveragePool(task)
    } else if isUnsigned {
      unsignedAveragePool(task)
    } else {
      signedAveragePool(task)
    }
  }
}

// One function for each case, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func signedMaximumPool(_ task: PoolTask) { pool(task, SignedMaxima.self) }

@inline(never)
func unsignedMaximumPool(_ task: PoolTask) { pool(task, UnsignedMaxima.self) }

@inline(never)
func signedAveragePool(_ task: PoolTask) { pool(task, SignedSums.self) }

@inline(never)
func unsignedAveragePool(_ task: PoolTask) { pool(task, UnsignedSums.self) }

/// The input lines under a row of outputs, at a block of channels.
private struct PoolLines {
  /// The first line inside the image, at its first pixel.
  let first: UnsafeRawPointer
  let count: Int
  let lineStep: Int
  let pixelStep: Int
  let width: Int

  @inline(__always)
  init(_ task: PoolTask, row: Int, channel: Int) {
    let layer = task.layer
    let image = row / layer.outputHeight
    let top = row % layer.outputHeight &* layer.strideHeight &- layer.paddingTop
    let from = max(top, 0)
    count = min(top &+ layer.kernelHeight, layer.inputHeight) &- from
    pixelStep = layer.channels
    lineStep = layer.inputWidth &* layer.channels
    width = layer.inputWidth
    first = task.input + ((image &* layer.inputHeight &+ from) &* lineStep &+ channel)
  }

  /// Takes in a column's pixels.
  @inline(__always)
  func add<Gatherer: PoolGatherer>(_ column: Int, to gatherer: inout Gatherer) {
    var pixel = first + column &* pixelStep
    var left = count
    while left > 0 {
      gatherer.add(pixel)
      pixel += lineStep
      left &-= 1
    }
  }

  /// A column's pixels; none outside the image.
  @inline(__always)
  func column<Gatherer: PoolGatherer>(_ column: Int, _: Gatherer.Type) -> Gatherer {
    var gatherer = Gatherer()
    if column >= 0, column < width { add(column, to: &gatherer) }
    return gatherer
  }
}

@inline(__always)
private func pool<Gatherer: PoolGatherer>(_ task: PoolTask, _: Gatherer.Type) {
  let layer = task.layer
  let bounds = PoolBounds(minimum: layer.minimum, maximum: layer.maximum)
  let sharesColumns = layer.kernelWidth == 3 && layer.strideWidth == 1
  var row = task.firstRow
  while row < task.endRow {
    let line = task.output + row &* layer.outputWidth &* layer.channels
    var channel = 0
    while channel < layer.channels {
      // The last block of several overlaps the one before.
      if layer.channels >= 64 { channel = min(channel, layer.channels &- 64) }
      let lines = PoolLines(task, row: row, channel: channel)
      let count = min(64, layer.channels)
      if sharesColumns {
        sharingRow(layer, lines, line + channel, count, bounds, Gatherer.self)
      } else {
        plainRow(layer, lines, line + channel, count, bounds, Gatherer.self)
      }
      channel &+= 64
    }
    row &+= 1
  }
}

/// One window after the other.
@inline(__always)
private func plainRow<Gatherer: PoolGatherer>(
  _ layer: PoolLayer, _ lines: PoolLines, _ output: UnsafeMutableRawPointer, _ channels: Int, _ bounds: PoolBounds,
  _: Gatherer.Type
) {
  var target = output
  var origin = 0 &- layer.paddingLeft
  var rest = layer.outputWidth
  while rest > 0 {
    let first = max(origin, 0)
    let end = min(origin &+ layer.kernelWidth, layer.inputWidth)
    var gatherer = Gatherer()
    var column = first
    while column < end {
      lines.add(column, to: &gatherer)
      column &+= 1
    }
    store64(gatherer.bytes((end &- first) &* lines.count, bounds), target, channels)
    target += layer.channels
    origin &+= layer.strideWidth
    rest &-= 1
  }
}

/// Windows of 3 columns that move by one: each column is gathered once.
@inline(__always)
private func sharingRow<Gatherer: PoolGatherer>(
  _ layer: PoolLayer, _ lines: PoolLines, _ output: UnsafeMutableRawPointer, _ channels: Int, _ bounds: PoolBounds,
  _: Gatherer.Type
) {
  var target = output
  var origin = 0 &- layer.paddingLeft
  var rest = layer.outputWidth
  var before = lines.column(origin, Gatherer.self)
  var middle = lines.column(origin &+ 1, Gatherer.self)
  while rest > 0 {
    let behind = lines.column(origin &+ 2, Gatherer.self)
    var window = before
    window.add(middle)
    window.add(behind)
    let columns = min(origin &+ 3, layer.inputWidth) &- max(origin, 0)
    store64(window.bytes(columns &* lines.count, bounds), target, channels)
    before = middle
    middle = behind
    target += layer.channels
    origin &+= 1
    rest &-= 1
  }
}

/// Averages of any count of elements, each sum at most `2^31`, one channel at a time in the end.
@inline(never)
func largeAveragePool(_ task: PoolTask) {
  let layer = task.layer
  var row = task.firstRow
  while row < task.endRow {
    var channel = 0
    while channel < layer.channels {
      let lines = PoolLines(task, row: row, channel: channel)
      var column = 0
      while column < layer.outputWidth {
        let origin = column &* layer.strideWidth &- layer.paddingLeft
        let first = max(origin, 0)
        let end = min(origin &+ layer.kernelWidth, layer.inputWidth)
        let target = task.output + (row &* layer.outputWidth &+ column) &* layer.channels + channel
        largeAverages(layer, lines, first, end, target, min(64, layer.channels &- channel))
        column &+= 1
      }
      channel &+= 64
    }
    row &+= 1
  }
}

@inline(__always)
private func largeAverages(
  _ layer: PoolLayer, _ lines: PoolLines, _ first: Int, _ end: Int, _ output: UnsafeMutableRawPointer, _ channels: Int
) {
  // uint8 elements are summed as int8 ones, 128 less.
  let flip = byteFlip(layer.isUnsigned)
  let elements = Int32(truncatingIfNeeded: (end &- first) &* lines.count)
  let offset = layer.isUnsigned ? elements &* 128 : 0
  var sums = WideSums()
  var line = 0
  while line < lines.count {
    var pixel = lines.first + line &* lines.lineStep + first &* lines.pixelStep
    var left = end &- first
    while left > 0 {
      sums.add(pixel, flip: flip)
      pixel += lines.pixelStep
      left &-= 1
    }
    line &+= 1
  }
  @inline(__always)
  func store(_ sums: Sixteen, _ start: Int) {
    storeAverages(sums, layer, elements, offset, output + start, channels &- start)
  }
  store(sums.first, 0)
  store(sums.second, 16)
  store(sums.third, 32)
  store(sums.fourth, 48)
}

/// Divides up to 16 sums and stores them; none if `count` is not above 0.
@inline(never)
func storeAverages(
  _ sums: Sixteen, _ layer: PoolLayer, _ elements: Int32, _ offset: Int32, _ output: UnsafeMutableRawPointer,
  _ count: Int
) {
  let half = elements / 2
  var channel = 0
  while channel < min(count, 16) {
    let sum = sums[channel] &+ offset
    let average = sum > 0 ? (sum &+ half) / elements : (sum &- half) / elements
    let clamped = min(max(average, layer.minimum), layer.maximum)
    output.storeBytes(of: UInt8(truncatingIfNeeded: clamped), toByteOffset: channel, as: UInt8.self)
    channel &+= 1
  }
}
