import FlatbufferReader
import TinyTensorKernels

/// BATCH_MATMUL: products of the matrices that the last two axes hold; the axes before are broadcast.
struct BatchMatrixMultiply: Sendable {
  enum Arithmetic: Sendable {
    case int8(Int8Arithmetic, QuantizedMultiplier)
    case int16(Int16MatrixArithmetic, QuantizedMultiplier)
    /// int16 with int8.
    case int16ByInt8(Int16WideArithmetic, QuantizedMultiplier)
    case float32(RealArithmetic)
  }

  let arithmetic: Arithmetic
  let sizes: MatrixMultiplySizes
  let lhs: ReadSlot
  let rhs: ReadSlot
  /// A row of the left matrix.
  let lhsRow: WriteSlot
  /// The right matrix, column after column.
  let rhsColumns: WriteSlot
  let output: WriteSlot
}

extension BatchMatrixMultiply {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let options =
      try graph.options(101) { (table) throws(ReadError) in
        (
          isLhsTransposed: try table.scalar(0, default: false), isRhsTransposed: try table.scalar(1, default: false),
          isAsymmetric: try table.scalar(2, default: false)
        )
      } ?? (isLhsTransposed: false, isRhsTransposed: false, isAsymmetric: false)
    let lhs = try graph.input(0, .int8, .int16, .float32)
    let rhs =
      lhs.elementType == .int8 ? try graph.input(1, .int8) : try graph.input(1, lhs.elementType, .int8)
    _ = try graph.outputType(0, lhs.elementType)
    let left = try matrix(graph, lhs, isTransposed: options.isLhsTransposed)
    let right = try matrix(graph, rhs, isTransposed: options.isRhsTransposed)
    guard left.columns == right.rows else {
      throw graph.error(
        .invalidOperator,
        "its matrices of \(left.rows) x \(left.columns) and \(right.rows) x \(right.columns) cannot be multiplied")
    }
    let (batchShape, broadcast) = try graph.broadcast(left.batches, right.batches)
    let outputSizes = batchShape.array + [left.rows, right.columns]
    guard let shape = Shape(outputSizes) else {
      throw graph.error(.tooLarge, "its output \(describeShape(outputSizes)) is too large")
    }
    let sizes = MatrixMultiplySizes(
      batches: broadcast, rows: left.rows, depth: left.columns, columns: right.columns,
      isLhsTransposed: options.isLhsTransposed, isRhsTransposed: options.isRhsTransposed)
    if lhs.elementType == .float32, rhs.elementType == .int8 {
      return try BatchMatrixMultiplyHybrid.translate(
        &graph, lhs, rhs, sizes, shape: shape, isAsymmetric: options.isAsymmetric)
    }
    if lhs.elementType != .float32, graph.lacksQuantization(lhs, rhs) {
      return try Fill.scaledByZero(&graph, lhs, shape: shape)
    }
    let arithmetic = try arithmetic(graph, lhs, rhs)
    let lhsRow: WriteSlot
    let rhsColumns: WriteSlot
    // A matrix of the right operand is no larger than the operand: the product fits.
    switch arithmetic {
    case .int8:
      lhsRow = try graph.bindScratch(count: sizes.depth, of: Int8.self)
      rhsColumns = try graph.bindScratch(count: sizes.depth * sizes.columns, of: Int8.self)
    case .int16:
      lhsRow = try graph.bindScratch(count: sizes.depth, of: Int16.self)
      rhsColumns = try graph.bindScratch(count: sizes.depth * sizes.columns, of: Int16.self)
    case .int16ByInt8:
      lhsRow = try graph.bindScratch(count: sizes.depth, of: Int16.self)
      rhsColumns = try graph.bindScratch(count: sizes.depth * sizes.columns, of: Int8.self)
    case .float32:
      lhsRow = try graph.bindScratch(count: 2 * sizes.depth, of: Float.self)
      rhsColumns = try graph.bindScratch(count: sizes.realColumnsCount, of: Float.self)
    }
    return try graph.operation(
      Operation.batchMatrixMultiply,
      BatchMatrixMultiply(
        arithmetic: arithmetic, sizes: sizes, lhs: try graph.bind(lhs), rhs: try graph.bind(rhs), lhsRow: lhsRow,
        rhsColumns: rhsColumns, output: try graph.bindOutput(shape: shape)))
  }

  /// An operand as matrices in the shape that they have in the product.
  private static func matrix(
    _ graph: GraphBuilder, _ operand: Operand, isTransposed: Bool
  ) throws(ModelError) -> (batches: Shape, rows: Int, columns: Int) {
    let rank = operand.shape.rank
    guard rank >= 2, operand.shape.count > 0, let batches = Shape(operand.shape.array.dropLast(2)) else {
      throw graph.error(.invalidOperator, "\(operand.name) of the shape \(operand.shape) does not hold matrices")
    }
    let outer = operand.shape[rank - 2]
    let inner = operand.shape[rank - 1]
    return isTransposed ? (batches, inner, outer) : (batches, outer, inner)
  }

  private static func arithmetic(
    _ graph: GraphBuilder, _ lhs: Operand, _ rhs: Operand
  ) throws(ModelError) -> Arithmetic {
    if lhs.elementType == .float32 { return .float32(RealArithmetic(activation: .none)) }
    let lhsAffine = try graph.affine(of: lhs)
    let rhsAffine = try affine(graph, lhs, rhs)
    let outputAffine = try graph.outputAffine()
    let stage = try graph.outputStage(0, lhs.elementType)
    // The product of the scales in single precision, the quotient in double.
    let real = Double(lhsAffine.scale * rhsAffine.scale) / Double(outputAffine.scale)
    if lhs.elementType == .int16 {
      try graph.requireSymmetric(lhs)
      guard rhsAffine.zeroPoint == 0 else {
        throw graph.error(.invalidOperator, "\(rhs.name) has the zero point \(rhsAffine.zeroPoint) instead of 0")
      }
      if rhs.elementType == .int8 {
        return .int16ByInt8(
          Int16WideArithmetic(inputZeroPoint: 0, weightZeroPoint: 0, stage: stage), try graph.wideMultiplier(real))
      }
      return .int16(
        Int16MatrixArithmetic(inputZeroPoint: 0, weightZeroPoint: 0, stage: stage), try graph.wideMultiplier(real))
    }
    // Zero points of 8 bits.
    return .int8(
      Int8Arithmetic(
        inputZeroPoint: Int16(truncatingIfNeeded: lhsAffine.zeroPoint),
        weightZeroPoint: Int16(truncatingIfNeeded: rhsAffine.zeroPoint), stage: stage),
      try graph.multiplier(real))
  }
}

extension BatchMatrixMultiply {
  /// The scale and zero point of the right operand. One of int8 with a scale a column meets int16 in the reference as if
  /// its scale was 0.
  private static func affine(
    _ graph: GraphBuilder, _ lhs: Operand, _ rhs: Operand
  ) throws(ModelError) -> Affine {
    guard lhs.elementType == .int16, rhs.elementType == .int8, (rhs.quantization?.scales.count ?? 0) > 1 else {
      return try graph.affine(of: rhs)
    }
    return Affine(scale: 0, zeroPoint: 0)
  }

  func run(_ memory: OperatorMemory) {
    switch arithmetic {
    case .int8(let arithmetic, let factor): run(memory, arithmetic, factor)
    case .int16(let arithmetic, let factor): run(memory, arithmetic, factor)
    case .int16ByInt8(let arithmetic, let factor): run(memory, arithmetic, factor)
    case .float32(let arithmetic):
      var output = memory.write(output, as: Float.self)
      var lhsRows = memory.write(lhsRow, as: Float.self)
      var rhsColumns = memory.write(rhsColumns, as: Float.self)
      multiplyRealMatricesReference(
        arithmetic.activation, sizes, lhs: memory.read(lhs), rhs: memory.read(rhs), lhsRows: &lhsRows,
        rhsColumns: &rhsColumns, output: &output)
    }
  }

  private func run<Numbers: LayerArithmetic>(_ memory: OperatorMemory, _ arithmetic: Numbers, _ factor: Numbers.Factor)
  {
    var output = memory.write(output, as: Numbers.Output.self)
    var lhsRow = memory.write(lhsRow, as: Numbers.Input.self)
    var rhsColumns = memory.write(rhsColumns, as: Numbers.Weight.self)
    multiplyMatricesReference(
      arithmetic, sizes, factor: factor, lhs: memory.read(lhs), rhs: memory.read(rhs), lhsRow: &lhsRow,
      rhsColumns: &rhsColumns, output: &output)
  }

  var facts: OperatorFacts {
    let kernel: StaticString =
      switch arithmetic {
      case .int8: "matmul.i8i8.reference"
      case .int16: "matmul.i16i16.reference"
      case .int16ByInt8: "matmul.i16i8.reference"
      case .float32: "matmul.f32f32.reference"
      }
    return OperatorFacts(kernel: kernel, multiplyAccumulates: sizes.multiplyAccumulates)
  }
}

extension MatrixMultiplySizes {
  var multiplyAccumulates: Int {
    var matrices = 1
    for axis in 0..<batches.rank { matrices = OperatorFacts.product(matrices, Int(batches.sizes[axis])) }
    return OperatorFacts.product(matrices, rows, depth, columns)
  }
}

/// BATCH_MATMUL of float32 with int8 matrices: the rows of the left ones are quantized in the run.
struct BatchMatrixMultiplyHybrid: Sendable {
  let sizes: MatrixMultiplySizes
  let isAsymmetric: Bool
  let activation: RealActivation
  /// The right matrices' scales, one a column.
  let scales: ReadSlot
  let lhs: ReadSlot
  let rhs: ReadSlot
  /// A row of the left matrix.
  let lhsRow: WriteSlot
  /// The same, quantized.
  let quantizedRow: WriteSlot
  /// The right matrix, column after column.
  let rhsColumns: WriteSlot
  let output: WriteSlot
}

extension BatchMatrixMultiplyHybrid {
  static func translate(
    _ graph: inout GraphBuilder, _ lhs: Operand, _ rhs: Operand, _ sizes: MatrixMultiplySizes, shape: Shape,
    isAsymmetric: Bool
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, .float32)
    let columnAxis = rhs.shape.rank - (sizes.isRhsTransposed ? 2 : 1)
    var scales = try graph.channelScales(of: rhs, axis: columnAxis, channels: sizes.columns)
    if scales.count == 1 { scales = [Float](repeating: scales[0], count: sizes.columns) }
    return try graph.operation(
      Operation.batchMatrixMultiplyHybrid,
      BatchMatrixMultiplyHybrid(
        sizes: sizes, isAsymmetric: isAsymmetric, activation: .none,
        scales: try graph.bind(packed: scales), lhs: try graph.bind(lhs), rhs: try graph.bind(rhs),
        lhsRow: try graph.bindScratch(count: sizes.depth, of: Float.self),
        quantizedRow: try graph.bindScratch(count: sizes.depth, of: Int8.self),
        rhsColumns: try graph.bindScratch(count: sizes.depth * sizes.columns, of: Int8.self),
        output: try graph.bindOutput(shape: shape)))
  }
}

extension BatchMatrixMultiplyHybrid {
  func run(_ memory: OperatorMemory) {
    var output = memory.write(output, as: Float.self)
    var lhsRow = memory.write(lhsRow, as: Float.self)
    var quantizedRow = memory.write(quantizedRow, as: Int8.self)
    var rhsColumns = memory.write(rhsColumns, as: Int8.self)
    multiplyMatricesHybridReference(
      sizes, isAsymmetric: isAsymmetric, activation: activation, factors: memory.read(scales), lhs: memory.read(lhs),
      rhs: memory.read(rhs), lhsRow: &lhsRow, quantizedRow: &quantizedRow, rhsColumns: &rhsColumns, output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: "matmul.f32i8.reference", multiplyAccumulates: sizes.multiplyAccumulates)
  }
}
