/// Two rows.
struct Tile2<Row: VectorRow>: RowTile {
  static var rows: Int { @inline(__always) get { 2 } }
  private var r0: Row
  private var r1: Row

  @inline(__always)
  init(bias: Row) {
    r0 = bias
    r1 = bias
  }

  @inline(__always)
  mutating func add(terms: UnsafePointer<Int32>, count: Int) {
    r0.add(terms[0])
    if count > 1 { r1.add(terms[1]) }
  }

  @inline(__always)
  mutating func addSegment(
    _ windows: Windows, from offset: Int, to end: Int, _ weights: inout UnsafeRawPointer, flip: Lanes
  ) {
    var place = offset
    while place < end {
      let group = Row(weights)
      r0.add(activations(windows.w0, place, flip), group)
      r1.add(activations(windows.w1, place, flip), group)
      weights += Row.width &* MemoryLayout<Lanes>.size
      place &+= 4
    }
  }

  @inline(__always)
  mutating func scale(_ panel: UnsafeRawPointer, seesNegative: Bool) {
    let width = Row.width
    do {
      let factors = ScalingVectors(panel, vector: 0, of: width)
      r0.a = factors.scaled(r0.a, seesNegative: seesNegative)
      r1.a = factors.scaled(r1.a, seesNegative: seesNegative)
    }
    if width > 1 {
      let factors = ScalingVectors(panel, vector: 1, of: width)
      r0.b = factors.scaled(r0.b, seesNegative: seesNegative)
      r1.b = factors.scaled(r1.b, seesNegative: seesNegative)
    }
    if width > 2 {
      let factors = ScalingVectors(panel, vector: 2, of: width)
      r0.c = factors.scaled(r0.c, seesNegative: seesNegative)
      r1.c = factors.scaled(r1.c, seesNegative: seesNegative)
    }
    if width > 3 {
      let factors = ScalingVectors(panel, vector: 3, of: width)
      r0.d = factors.scaled(r0.d, seesNegative: seesNegative)
      r1.d = factors.scaled(r1.d, seesNegative: seesNegative)
    }
  }

  @inline(__always)
  func store(
    _ output: UnsafeMutableRawPointer, stride: Int, count: Int, _ bytes: OutputVectors, channels: Int
  ) {
    if count > 1 {
      r0.store(with: r1, output, stride: stride, bytes, count: channels)
    } else {
      r0.store(output, bytes, count: channels)
    }
  }

  @inline(__always)
  func storeSums(_ output: UnsafeMutableRawPointer, stride: Int, count: Int, channels: Int) {
    r0.storeSums(output, channels: channels)
    if count > 1 { r1.storeSums(output + stride, channels: channels) }
  }
}
