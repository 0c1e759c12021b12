/// The sums of one row of outputs for a block of channels: 1 to 4 vectors. Those beyond ``width`` are not there.
protocol VectorRow {
  /// Vectors.
  static var width: Int { get }
  var a: Lanes { get set }
  var b: Lanes { get set }
  var c: Lanes { get set }
  var d: Lanes { get set }

  /// The vectors at a place, which is aligned to a vector.
  init(_ base: UnsafeRawPointer)

  /// Adds the products of 4 bytes, in every lane of `activations`, with one group of weights.
  mutating func add(_ activations: Lanes, _ weights: Self)

  /// Adds a number to all sums.
  mutating func add(_ term: Int32)

  /// Stores scaled sums as bytes.
  func store(_ output: UnsafeMutableRawPointer, _ bytes: OutputVectors, count: Int)

  /// Stores scaled sums of this row and the next one, `stride` bytes apart.
  func store(
    with next: Self, _ output: UnsafeMutableRawPointer, stride: Int, _ bytes: OutputVectors, count: Int)
}

extension VectorRow {
  @inline(__always)
  func store(
    with next: Self, _ output: UnsafeMutableRawPointer, stride: Int, _ bytes: OutputVectors, count: Int
  ) {
    store(output, bytes, count: count)
    next.store(output + stride, bytes, count: count)
  }
}

/// The 4 vectors of a full block.
struct Row4: VectorRow {
  static var width: Int { @inline(__always) get { 4 } }
  var a: Lanes
  var b: Lanes
  var c: Lanes
  var d: Lanes

  @inline(__always)
  init(_ base: UnsafeRawPointer) {
    a = loadLanes(base, 0)
    b = loadLanes(base, 1)
    c = loadLanes(base, 2)
    d = loadLanes(base, 3)
  }

  @inline(__always)
  mutating func add(_ activations: Lanes, _ weights: Row4) {
    a = addProducts(a, activations, weights.a)
    b = addProducts(b, activations, weights.b)
    c = addProducts(c, activations, weights.c)
    d = addProducts(d, activations, weights.d)
  }

  @inline(__always)
  mutating func add(_ term: Int32) {
    let terms = splat(term)
    a = a &+ terms
    b = b &+ terms
    c = c &+ terms
    d = d &+ terms
  }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, _ bytes: OutputVectors, count: Int) {
    output.storeBytes(of: bytes.narrowed(a, b, c, d), as: Bytes.self)
  }
}

/// The 4 vectors of a last block that is not full, in their natural order.
struct PartialRow4: VectorRow {
  static var width: Int { @inline(__always) get { 4 } }
  var a: Lanes
  var b: Lanes
  var c: Lanes
  var d: Lanes

  @inline(__always)
  init(_ base: UnsafeRawPointer) {
    let row = Row4(base)
    a = row.a
    b = row.b
    c = row.c
    d = row.d
  }

  @inline(__always)
  mutating func add(_ activations: Lanes, _ weights: PartialRow4) {
    a = addProducts(a, activations, weights.a)
    b = addProducts(b, activations, weights.b)
    c = addProducts(c, activations, weights.c)
    d = addProducts(d, activations, weights.d)
  }

  @inline(__always)
  mutating func add(_ term: Int32) {
    let terms = splat(term)
    a = a &+ terms
    b = b &+ terms
    c = c &+ terms
    d = d &+ terms
  }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, _ bytes: OutputVectors, count: Int) {
    output.storeBytes(of: bytes.narrowed(a), as: LaneBytes.self)
    output.storeBytes(of: bytes.narrowed(b), toByteOffset: laneCount, as: LaneBytes.self)
    output.storeBytes(of: bytes.narrowed(c), toByteOffset: 2 &* laneCount, as: LaneBytes.self)
    storeFirst(bytes.narrowed(d), output + 3 &* laneCount, count &- 3 &* laneCount)
  }
}

struct Row3: VectorRow {
  static var width: Int { @inline(__always) get { 3 } }
  var a: Lanes
  var b: Lanes
  var c: Lanes
  var d: Lanes {
    @inline(__always) get { c }
    @inline(__always) set {}
  }

  @inline(__always)
  init(_ base: UnsafeRawPointer) {
    a = loadLanes(base, 0)
    b = loadLanes(base, 1)
    c = loadLanes(base, 2)
  }

  @inline(__always)
  mutating func add(_ activations: Lanes, _ weights: Row3) {
    a = addProducts(a, activations, weights.a)
    b = addProducts(b, activations, weights.b)
    c = addProducts(c, activations, weights.c)
  }

  @inline(__always)
  mutating func add(_ term: Int32) {
    let terms = splat(term)
    a = a &+ terms
    b = b &+ terms
    c = c &+ terms
  }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, _ bytes: OutputVectors, count: Int) {
    output.storeBytes(of: bytes.narrowed(a), as: LaneBytes.self)
    output.storeBytes(of: bytes.narrowed(b), toByteOffset: laneCount, as: LaneBytes.self)
    storeFirst(bytes.narrowed(c), output + 2 &* laneCount, count &- 2 &* laneCount)
  }
}

struct Row2: VectorRow {
  static var width: Int { @inline(__always) get { 2 } }
  var a: Lanes
  var b: Lanes
  var c: Lanes {
    @inline(__always) get { b }
    @inline(__always) set {}
  }
  var d: Lanes {
    @inline(__always) get { b }
    @inline(__always) set {}
  }

  @inline(__always)
  init(_ base: UnsafeRawPointer) {
    a = loadLanes(base, 0)
    b = loadLanes(base, 1)
  }

  @inline(__always)
  mutating func add(_ activations: Lanes, _ weights: Row2) {
    a = addProducts(a, activations, weights.a)
    b = addProducts(b, activations, weights.b)
  }

  @inline(__always)
  mutating func add(_ term: Int32) {
    let terms = splat(term)
    a = a &+ terms
    b = b &+ terms
  }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, _ bytes: OutputVectors, count: Int) {
    output.storeBytes(of: bytes.narrowed(a), as: LaneBytes.self)
    storeFirst(bytes.narrowed(b), output + laneCount, count &- laneCount)
  }
}

/// The 2 vectors of a last block of just half the channels: narrowed two rows at a time.
struct HalfRow: VectorRow {
  static var width: Int { @inline(__always) get { 2 } }
  var a: Lanes
  var b: Lanes
  var c: Lanes {
    @inline(__always) get { b }
    @inline(__always) set {}
  }
  var d: Lanes {
    @inline(__always) get { b }
    @inline(__always) set {}
  }

  @inline(__always)
  init(_ base: UnsafeRawPointer) {
    a = loadLanes(base, 0)
    b = loadLanes(base, 1)
  }

  @inline(__always)
  mutating func add(_ activations: Lanes, _ weights: HalfRow) {
    a = addProducts(a, activations, weights.a)
    b = addProducts(b, activations, weights.b)
  }

  @inline(__always)
  mutating func add(_ term: Int32) {
    let terms = splat(term)
    a = a &+ terms
    b = b &+ terms
  }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, _ bytes: OutputVectors, count: Int) {
    output.storeBytes(of: BytePair(bytes.narrowedPair(a, b, a, b)).first, as: HalfBytes.self)
  }

  @inline(__always)
  func store(
    with next: HalfRow, _ output: UnsafeMutableRawPointer, stride: Int, _ bytes: OutputVectors, count: Int
  ) {
    let pair = BytePair(bytes.narrowedPair(a, b, next.a, next.b))
    output.storeBytes(of: pair.first, as: HalfBytes.self)
    (output + stride).storeBytes(of: pair.second, as: HalfBytes.self)
  }
}

/// The halves of a block's bytes.
private struct BytePair {
  var first: HalfBytes
  var second: HalfBytes

  @inline(__always)
  init(_ bytes: Bytes) { self = unsafeBitCast(bytes, to: BytePair.self) }
}

struct Row1: VectorRow {
  static var width: Int { @inline(__always) get { 1 } }
  var a: Lanes
  var b: Lanes {
    @inline(__always) get { a }
    @inline(__always) set {}
  }
  var c: Lanes {
    @inline(__always) get { a }
    @inline(__always) set {}
  }
  var d: Lanes {
    @inline(__always) get { a }
    @inline(__always) set {}
  }

  @inline(__always)
  init(_ base: UnsafeRawPointer) { a = loadLanes(base, 0) }

  @inline(__always)
  mutating func add(_ activations: Lanes, _ weights: Row1) { a = addProducts(a, activations, weights.a) }

  @inline(__always)
  mutating func add(_ term: Int32) { a = a &+ splat(term) }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, _ bytes: OutputVectors, count: Int) {
    storeFirst(bytes.narrowed(a), output, count)
  }
}

/// Stores the first `count` bytes of a vector; all, if that is more than there are.
@inline(__always)
func storeFirst(_ bytes: LaneBytes, _ output: UnsafeMutableRawPointer, _ count: Int) {
  if count >= laneCount {
    output.storeBytes(of: bytes, as: LaneBytes.self)
  } else {
    storeSome(bytes, output, count)
  }
}

@inline(never)
func storeSome(_ bytes: LaneBytes, _ output: UnsafeMutableRawPointer, _ count: Int) {
  var copy = bytes
  withUnsafeBytes(of: &copy) { source in
    if let base = source.baseAddress { copySome(base, output, count) }
  }
}
