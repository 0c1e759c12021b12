/// The sizes of a tensor along its axes, outermost first; at most ``maximumRank`` of them, each from 0 to `2^31 - 1`.
///
/// The product of the sizes that are not 0 is bounded, also where another size is 0: products of any of them fit, and
/// code that goes through the axes of a tensor without elements ends soon.
///
/// A value without references, so that operators can keep it.
struct Shape: Sendable, Hashable {
  static let maximumRank = 8
  /// How many elements a tensor may have at most.
  static let maximumCount = 1 << 48
  /// How large the product of the other sizes of a tensor without elements may be.
  static let maximumEmptyCount = 1 << 30

  private(set) var rank: Int
  private(set) var sizes: SIMD8<Int32>
  /// The product of all sizes; 1 for a scalar.
  private(set) var count: Int

  /// The shape of a scalar.
  static let scalar = Shape(rank: 0, sizes: SIMD8(repeating: 1), count: 1)

  private init(rank: Int, sizes: SIMD8<Int32>, count: Int) {
    self.rank = rank
    self.sizes = sizes
    self.count = count
  }

  /// A shape, or `nil` if it has too many axes, a negative or too large size, or a product that is too large.
  init?(_ sizes: some Sequence<Int>) {
    var packed = SIMD8<Int32>(repeating: 1)
    var rank = 0
    // The product of the sizes that are not 0.
    var product = 1
    var isEmpty = false
    for size in sizes {
      guard rank < Self.maximumRank, size >= 0, let narrow = Int32(exactly: size) else { return nil }
      packed[rank] = narrow
      rank += 1
      if size == 0 {
        isEmpty = true
      } else {
        // Divided before it is compared, so that nothing can overflow.
        guard product <= Self.maximumCount / size else { return nil }
        product *= size
      }
    }
    guard !isEmpty || product <= Self.maximumEmptyCount else { return nil }
    self.init(rank: rank, sizes: packed, count: isEmpty ? 0 : product)
  }

  /// The size along an axis.
  ///
  /// Requires that the axis exists.
  subscript(axis: Int) -> Int {
    precondition(axis >= 0 && axis < rank, "axis outside the shape")
    return Int(sizes[axis])
  }

  /// All sizes in an array.
  var array: [Int] {
    var array: [Int] = []
    for axis in 0..<rank { array.append(Int(sizes[axis])) }
    return array
  }

  /// The product of the sizes along `axes`.
  ///
  /// Requires that the axes exist. It is no larger than the product that the initializer has bounded.
  func count(of axes: Range<Int>) -> Int? {
    var count = 1
    for axis in axes {
      let (product, overflow) = count.multipliedReportingOverflow(by: self[axis])
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// `axis` counted from the front, with negative ones counted from the back; `nil` if there is no such axis.
  func normalized(axis: Int) -> Int? {
    let normalized = axis < 0 ? axis + rank : axis
    return normalized >= 0 && normalized < rank ? normalized : nil
  }
}

extension Shape: CustomStringConvertible {
  var description: String { describeShape(array) }
}

/// A shape as text: `[1,28,28,1]`. Of a list that is too long to be a shape, the beginning.
func describeShape(_ sizes: [Int]) -> String {
  let shown = 2 * Shape.maximumRank
  var text = "["
  for (index, size) in sizes.prefix(shown).enumerated() { text += (index == 0 ? "" : ",") + String(size) }
  return text + (sizes.count > shown ? ",... \(sizes.count) sizes]" : "]")
}
