import FlatbufferReader
import TinyTensorKernels

/// RFFT2D: the Fourier transform of real numbers along the last two axes, as complex64.
struct Spectrum: Sendable {
  let parameters: FourierParameters
  let input: ReadSlot
  let roots: ReadSlot
  let line: WriteSlot
  let grid: WriteSlot
  let output: WriteSlot
}

extension Spectrum {
  /// The lengths of the transform are constant and powers of two; the input is cut or filled up with zeros to them.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0, .float32)
    _ = try graph.outputType(0, .complex64)
    let listed = try graph.input(1, .int32)
    let lengths = try graph.constantIntegers(listed, what: "the lengths of the transform")
    let rank = input.shape.rank
    guard listed.shape.rank == 1, lengths.count == 2, rank >= 2 else {
      throw graph.error(
        .invalidOperator, "it transforms two axes; its input is \(input.shape), its lengths are \(listed.shape)")
    }
    for length in lengths where length <= 0 || length & (length - 1) != 0 {
      throw graph.error(.invalidOperator, "it transforms \(length) numbers, which is no power of two")
    }
    let (height, width) = (lengths[0], lengths[1])
    guard width >= 2 else {
      throw graph.error(.unsupportedOperator, "a transform of rows of one number is not supported")
    }
    let shape = try graph.outputShape(input.shape.array.dropLast(2) + [height, width / 2 + 1])
    guard let slices = shape.count(of: 0..<(rank - 2)), shape.count <= graph.limits.tensorBytes / 8 else {
      throw graph.error(.tooLarge, "its output \(shape) is too large")
    }
    let parameters = FourierParameters(
      slices: slices, inputHeight: input.shape[rank - 2], inputWidth: input.shape[rank - 1], height: height,
      width: width)
    return try graph.operation(
      Operation.spectrum,
      Spectrum(
        parameters: parameters, input: try graph.bind(input),
        roots: try graph.bind(packed: fourierRoots(length: max(height, width))),
        line: try graph.bindScratch(count: parameters.lineCount, of: Double.self),
        grid: try graph.bindScratch(count: parameters.gridCount, of: Double.self),
        output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) {
    var line = memory.write(line, as: Double.self)
    var grid = memory.write(grid, as: Double.self)
    var output = memory.write(output, as: Float.self)
    realFourierTransform(
      parameters, input: memory.read(input), roots: memory.read(roots), line: &line, grid: &grid, output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "rfft2d.reference") }
}

/// REAL, IMAG and COMPLEX_ABS: one real number of each complex one.
struct ComplexNumbers: Sendable {
  let part: ComplexPart
  let isDouble: Bool
  let input: ReadSlot
  let output: WriteSlot
}

extension ComplexNumbers {
  static func translateReal(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .real)
  }

  static func translateImaginary(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .imaginary)
  }

  static func translateMagnitude(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .magnitude)
  }

  private static func translate(_ graph: inout GraphBuilder, _ part: ComplexPart) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .complex64, .complex128)
    let isDouble = input.elementType == .complex128
    _ = try graph.outputType(0, isDouble ? .float64 : .float32)
    return try graph.operation(
      Operation.complexNumbers,
      ComplexNumbers(
        part: part, isDouble: isDouble, input: try graph.bind(input), output: try graph.bindOutput(shape: input.shape)))
  }

  func run(_ memory: OperatorMemory) {
    if isDouble {
      run(memory, Double.self)
    } else {
      run(memory, Float.self)
    }
  }

  private func run<Element: ComplexPartElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    complexPartReference(part, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    switch part {
    case .real: OperatorFacts(kernel: "real.reference")
    case .imaginary: OperatorFacts(kernel: "imag.reference")
    case .magnitude: OperatorFacts(kernel: "complex_abs.reference")
    }
  }
}
