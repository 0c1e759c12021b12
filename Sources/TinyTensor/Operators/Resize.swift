import FlatbufferReader
import TinyTensorKernels

/// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR. Scales play no part: input and output share them.
struct Resize: Sendable {
  enum Kind: Sendable {
    case bilinearInt8
    case bilinearInt16
    case bilinearUInt8
    case bilinearFloat32
    case nearest(elementSize: Int)
  }

  let kind: Kind
  let parameters: ResizeParameters
  let input: ReadSlot
  let output: WriteSlot
}

extension Resize {
  static func translateBilinear(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options =
      try graph.options(15) { (table) throws(ReadError) in
        (alignsCorners: try table.scalar(2, default: false), usesPixelCenters: try table.scalar(3, default: false))
      } ?? (alignsCorners: false, usesPixelCenters: false)
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0, .int8, .uint8, .int16, .float32)
    let kind: Kind =
      switch input.elementType {
      case .int8: .bilinearInt8
      case .int16: .bilinearInt16
      case .uint8: .bilinearUInt8
      default: .bilinearFloat32
      }
    return try translate(
      &graph, kind, input, alignsCorners: options.alignsCorners, usesPixelCenters: options.usesPixelCenters)
  }

  static func translateNearest(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options =
      try graph.options(74) { (table) throws(ReadError) in
        (alignsCorners: try table.scalar(0, default: false), usesPixelCenters: try table.scalar(1, default: false))
      } ?? (alignsCorners: false, usesPixelCenters: false)
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0)
    guard let bits = input.elementType.bitWidth, bits % 8 == 0 else {
      throw graph.error(.invalidOperator, "its input is \(input.elementType), which cannot be resized")
    }
    return try translate(
      &graph, .nearest(elementSize: bits / 8), input, alignsCorners: options.alignsCorners,
      usesPixelCenters: options.usesPixelCenters)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ kind: Kind, _ input: Operand, alignsCorners: Bool, usesPixelCenters: Bool
  ) throws(ModelError) -> Operation? {
    try graph.requireImage(input)
    _ = try graph.outputType(0, input.elementType)
    let size = try graph.input(1, .int32)
    guard size.shape.rank == 1, size.shape[0] == 2 else {
      throw graph.error(.invalidOperator, "its size has the shape \(size.shape) instead of [2]")
    }
    guard !(alignsCorners && usesPixelCenters) else {
      throw graph.error(.invalidOperator, "its options align_corners and half_pixel_centers exclude each other")
    }
    let sizes = try graph.constantIntegers(size, what: "the size")
    guard sizes[0] > 0, sizes[1] > 0 else {
      throw graph.error(.invalidOperator, "its size of \(sizes[0]) x \(sizes[1]) is not positive")
    }
    let outputSizes = [input.shape[0], sizes[0], sizes[1], input.shape[3]]
    guard let shape = Shape(outputSizes) else {
      throw graph.error(.tooLarge, "its output \(describeShape(outputSizes)) is too large")
    }
    return .resize(
      Resize(
        kind: kind,
        parameters: ResizeParameters(
          batches: input.shape[0], inputHeight: input.shape[1], inputWidth: input.shape[2], outputHeight: sizes[0],
          outputWidth: sizes[1], channels: input.shape[3], alignsCorners: alignsCorners,
          usesPixelCenters: usesPixelCenters),
        input: try graph.bind(input), output: try graph.bindOutput(shape: shape)))
  }
}

extension Resize {
  func run(_ memory: OperatorMemory) {
    switch kind {
    case .bilinearInt8: runInteger(memory, Int8.self)
    case .bilinearInt16: runInteger(memory, Int16.self)
    case .bilinearUInt8: runReal(memory, UInt8.self)
    case .bilinearFloat32: runReal(memory, Float.self)
    case .nearest(let elementSize):
      var output = memory.writeBytes(output)
      resizeNearestReference(parameters, elementSize: elementSize, input: memory.readBytes(input), output: &output)
    }
  }

  private func runInteger<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    resizeBilinearReference(parameters, input: memory.read(input), output: &output)
  }

  private func runReal<Element: RealInterpolated>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    resizeBilinearRealReference(parameters, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    switch kind {
    case .bilinearInt8: OperatorFacts(kernel: "resizebilinear.i8.reference")
    case .bilinearInt16: OperatorFacts(kernel: "resizebilinear.i16.reference")
    case .bilinearUInt8: OperatorFacts(kernel: "resizebilinear.u8.reference")
    case .bilinearFloat32: OperatorFacts(kernel: "resizebilinear.f32.reference")
    case .nearest: OperatorFacts(kernel: "resizenearest.reference")
    }
  }
}
