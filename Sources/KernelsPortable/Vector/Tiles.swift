import KernelInterface

/// The rows of outputs that are computed at a time for a block of channels, in registers.
protocol RowTile {
  associatedtype Row: VectorRow
  static var rows: Int { get }

  /// All rows at their biases.
  init(bias: Row)

  /// Adds the terms of the rows, of which there are `count`.
  mutating func add(terms: UnsafePointer<Int32>, count: Int)

  /// Adds the products of one segment.
  ///
  /// - Parameters:
  ///   - windows: where each row's window begins.
  ///   - offset: where in it the segment begins, in bytes.
  ///   - end: where it ends.
  ///   - weights: the segment's weights; moved behind them.
  mutating func addSegment(
    _ windows: Windows, from offset: Int, to end: Int, _ weights: inout UnsafeRawPointer, flip: Lanes)

  /// Scales all sums.
  mutating func scale(_ panel: UnsafeRawPointer, _ scaling: SumScaling)

  /// Stores the first `count` rows.
  func store(
    _ output: UnsafeMutableRawPointer, stride: Int, count: Int, _ bytes: OutputVectors, channels: Int)

  /// Stores the first `count` rows of sums as they are.
  func storeSums(_ output: UnsafeMutableRawPointer, stride: Int, count: Int, channels: Int)
}

/// Where the windows of a tile's rows begin; those beyond the last row repeat it.
struct Windows {
  var w0: UnsafeRawPointer
  var w1: UnsafeRawPointer
  var w2: UnsafeRawPointer
  var w3: UnsafeRawPointer
  var w4: UnsafeRawPointer
  var w5: UnsafeRawPointer
}

/// 4 bytes of the input in every lane, as uint8.
@inline(__always)
func activations(_ window: UnsafeRawPointer, _ offset: Int, _ flip: Lanes) -> Lanes {
  flipped(splat(window.loadUnaligned(fromByteOffset: offset, as: Int32.self)), flip)
}

extension VectorRow {
  /// Stores the first `channels` sums.
  @inline(__always)
  func storeSums(_ output: UnsafeMutableRawPointer, channels: Int) {
    storeLanes(a, output, channels)
    if Self.width > 1 { storeLanes(b, output + 4 &* laneCount, channels &- laneCount) }
    if Self.width > 2 { storeLanes(c, output + 8 &* laneCount, channels &- 2 &* laneCount) }
    if Self.width > 3 { storeLanes(d, output + 12 &* laneCount, channels &- 3 &* laneCount) }
  }
}

/// Stores the first `count` lanes; all, if that is more than there are.
@inline(__always)
private func storeLanes(_ lanes: Lanes, _ output: UnsafeMutableRawPointer, _ count: Int) {
  if count >= laneCount {
    output.storeBytes(of: lanes, as: Lanes.self)
  } else {
    storeSomeLanes(lanes, output, count)
  }
}

@inline(never)
func storeSomeLanes(_ lanes: Lanes, _ output: UnsafeMutableRawPointer, _ count: Int) {
  var place = 0
  while place < count {
    output.storeBytes(of: lanes[place], toByteOffset: 4 &* place, as: Int32.self)
    place &+= 1
  }
}

/// One row, for what is left over and for products of a matrix with a vector.
struct Tile1<Row: VectorRow>: RowTile {
  static var rows: Int { @inline(__always) get { 1 } }
  private var r0: Row
  var row: Row { @inline(__always) get { r0 } }

  @inline(__always)
  init(bias: Row) { r0 = bias }

  @inline(__always)
  mutating func add(terms: UnsafePointer<Int32>, count: Int) { r0.add(terms[0]) }

  @inline(__always)
  mutating func addSegment(
    _ windows: Windows, from offset: Int, to end: Int, _ weights: inout UnsafeRawPointer, flip: Lanes
  ) {
    var place = offset
    while place < end {
      r0.add(activations(windows.w0, place, flip), Row(weights))
      weights += Row.width &* MemoryLayout<Lanes>.size
      place &+= 4
    }
  }

  @inline(__always)
  mutating func scale(_ panel: UnsafeRawPointer, _ scaling: SumScaling) {
    let width = Row.width
    r0.a = ScalingVectors(panel, vector: 0, of: width).scaled(r0.a, scaling)
    if width > 1 { r0.b = ScalingVectors(panel, vector: 1, of: width).scaled(r0.b, scaling) }
    if width > 2 { r0.c = ScalingVectors(panel, vector: 2, of: width).scaled(r0.c, scaling) }
    if width > 3 { r0.d = ScalingVectors(panel, vector: 3, of: width).scaled(r0.d, scaling) }
  }

  @inline(__always)
  func store(
    _ output: UnsafeMutableRawPointer, stride: Int, count: Int, _ bytes: OutputVectors, channels: Int
  ) {
    r0.store(output, bytes, count: channels)
  }

  @inline(__always)
  func storeSums(_ output: UnsafeMutableRawPointer, stride: Int, count: Int, channels: Int) {
    r0.storeSums(output, channels: channels)
  }
}
