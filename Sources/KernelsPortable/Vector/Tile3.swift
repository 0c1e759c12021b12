import KernelInterface

/// Three rows.
struct Tile3<Row: VectorRow>: RowTile {
  static var rows: Int { @inline(__always) get { 3 } }
  private var r0: Row
  private var r1: Row
  private var r2: Row

  @inline(__always)
  init(bias: Row) {
    r0 = bias
    r1 = bias
    r2 = bias
  }

  @inline(__always)
  mutating func add(terms: UnsafePointer<Int32>, count: Int) {
    r0.add(terms[0])
    if count > 1 { r1.add(terms[1]) }
    if count > 2 { r2.add(terms[2]) }
  }

  @inline(__always)
  mutating func addSegment(
    _ windows: Windows, from offset: Int, to end: Int, _ weights: inout UnsafeRawPointer, flip: Lanes
  ) {
    var place = offset
    while place < end {
      let x0 = activations(windows.w0, place, flip)
      let x1 = activations(windows.w1, place, flip)
      let x2 = activations(windows.w2, place, flip)
      // Vector by vector: with few registers, only one vector of weights is alive at a time.
      do {
        let group = loadLanes(weights, 0)
        r0.a = addProducts(r0.a, x0, group)
        r1.a = addProducts(r1.a, x1, group)
        r2.a = addProducts(r2.a, x2, group)
      }
      if Row.width > 1 {
        let group = loadLanes(weights, 1)
        r0.b = addProducts(r0.b, x0, group)
        r1.b = addProducts(r1.b, x1, group)
        r2.b = addProducts(r2.b, x2, group)
      }
      if Row.width > 2 {
        let group = loadLanes(weights, 2)
        r0.c = addProducts(r0.c, x0, group)
        r1.c = addProducts(r1.c, x1, group)
        r2.c = addProducts(r2.c, x2, group)
      }
      if Row.width > 3 {
        let group = loadLanes(weights, 3)
        r0.d = addProducts(r0.d, x0, group)
        r1.d = addProducts(r1.d, x1, group)
        r2.d = addProducts(r2.d, x2, group)
      }
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
    }
    if width > 1 {
      let factors = ScalingVectors(panel, vector: 1, of: width)
      r0.b = factors.scaled(r0.b, scaling)
      r1.b = factors.scaled(r1.b, scaling)
      r2.b = factors.scaled(r2.b, scaling)
    }
    if width > 2 {
      let factors = ScalingVectors(panel, vector: 2, of: width)
      r0.c = factors.scaled(r0.c, scaling)
      r1.c = factors.scaled(r1.c, scaling)
      r2.c = factors.scaled(r2.c, scaling)
    }
    if width > 3 {
      let factors = ScalingVectors(panel, vector: 3, of: width)
      r0.d = factors.scaled(r0.d, scaling)
      r1.d = factors.scaled(r1.d, scaling)
      r2.d = factors.scaled(r2.d, scaling)
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
    if count > 2 { r2.store(output + 2 &* stride, bytes, count: channels) }
  }

  @inline(__always)
  func storeSums(_ output: UnsafeMutableRawPointer, stride: Int, count: Int, channels: Int) {
    r0.storeSums(output, channels: channels)
    if count > 1 { r1.storeSums(output + stride, channels: channels) }
    if count > 2 { r2.storeSums(output + 2 &* stride, channels: channels) }
  }
}
