@testable import TinyTensor

// Operators on elements: one by one, in pairs, and from one type to another.

extension GraphMaker {
  static let elementwise: [Family] = [
    { $0.activation() }, { $0.activation() }, { $0.activation() }, { $0.quantizedFunction() }, { $0.exactFunction() },
    { $0.exactFunction() }, { $0.roundedFunction() }, { $0.sum() }, { $0.sum() }, { $0.sum() }, { $0.product() },
    { $0.product() }, { $0.extremum() }, { $0.extremum() }, { $0.quotient() }, { $0.squaredDifference() },
    { $0.comparison() }, { $0.comparison() }, { $0.logic() }, { $0.logic() }, { $0.parametricRelu() },
    { $0.sumOfTensors() }, { $0.bits() }, { $0.positiveFunction() }, { $0.arcTangent() }, { $0.power() },
  ]

  static let conversions: [Family] = [
    { $0.quantize() }, { $0.quantize() }, { $0.dequantize() }, { $0.cast() }, { $0.cast() }, { $0.fakeQuantize() },
  ]

  private static let quantizedTypes: [ElementType] = [.int8, .uint8, .int16]

  // MARK: One tensor

  mutating func activation() {
    guard let input = pick([.int8, .uint8, .int16, .float32]) else { return }
    let (code, bounds): (BuiltinOperator, ClosedRange<Double>) = random.pick([
      (.relu, 0...(.infinity)), (.relu, 0...(.infinity)), (.relu6, 0...6), (.reluN1To1, -1...1), (.relu0To1, 0...1),
    ])
    if input.type == .int16, profile.isForReference, code == .reluN1To1 || code == .relu0To1 { return }
    if input.isQuantized {
      let output = random.chance(70) ? tensor(like: input) : tensor(input.type, input.shape)
      add(code, [input.index], [output])
    } else {
      var output = tensor(like: input)
      output.range = clamped(input.range, bounds)
      add(code, [input.index], [output])
    }
  }

  private func clamped(_ range: ClosedRange<Double>?, _ bounds: ClosedRange<Double>) -> ClosedRange<Double>? {
    guard let range else { return nil }
    return range.clamped(to: bounds)
  }

  mutating func quantizedFunction() {
    guard let input = pick([.int8, .uint8, .int16, .bool]) else { return }
    if input.type == .bool {
      add(.logicalNot, [input.index], [tensor(.bool, input.shape)], options(63))
      return
    }
    let isWide = input.type == .int16
    func fixed(_ scale: Float, _ zeroPoint: Int) -> (scale: Float?, zeroPoint: Int) {
      (isWide ? 0x1p-15 : scale, isWide ? 0 : input.type == .uint8 ? zeroPoint + 128 : zeroPoint)
    }
    switch random.below(6) {
    case 0:
      add(.logistic, [input.index], [tensor(input.type, input.shape, quantization: fixed(0x1p-8, -128))])
    case 1:
      add(.tanh, [input.index], [tensor(input.type, input.shape, quantization: fixed(0x1p-7, 0))])
    case 2:
      guard !isWide else { return }
      add(.hardSwish, [input.index], [tensor(input.type, input.shape)], options(91))
    case 3:
      add(.leakyRelu, [input.index], [tensor(input.type, input.shape)], options(75, [0: .float(0.25)]))
    case 4:
      guard input.type == .int8 || isWide else { return }
      add(.abs, [input.index], [tensor(like: input)], options(78))
    default:
      guard !isWide else { return }
      add(.gelu, [input.index], [tensor(input.type, input.shape)], options(116, [0: .bool(random.chance(50))]))
    }
  }

  /// Functions of numbers that are exact in every implementation.
  mutating func exactFunction() {
    guard let input = pick([.float32, .int32, .int64]) else { return }
    let largest = input.range.map { max(abs($0.lowerBound), abs($0.upperBound)) }
    var output = tensor(like: input)
    let isFloat = input.type == .float32
    switch random.below(8) {
    case 0:
      guard input.type != .int64 || !profile.isForReference else { return }
      output.range = largest.map { 0...$0 }
      add(.abs, [input.index], [output], options(78))
    case 1, 2:
      output.range = input.range.map { -$0.upperBound...(-$0.lowerBound) }
      add(.neg, [input.index], [output], options(42))
    case 3:
      guard isFloat || (largest ?? .infinity) < 30_000 && !profile.isForReference else { return }
      output.range = largest.map { 0...($0 * $0) }
      add(.square, [input.index], [output], options(66))
    case 4:
      output.range = 0...0
      add(.zerosLike, [input.index], [output], options(67))
    case 5:
      output.range = -1...1
      guard isFloat, !input.isRounded else { return }
      add(.sign, [input.index], [output], options(123))
    case 6:
      guard isFloat, !input.isRounded else { return }
      output.range = input.range.map { ($0.lowerBound - 1)...($0.upperBound + 1) }
      // The reference has neither CEIL nor ROUND.
      let codes: [BuiltinOperator] = profile.isForReference ? [.floor] : [.floor, .ceil, .round]
      add(random.pick(codes), [input.index], [output])
    default:
      guard isFloat else { return }
      add(.leakyRelu, [input.index], [output], options(75, [0: .float(0.25)]))
    }
  }

  /// Functions of numbers that each mathematical library rounds in its own way.
  mutating func roundedFunction() {
    guard
      let input = pick(
        [.float32], { ($0.range?.lowerBound ?? -.infinity) > -9 && ($0.range?.upperBound ?? .infinity) < 9 })
    else { return }
    var output = tensor(like: input)
    output.isRounded = true
    output.range = nil
    var codes: [(BuiltinOperator, UInt8)] = [
      (.exp, 33), (.sin, 0), (.cos, 84), (.tanh, 0), (.logistic, 0), (.hardSwish, 91), (.gelu, 116),
    ]
    if !profile.isForReference { codes.append((.elu, 0)) }
    // What is rounded once is not rounded again, so that differences stay small.
    guard !input.isRounded else { return }
    let (code, table) = random.pick(codes)
    if code == .tanh || code == .sin || code == .cos { output.range = -1...1 }
    if code == .logistic { output.range = 0...1 }
    add(code, [input.index], [output], table == 0 ? nil : options(table))
  }

  /// Functions of numbers above 0, which a MAXIMUM sees to.
  mutating func positiveFunction() {
    guard let input = pick([.float32], { !$0.isRounded }) else { return }
    let least = constant(.float32, [], range: 0.25...4)
    let positive = tensor(.float32, input.shape, range: input.range.map { 0.25...max($0.upperBound, 4) })
    add(.maximum, [input.index, least.index], [positive], options(39))
    add(
      random.pick([.log, .sqrt, .rsqrt]), [positive.index], [tensor(.float32, input.shape, isRounded: true)])
  }

  // MARK: Two tensors

  /// A second operand that can be broadcast to the first one, and whether the two were swapped.
  private mutating func partner(_ first: GraphTensor, sharesQuantization: Bool = false) -> GraphTensor? {
    if random.chance(30) {
      var shape = first.shape
      if random.chance(50) { shape.removeFirst(random.integer(0...shape.count)) }
      if random.chance(40), !shape.isEmpty { shape[random.below(shape.count)] = 1 }
      let shared = (first.scale, first.zeroPoint)
      return constant(first.type, shape, range: nil, quantization: sharesQuantization ? shared : nil)
    }
    return pick { other in
      other.type == first.type && (!sharesQuantization || other.matches(first)) && Self.joined(first, other) != nil
    }
  }

  /// The shape of two tensors that are broadcast to each other.
  private static func joined(_ first: GraphTensor, _ other: GraphTensor) -> [Int]? {
    let rank = max(first.rank, other.rank)
    guard rank <= 4 || first.shape == other.shape else { return nil }
    var shape: [Int] = []
    for axis in 0..<rank {
      let a = axis < rank - first.rank ? 1 : first.shape[axis - rank + first.rank]
      let b = axis < rank - other.rank ? 1 : other.shape[axis - rank + other.rank]
      guard a == b || a == 1 || b == 1 else { return nil }
      shape.append(a == 1 ? b : a)
    }
    return shape
  }

  /// Two operands in any order, and the shape of their result.
  private mutating func pair(
    _ types: [ElementType], sharesQuantization: Bool = false
  ) -> (lhs: GraphTensor, rhs: GraphTensor, shape: [Int])? {
    guard let first = pick(types), let other = partner(first, sharesQuantization: sharesQuantization),
      let shape = Self.joined(first, other), fits(shape)
    else { return nil }
    return random.chance(30) ? (other, first, shape) : (first, other, shape)
  }

  /// An output for numbers in a range, or for quantized elements; `nil` where integers would overflow.
  private mutating func result(
    _ pair: (lhs: GraphTensor, rhs: GraphTensor, shape: [Int]), _ range: ClosedRange<Double>?
  ) -> GraphTensor? {
    if pair.lhs.type == .int32 || pair.lhs.type == .int64 {
      guard let range, range.lowerBound > -0x1p30, range.upperBound < 0x1p30 else { return nil }
    }
    return tensor(pair.lhs.type, pair.shape, range: range, isRounded: pair.lhs.isRounded || pair.rhs.isRounded)
  }

  private func range(
    _ pair: (lhs: GraphTensor, rhs: GraphTensor, shape: [Int]), _ combine: (Double, Double) -> Double
  ) -> ClosedRange<Double>? {
    guard let a = pair.lhs.range, let b = pair.rhs.range else { return nil }
    let ends = [a.lowerBound, a.upperBound].flatMap { left in
      [b.lowerBound, b.upperBound].map { combine(left, $0) }
    }
    return ends.reduce(.infinity, min)...ends.reduce(-.infinity, max)
  }

  /// An activation that operators of the type take.
  private mutating func fusedActivation(_ type: ElementType) -> FlatValue {
    .int8(type == .int32 || type == .int64 ? 0 : random.pick([0, 0, 0, 1, 3]))
  }

  mutating func sum() {
    guard let pair = pair([.int8, .uint8, .int16, .int32, .int64, .float32]) else { return }
    // The difference of numbers that are rounded elsewhere may be nothing but rounding.
    guard !pair.lhs.isRounded, !pair.rhs.isRounded else { return }
    let isDifference = random.chance(35)
    guard var output = result(pair, range(pair) { isDifference ? $0 - $1 : $0 + $1 }) else { return }
    // Shifts of powers of two need the larger scale for the output; the general form does not.
    let fields: [Int: FlatValue] = [0: fusedActivation(output.type), 1: .bool(false)]
    if output.type == .float32 { output.range = nil }
    add(
      isDifference ? .sub : .add, [pair.lhs.index, pair.rhs.index], [output],
      options(isDifference ? 28 : 11, fields))
  }

  mutating func product() {
    guard let pair = pair([.int8, .uint8, .int16, .int32, .int64, .float32]),
      let output = result(pair, range(pair) { $0 * $1 })
    else { return }
    if !output.isQuantized, (output.range?.upperBound ?? .infinity) > 0x1p30 { return }
    add(.mul, [pair.lhs.index, pair.rhs.index], [output], options(21, [0: .int8(0)]))
  }

  mutating func extremum() {
    guard let pair = pair([.int8, .uint8, .int16, .int32, .int64, .float32], sharesQuantization: true) else { return }
    var output = tensor(like: pair.lhs, pair.shape)
    output.range = range(pair) { min($0, $1) }.map { $0.lowerBound...max($0.upperBound, $0.lowerBound) }
    if let a = pair.lhs.range, let b = pair.rhs.range {
      output.range = min(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
    }
    output.isRounded = pair.lhs.isRounded || pair.rhs.isRounded
    add(random.chance(50) ? .maximum : .minimum, [pair.lhs.index, pair.rhs.index], [output], options(39))
  }

  /// DIV, FLOOR_DIV and FLOOR_MOD by constants that are not 0.
  mutating func quotient() {
    guard let first = pick([.int32, .int64, .float32, .int8, .int16]) else { return }
    let shape = random.chance(50) ? first.shape : first.rank <= 4 ? [1] : first.shape
    var divisor = constant(first.type, shape, range: 1...7)
    if random.chance(30), first.type == .int32 || first.type == .float32 {
      divisor.range = -7...(-1)
      graph.tensors[Int(divisor.index)].data = random.bytes(first.type, count: divisor.count, in: divisor.range)
    }
    let isQuantized = first.isQuantized
    let choice = random.below(3)
    let output = tensor(
      first.type, first.rank == 0 ? shape : first.shape, range: first.range.map { _ in -1e6...1e6 },
      isRounded: first.isRounded, quantization: isQuantized ? (first.scale, first.zeroPoint) : nil)
    if choice == 0, first.type == .int32 || first.type == .float32 {
      add(.div, [first.index, divisor.index], [output], options(29, [0: .int8(0)]))
    } else if !first.isRounded, !isQuantized, first.type != .int64 || !profile.isForReference {
      add(
        choice == 1 ? .floorDiv : .floorMod, [first.index, divisor.index], [output], options(choice == 1 ? 65 : 72))
    }
  }

  mutating func squaredDifference() {
    guard let pair = pair(types([.int8, .int32, .int64, .float32], reference: [.int64])), !pair.lhs.isRounded,
      !pair.rhs.isRounded,
      let output = result(pair, range(pair) { ($0 - $1) * ($0 - $1) }.map { 0...$0.upperBound })
    else { return }
    add(.squaredDifference, [pair.lhs.index, pair.rhs.index], [output], options(76))
  }

  mutating func comparison() {
    guard let pair = pair([.int8, .uint8, .int32, .int64, .float32, .bool, .int16]), !pair.lhs.isRounded,
      !pair.rhs.isRounded
    else { return }
    let codes: [BuiltinOperator] = [.equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual]
    let code = random.pick(pair.lhs.type == .bool ? Array(codes.prefix(2)) : codes)
    add(code, [pair.lhs.index, pair.rhs.index], [tensor(.bool, pair.shape)])
  }

  mutating func logic() {
    guard let pair = pair([.bool]) else { return }
    add(
      random.chance(50) ? .logicalAnd : .logicalOr, [pair.lhs.index, pair.rhs.index], [tensor(.bool, pair.shape)])
  }

  mutating func parametricRelu() {
    guard let input = pick([.int8, .uint8, .float32], { $0.rank > 1 && $0.rank <= 4 }) else { return }
    var shape = input.shape.map { _ in 1 }
    shape[input.rank - 1] = input.shape[input.rank - 1]
    let slope = constant(input.type, Array(shape.dropFirst()), range: nil)
    var output = tensor(input.type, input.shape, isRounded: input.isRounded)
    output.range = input.range.map {
      -4 * max(abs($0.lowerBound), abs($0.upperBound))...4 * max(abs($0.lowerBound), abs($0.upperBound))
    }
    add(.prelu, [input.index, slope.index], [output])
  }

  mutating func sumOfTensors() {
    guard let first = pick([.float32, .int32], { !$0.isRounded && $0.range != nil }) else { return }
    var inputs = [first]
    for _ in 0..<random.pick([1, 2, 3]) {
      if let other = pick({ $0.type == first.type && $0.shape == first.shape && !$0.isRounded && $0.range != nil }) {
        inputs.append(other)
      }
    }
    let largest = inputs.reduce(0) { $0 + $1.largest }
    guard largest < 0x1p30 else { return }
    add(.addN, inputs.map(\.index), [tensor(first.type, first.shape, range: -largest...largest)], options(82))
  }

  /// BITWISE_XOR and RIGHT_SHIFT of elements without a quantization.
  mutating func bits() {
    guard let pair = pair([.int32]), let all = range(pair, { max(abs($0), abs($1)) }), all.upperBound < 0x1p20
    else { return }
    if random.chance(50) {
      let distance = constant(.int32, pair.lhs.shape, range: 0...7)
      add(
        .rightShift, [pair.lhs.index, distance.index],
        [tensor(.int32, pair.lhs.shape, range: pair.lhs.range)], options(126))
    } else {
      let output = tensor(.int32, pair.shape, range: -0x1p20...0x1p20)
      add(.bitwiseXor, [pair.lhs.index, pair.rhs.index], [output], options(125))
    }
  }

  mutating func arcTangent() {
    guard let first = pick([.float32], { !$0.isRounded }),
      let other = pick({ $0.type == .float32 && $0.shape == first.shape && !$0.isRounded })
    else { return }
    let output = tensor(.float32, first.shape, range: -4...4, isRounded: true)
    add(.atan2, [first.index, other.index], [output], options(122))
  }

  /// Powers of small integers.
  mutating func power() {
    guard let base = pick([.int32], { $0.range != nil && $0.rank <= 4 }), let range = base.range else { return }
    let largest = max(abs(range.lowerBound), abs(range.upperBound))
    guard largest < 1000 else { return }
    let exponent = constant(.int32, random.chance(50) ? base.shape : base.rank == 0 ? [] : [1], range: 0...3)
    let bound = max(largest * largest * largest, 1)
    add(
      .pow, [base.index, exponent.index], [tensor(.int32, base.shape, range: -bound...bound)], options(56))
  }

  // MARK: Other types

  mutating func quantize() {
    guard let input = pick([.float32, .int8, .uint8, .int16], { !$0.isRounded && ($0.isQuantized || $0.range != nil) })
    else { return }
    var types = Self.quantizedTypes
    if input.type == .uint8 { types = [.int8, .uint8] }
    if input.type == .int16 { types = [.int8, .int16] }
    add(.quantize, [input.index], [tensor(random.pick(types), input.shape)], options(89))
  }

  mutating func dequantize() {
    guard let input = pick(Self.quantizedTypes) else { return }
    let scale = Double(input.scale ?? 1)
    let largest = input.type == .int16 ? 32768 * scale : 256 * scale
    add(.dequantize, [input.index], [tensor(.float32, input.shape, range: -largest...largest)], options(38))
  }

  mutating func cast() {
    guard let input = pick([.float32, .int32, .int64, .bool], { !$0.isRounded }) else { return }
    let types: [ElementType] = [.float32, .int32, .int64, .bool]
    let type = random.pick(types)
    var range = input.type == .bool ? 0...1 : input.range
    if type == .bool { range = nil }
    if type != .bool, input.type == .float32 {
      guard let bounds = range, bounds.lowerBound > -1e6, bounds.upperBound < 1e6 else { return }
    }
    if let bounds = range, type == .int32 || type == .int64 {
      range = bounds.lowerBound.rounded(.down)...bounds.upperBound.rounded(.up)
    }
    if type == .int32, input.type == .int64, range == nil { return }
    add(
      .cast, [input.index], [tensor(type, input.shape, range: range)],
      options(37, [0: .int8(input.type.rawValue), 1: .int8(type.rawValue)]))
  }

  mutating func fakeQuantize() {
    guard let input = pick([.float32], { !$0.isRounded && $0.range != nil }) else { return }
    add(
      .fakeQuant, [input.index], [tensor(.float32, input.shape, range: -7...7, isRounded: true)],
      options(58, [0: .float(-6), 1: .float(6), 2: .int32(8), 3: .bool(false)]))
  }
}
