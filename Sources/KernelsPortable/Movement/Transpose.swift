import Builtin
import KernelInterface

/// Elements of 1, 2, 4 or 8 bytes that are neighbours along the second axis in the input and along the inner one in the
/// output: squares of them in registers, and what is left over one by one.
func transpose(
  _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ runBytes: Int, _ inner: MovementAxis,
  _ second: MovementAxis
) {
  switch runBytes {
  case 1: transpose(input, output, inner, second, UInt8.self, ByteSquare.self)
  case 2: transpose(input, output, inner, second, UInt16.self, ShortSquare.self)
  case 4: transpose(input, output, inner, second, UInt32.self, WordSquare.self)
  default: transpose(input, output, inner, second, UInt64.self, LongSquare.self)
  }
}

/// As many vectors as one has elements.
private protocol TransposedSquare {
  static var side: Int { get }
  /// The vectors that begin `step` bytes apart.
  init(_ input: UnsafeRawPointer, step: Int)
  /// The elements of each vector of the first half with those of its partner in the second one, by turns. As often as
  /// the side can be halved, this exchanges rows and columns.
  mutating func interleave()
  func store(_ output: UnsafeMutableRawPointer, step: Int)
}

@inline(__always)
private func transpose<Element: BitwiseCopyable, Square: TransposedSquare>(
  _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ inner: MovementAxis, _ second: MovementAxis,
  _: Element.Type, _: Square.Type
) {
  let size = MemoryLayout<Element>.size
  let columns = second.count &- second.count % Square.side
  var row = 0
  while row &+ Square.side <= inner.count {
    var column = 0
    while column < columns {
      var square = Square(input + (row &* inner.inputStep &+ column &* size), step: inner.inputStep)
      square.interleave()
      if Square.side > 2 { square.interleave() }
      if Square.side > 4 { square.interleave() }
      if Square.side > 8 { square.interleave() }
      square.store(output + (column &* second.outputStep &+ row &* size), step: second.outputStep)
      column &+= Square.side
    }
    while column < second.count {
      move(
        input + (row &* inner.inputStep &+ column &* size), output + (column &* second.outputStep &+ row &* size),
        Square.side, step: inner.inputStep, Element.self)
      column &+= 1
    }
    row &+= Square.side
  }
  while row < inner.count {
    var from = input + row &* inner.inputStep
    var to = output + row &* size
    for _ in 0..<second.count {
      to.storeBytes(of: from.loadUnaligned(as: Element.self), as: Element.self)
      from += size
      to += second.outputStep
    }
    row &+= 1
  }
}

/// Elements that lie apart to neighbouring ones.
@inline(__always)
private func move<Element: BitwiseCopyable>(
  _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int, step: Int, _: Element.Type
) {
  var from = input
  var to = output
  for _ in 0..<count {
    to.storeBytes(of: from.loadUnaligned(as: Element.self), as: Element.self)
    from += step
    to += MemoryLayout<Element>.size
  }
}

/// 16 vectors of bytes.
private struct ByteSquare: TransposedSquare {
  typealias Vector = SIMD16<UInt8>
  static var side: Int { @inline(__always) get { 16 } }
  private var r0: Vector
  private var r1: Vector
  private var r2: Vector
  private var r3: Vector
  private var r4: Vector
  private var r5: Vector
  private var r6: Vector
  private var r7: Vector
  private var r8: Vector
  private var r9: Vector
  private var r10: Vector
  private var r11: Vector
  private var r12: Vector
  private var r13: Vector
  private var r14: Vector
  private var r15: Vector

  @inline(__always)
  init(_ input: UnsafeRawPointer, step: Int) {
    r0 = input.loadUnaligned(as: Vector.self)
    r1 = (input + 1 &* step).loadUnaligned(as: Vector.self)
    r2 = (input + 2 &* step).loadUnaligned(as: Vector.self)
    r3 = (input + 3 &* step).loadUnaligned(as: Vector.self)
    r4 = (input + 4 &* step).loadUnaligned(as: Vector.self)
    r5 = (input + 5 &* step).loadUnaligned(as: Vector.self)
    r6 = (input + 6 &* step).loadUnaligned(as: Vector.self)
    r7 = (input + 7 &* step).loadUnaligned(as: Vector.self)
    r8 = (input + 8 &* step).loadUnaligned(as: Vector.self)
    r9 = (input + 9 &* step).loadUnaligned(as: Vector.self)
    r10 = (input + 10 &* step).loadUnaligned(as: Vector.self)
    r11 = (input + 11 &* step).loadUnaligned(as: Vector.self)
    r12 = (input + 12 &* step).loadUnaligned(as: Vector.self)
    r13 = (input + 13 &* step).loadUnaligned(as: Vector.self)
    r14 = (input + 14 &* step).loadUnaligned(as: Vector.self)
    r15 = (input + 15 &* step).loadUnaligned(as: Vector.self)
  }

  @inline(__always)
  mutating func interleave() {
    let old = self
    r0 = Self.low(old.r0, old.r8)
    r1 = Self.high(old.r0, old.r8)
    r2 = Self.low(old.r1, old.r9)
    r3 = Self.high(old.r1, old.r9)
    r4 = Self.low(old.r2, old.r10)
    r5 = Self.high(old.r2, old.r10)
    r6 = Self.low(old.r3, old.r11)
    r7 = Self.high(old.r3, old.r11)
    r8 = Self.low(old.r4, old.r12)
    r9 = Self.high(old.r4, old.r12)
    r10 = Self.low(old.r5, old.r13)
    r11 = Self.high(old.r5, old.r13)
    r12 = Self.low(old.r6, old.r14)
    r13 = Self.high(old.r6, old.r14)
    r14 = Self.low(old.r7, old.r15)
    r15 = Self.high(old.r7, old.r15)
  }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, step: Int) {
    output.storeBytes(of: r0, as: Vector.self)
    (output + 1 &* step).storeBytes(of: r1, as: Vector.self)
    (output + 2 &* step).storeBytes(of: r2, as: Vector.self)
    (output + 3 &* step).storeBytes(of: r3, as: Vector.self)
    (output + 4 &* step).storeBytes(of: r4, as: Vector.self)
    (output + 5 &* step).storeBytes(of: r5, as: Vector.self)
    (output + 6 &* step).storeBytes(of: r6, as: Vector.self)
    (output + 7 &* step).storeBytes(of: r7, as: Vector.self)
    (output + 8 &* step).storeBytes(of: r8, as: Vector.self)
    (output + 9 &* step).storeBytes(of: r9, as: Vector.self)
    (output + 10 &* step).storeBytes(of: r10, as: Vector.self)
    (output + 11 &* step).storeBytes(of: r11, as: Vector.self)
    (output + 12 &* step).storeBytes(of: r12, as: Vector.self)
    (output + 13 &* step).storeBytes(of: r13, as: Vector.self)
    (output + 14 &* step).storeBytes(of: r14, as: Vector.self)
    (output + 15 &* step).storeBytes(of: r15, as: Vector.self)
  }

  @inline(__always)
  private static func low(_ a: Vector, _ b: Vector) -> Vector {
    let order = SIMD16<Int32>(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
    return unsafeBitCast(
      Builtin.shufflevector_Vec16xInt8_Vec16xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Vector.self)
  }

  @inline(__always)
  private static func high(_ a: Vector, _ b: Vector) -> Vector {
    let order = SIMD16<Int32>(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
    return unsafeBitCast(
      Builtin.shufflevector_Vec16xInt8_Vec16xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Vector.self)
  }
}

/// 8 vectors of elements of 2 bytes.
private struct ShortSquare: TransposedSquare {
  typealias Vector = SIMD8<UInt16>
  static var side: Int { @inline(__always) get { 8 } }
  private var r0: Vector
  private var r1: Vector
  private var r2: Vector
  private var r3: Vector
  private var r4: Vector
  private var r5: Vector
  private var r6: Vector
  private var r7: Vector

  @inline(__always)
  init(_ input: UnsafeRawPointer, step: Int) {
    r0 = input.loadUnaligned(as: Vector.self)
    r1 = (input + 1 &* step).loadUnaligned(as: Vector.self)
    r2 = (input + 2 &* step).loadUnaligned(as: Vector.self)
    r3 = (input + 3 &* step).loadUnaligned(as: Vector.self)
    r4 = (input + 4 &* step).loadUnaligned(as: Vector.self)
    r5 = (input + 5 &* step).loadUnaligned(as: Vector.self)
    r6 = (input + 6 &* step).loadUnaligned(as: Vector.self)
    r7 = (input + 7 &* step).loadUnaligned(as: Vector.self)
  }

  @inline(__always)
  mutating func interleave() {
    let old = self
    r0 = Self.low(old.r0, old.r4)
    r1 = Self.high(old.r0, old.r4)
    r2 = Self.low(old.r1, old.r5)
    r3 = Self.high(old.r1, old.r5)
    r4 = Self.low(old.r2, old.r6)
    r5 = Self.high(old.r2, old.r6)
    r6 = Self.low(old.r3, old.r7)
    r7 = Self.high(old.r3, old.r7)
  }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, step: Int) {
    output.storeBytes(of: r0, as: Vector.self)
    (output + 1 &* step).storeBytes(of: r1, as: Vector.self)
    (output + 2 &* step).storeBytes(of: r2, as: Vector.self)
    (output + 3 &* step).storeBytes(of: r3, as: Vector.self)
    (output + 4 &* step).storeBytes(of: r4, as: Vector.self)
    (output + 5 &* step).storeBytes(of: r5, as: Vector.self)
    (output + 6 &* step).storeBytes(of: r6, as: Vector.self)
    (output + 7 &* step).storeBytes(of: r7, as: Vector.self)
  }

  @inline(__always)
  private static func low(_ a: Vector, _ b: Vector) -> Vector {
    let order = SIMD8<Int32>(0, 8, 1, 9, 2, 10, 3, 11)
    return unsafeBitCast(
      Builtin.shufflevector_Vec8xInt16_Vec8xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Vector.self)
  }

  @inline(__always)
  private static func high(_ a: Vector, _ b: Vector) -> Vector {
    let order = SIMD8<Int32>(4, 12, 5, 13, 6, 14, 7, 15)
    return unsafeBitCast(
      Builtin.shufflevector_Vec8xInt16_Vec8xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Vector.self)
  }
}

/// 4 vectors of elements of 4 bytes.
private struct WordSquare: TransposedSquare {
  typealias Vector = SIMD4<UInt32>
  static var side: Int { @inline(__always) get { 4 } }
  private var r0: Vector
  private var r1: Vector
  private var r2: Vector
  private var r3: Vector

  @inline(__always)
  init(_ input: UnsafeRawPointer, step: Int) {
    r0 = input.loadUnaligned(as: Vector.self)
    r1 = (input + 1 &* step).loadUnaligned(as: Vector.self)
    r2 = (input + 2 &* step).loadUnaligned(as: Vector.self)
    r3 = (input + 3 &* step).loadUnaligned(as: Vector.self)
  }

  @inline(__always)
  mutating func interleave() {
    let old = self
    r0 = Self.low(old.r0, old.r2)
    r1 = Self.high(old.r0, old.r2)
    r2 = Self.low(old.r1, old.r3)
    r3 = Self.high(old.r1, old.r3)
  }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, step: Int) {
    output.storeBytes(of: r0, as: Vector.self)
    (output + 1 &* step).storeBytes(of: r1, as: Vector.self)
    (output + 2 &* step).storeBytes(of: r2, as: Vector.self)
    (output + 3 &* step).storeBytes(of: r3, as: Vector.self)
  }

  @inline(__always)
  private static func low(_ a: Vector, _ b: Vector) -> Vector {
    let order = SIMD4<Int32>(0, 4, 1, 5)
    return unsafeBitCast(
      Builtin.shufflevector_Vec4xInt32_Vec4xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Vector.self)
  }

  @inline(__always)
  private static func high(_ a: Vector, _ b: Vector) -> Vector {
    let order = SIMD4<Int32>(2, 6, 3, 7)
    return unsafeBitCast(
      Builtin.shufflevector_Vec4xInt32_Vec4xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Vector.self)
  }
}

/// 2 vectors of elements of 8 bytes.
private struct LongSquare: TransposedSquare {
  typealias Vector = SIMD2<UInt64>
  static var side: Int { @inline(__always) get { 2 } }
  private var r0: Vector
  private var r1: Vector

  @inline(__always)
  init(_ input: UnsafeRawPointer, step: Int) {
    r0 = input.loadUnaligned(as: Vector.self)
    r1 = (input + 1 &* step).loadUnaligned(as: Vector.self)
  }

  @inline(__always)
  mutating func interleave() {
    let old = self
    r0 = Self.low(old.r0, old.r1)
    r1 = Self.high(old.r0, old.r1)
  }

  @inline(__always)
  func store(_ output: UnsafeMutableRawPointer, step: Int) {
    output.storeBytes(of: r0, as: Vector.self)
    (output + 1 &* step).storeBytes(of: r1, as: Vector.self)
  }

  @inline(__always)
  private static func low(_ a: Vector, _ b: Vector) -> Vector {
    let order = SIMD2<Int32>(0, 2)
    return unsafeBitCast(
      Builtin.shufflevector_Vec2xInt64_Vec2xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Vector.self)
  }

  @inline(__always)
  private static func high(_ a: Vector, _ b: Vector) -> Vector {
    let order = SIMD2<Int32>(1, 3)
    return unsafeBitCast(
      Builtin.shufflevector_Vec2xInt64_Vec2xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Vector.self)
  }
}
