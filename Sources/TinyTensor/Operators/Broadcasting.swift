import TinyTensorKernels

extension GraphBuilder {
  /// The shape that two operands have together and how each is repeated: axes are matched from the last one on, and an
  /// axis of size 1, or one that is missing, is repeated.
  func broadcast(_ lhs: Shape, _ rhs: Shape) throws(ModelError) -> (shape: Shape, broadcast: Broadcast) {
    let rank = max(lhs.rank, rhs.rank)
    var sizes: [Int] = []
    var lhsSizes: [Int] = []
    var rhsSizes: [Int] = []
    for axis in 0..<rank {
      let left = axis < rank - lhs.rank ? 1 : lhs[axis - (rank - lhs.rank)]
      let right = axis < rank - rhs.rank ? 1 : rhs[axis - (rank - rhs.rank)]
      guard left == right || left == 1 || right == 1 else {
        throw error(.invalidOperator, "its inputs \(lhs) and \(rhs) do not match along axis \(axis)")
      }
      sizes.append(left == 1 ? right : left)
      lhsSizes.append(left)
      rhsSizes.append(right)
    }
    guard let shape = Shape(sizes) else {
      throw error(.tooLarge, "its output \(describeShape(sizes)) is too large")
    }
    return (shape, Broadcast(sizes: sizes, lhs: lhsSizes, rhs: rhsSizes))
  }
}

extension Broadcast {
  /// Joins neighbouring axes along which both operands move alike.
  fileprivate init(sizes: [Int], lhs: [Int], rhs: [Int]) {
    var joined: [(size: Int, lhsMoves: Bool, rhsMoves: Bool)] = []
    for axis in sizes.indices where sizes[axis] != 1 {
      let lhsMoves = lhs[axis] != 1
      let rhsMoves = rhs[axis] != 1
      if let last = joined.last, last.lhsMoves == lhsMoves, last.rhsMoves == rhsMoves,
        last.size * sizes[axis] <= Int(Int32.max)
      {
        joined[joined.count - 1].size = last.size * sizes[axis]
      } else {
        joined.append((sizes[axis], lhsMoves, rhsMoves))
      }
    }
    if joined.isEmpty { joined.append((1, false, false)) }
    var packedSizes = SIMD8<Int32>(repeating: 1)
    var lhsStrides = SIMD8<Int32>(repeating: 0)
    var rhsStrides = SIMD8<Int32>(repeating: 0)
    // Strides are below the operands' counts of elements, which fit 2^31: the limit for a tensor sees to that.
    var lhsStride = 1
    var rhsStride = 1
    for index in joined.indices.reversed() {
      packedSizes[index] = Int32(clamping: joined[index].size)
      if joined[index].lhsMoves {
        lhsStrides[index] = Int32(clamping: lhsStride)
        lhsStride *= joined[index].size
      }
      if joined[index].rhsMoves {
        rhsStrides[index] = Int32(clamping: rhsStride)
        rhsStride *= joined[index].size
      }
    }
    self.init(rank: joined.count, sizes: packedSizes, lhsStrides: lhsStrides, rhsStrides: rhsStrides)
  }
}
