import KernelInterface

/// Six rows.
struct Tile6<Row: VectorRow>: RowTile {
  static var rows: Int { @inline(__always) get { 6 } }
  private var r0: Row
  private var r1: Row
  private var r2: Row
  private var r3: Row
  private var r4: Row
  private var r5: Row

  @inline(__always)
  init(bias: Row) {
    r0 = bias
    r1 = bias
    r2 = bias
    r3 = bias
    r4 = bias
    r5 = bias
  }

  @inline(__always)
  mutating func add(terms: UnsafePointer<Int32>, count: Int) {
    r0.add(terms[0])
    if count > 1 { r1.add(terms[1]) }
    if count > 2 { r2.add(terms[2]) }
    if count > 3 { r3.add(terms[3]) }
    if count > 4 { r4.add(terms[4]) }
    if count > 5 { r5.add(terms[5]) }
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
      r2.add(activations(windows.w2, place, flip), group)
      r3.add(activations(windows.w3, place, flip), group)
      r4.add(activations(windows.w4, place, flip), group)
      r5.add(activations(windows.w5, place, flip), group)
      weights += Row.width &* MemoryLayout<Lanes>.size
      place &+= 4
    }
  }

  @inline(__always)
  mutating func scale(_ panel: UnsafeRawPointer, _ scaling: SumScaling) {
    let width = Row.width
    do {
      let factors = ScalingVectors(panel, vector: 0, of: width)
      r0.a = factors.scaled(r0.a, scaling)
      r1.a = factors.scaled(r1.a, scaling)
      r2.a = factors.scaled(r2.a, scaling)
      r3.a = factors.scaled(r3.a, scaling)
      r4.a = factors.scaled(r4.a, scaling)
      r5.a = factors.scaled(r5.a, scaling)
    }
    if width > 1 {
      let factors = ScalingVectors(panel, vector: 1, of: width)
      r0.b = factors.scaled(r0.b, scaling)
      r1.b = factors.scaled(r1.b, scaling)
      r2.b = factors.scaled(r2.b, scaling)
      r3.b = factors.scaled(r3.b, scaling)
      r4.b = factors.scaled(r4.b, scaling)
      r5.b = factors.scaled(r5.b, scaling)
    }
    if width > 2 {
      let factors = ScalingVectors(panel, vector: 2, of: width)
      r0.c = factors.scaled(r0.c, scaling)
      r1.c = factors.scaled(r1.c, scaling)
      r2.c = factors.scaled(r2.c, scaling)
      r3.c = factors.scaled(r3.c, scaling)
      r4.c = factors.scaled(r4.c, scaling)
      r5.c = factors.scaled(r5.c, scaling)
    }
    if width > 3 {
      let factors = ScalingVectors(panel, vector: 3, of: width)
      r0.d = factors.scaled(r0.d, scaling)
      r1.d = factors.scaled(r1.d, scaling)
      r2.d = factors.scaled(r2.d, scaling)
      r3.d = factors.scaled(r3.d, scaling)
      r4.d = factors.scaled(r4.d, scaling)
      r5.d = factors.scaled(r5.d, scaling)
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
    if count > 3 {
      r2.store(with: r3, output + 2 &* stride, stride: stride, bytes, count: channels)
    } else if count > 2 {
      r2.store(output + 2 &* stride, bytes, count: channels)
    }
    if count > 5 {
      r4.store(with: r5, output + 4 &* stride, stride: stride, bytes, count: channels)
    } else if count > 4 {
      r4.store(output + 4 &* stride, bytes, count: channels)
    }
  }

  @inline(__always)
  func storeSums(_ output: UnsafeMutableRawPointer, stride: Int, count: Int, channels: Int) {
    r0.storeSums(output, channels: channels)
    if count > 1 { r1.storeSums(output + stride, channels: channels) }
    if count > 2 { r2.storeSums(output + 2 &* stride, channels: channels) }
    if count > 3 { r3.storeSums(output + 3 &* stride, channels: channels) }
    if count > 4 { r4.storeSums(output + 4 &* stride, channels: channels) }
    if count > 5 { r5.storeSums(output + 5 &* stride, channels: channels) }
  }
}
