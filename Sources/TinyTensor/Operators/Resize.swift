import FlatbufferReader
import KernelInterface
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
  let packed: PackedInterpolation?
  let pixels: PackedPixels?
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
    let parameters = ResizeParameters(
      batches: input.shape[0], inputHeight: input.shape[1], inputWidth: input.shape[2], outputHeight: sizes[0],
      outputWidth: sizes[1], channels: input.shape[3], alignsCorners: alignsCorners,
      usesPixelCenters: usesPixelCenters)
    // The output first: it has a limit, and what is packed is as long as its sides.
    let output = try graph.bindOutput(shape: shape)
    return try graph.operation(
      Operation.resize,
      Resize(
        kind: kind, parameters: parameters, packed: try packed(&graph, kind, parameters, input),
        pixels: try graph.packedPixels(kind, parameters), input: try graph.bind(input), output: output))
  }
}

extension Resize {
  /// Rows or columns of an output up to which their neighbours are listed.
  private static var longestSide: Int { 1 << 16 }

  private static func packed(
    _ graph: inout GraphBuilder, _ kind: Kind, _ parameters: ResizeParameters, _ input: Operand
  ) throws(ModelError) -> PackedInterpolation? {
    let isUnsigned: Bool
    switch kind {
    case .bilinearInt8: isUnsigned = false
    case .bilinearUInt8: isUnsigned = true
    case .bilinearInt16, .bilinearFloat32, .nearest: return nil
    }
    guard let set = graph.byteInstructionSet(for: input),
      max(parameters.outputHeight, parameters.outputWidth) <= longestSide
    else { return nil }
    var rows: [Neighbours] = []
    for row in 0..<parameters.outputHeight {
      rows.append(parameters.neighbours(row, parameters.inputHeight, parameters.outputHeight, isReal: isUnsigned))
    }
    var columns: [Neighbours] = []
    for column in 0..<parameters.outputWidth {
      columns.append(parameters.neighbours(column, parameters.inputWidth, parameters.outputWidth, isReal: isUnsigned))
    }
    return PackedInterpolation(
      set: set, isUnsigned: isUnsigned, rows: try graph.bind(packed: rows), columns: try graph.bind(packed: columns))
  }
}

extension ResizeParameters {
  /// The neighbours of an output pixel along an axis. Where a distance is beyond 1024, both neighbours are one pixel and
  /// what weights are taken modulo `2^32` adds up to 1 all the same.
  fileprivate func neighbours(_ index: Int, _ input: Int, _ output: Int, isReal: Bool) -> Neighbours {
    if isReal {
      let place = realNeighbours(index, input, output)
      return Neighbours(
        first: Int32(clamping: place.first), second: Int32(clamping: place.second),
        distance: Int32(bitPattern: place.distance.bitPattern))
    }
    let place = fixedPointNeighbours(index, input, output)
    return Neighbours(
      first: Int32(clamping: place.first), second: Int32(clamping: place.second),
      distance: Int32(truncatingIfNeeded: place.distance))
  }
}

/// RESIZE_BILINEAR of bytes by the kernels of an instruction set.
struct PackedInterpolation: Sendable {
  let set: InstructionSet
  let isUnsigned: Bool
  let rows: ReadSlot
  let columns: ReadSlot
}

extension GraphBuilder {
  /// The lists of RESIZE_NEAREST_NEIGHBOR; `nil` for the other operator, and where the reference kernels have to run.
  fileprivate mutating func packedPixels(
    _ kind: Resize.Kind, _ parameters: ResizeParameters
  ) throws(ModelError) -> PackedPixels? {
    guard case .nearest = kind, context.instructionSet != nil,
      max(parameters.outputHeight, parameters.outputWidth) <= PackedPixels.longestSide
    else { return nil }
    let rows = (0..<parameters.outputHeight).map { row in
      Int32(clamping: parameters.nearest(row, parameters.inputHeight, parameters.outputHeight))
    }
    let columns = (0..<parameters.outputWidth).map { column in
      Int32(clamping: parameters.nearest(column, parameters.inputWidth, parameters.outputWidth))
    }
    return PackedPixels(rows: try bind(packed: rows), columns: try bind(packed: columns))
  }
}

extension Resize {
  func run(_ memory: OperatorMemory) {
    if let packed { return run(memory, packed) }
    switch kind {
    case .bilinearInt8: runInteger(memory, Int8.self)
    case .bilinearInt16: runInteger(memory, Int16.self)
    case .bilinearUInt8: runReal(memory, UInt8.self)
    case .bilinearFloat32: runReal(memory, Float.self)
    case .nearest(let elementSize):
      if let pixels {
        return pixels.run(
          memory, batches: parameters.batches, inputHeight: parameters.inputHeight, inputWidth: parameters.inputWidth,
          outputHeight: parameters.outputHeight, outputWidth: parameters.outputWidth,
          pixelBytes: parameters.channels * elementSize, from: input, to: output)
      }
      var output = memory.writeBytes(output)
      resizeNearestReference(parameters, elementSize: elementSize, input: memory.readBytes(input), output: &output)
    }
  }

  private func run(_ memory: OperatorMemory, _ packed: PackedInterpolation) {
    unsafe VectorWork.run(
      packed.set,
      .interpolation(
        InterpolationTask(
          rows: memory.pointer(packed.rows).assumingMemoryBound(to: Neighbours.self),
          columns: memory.pointer(packed.columns).assumingMemoryBound(to: Neighbours.self),
          input: memory.pointer(input), output: memory.pointer(output), inputHeight: parameters.inputHeight,
          inputWidth: parameters.inputWidth, outputHeight: parameters.outputHeight,
          outputWidth: parameters.outputWidth, channels: parameters.channels, isUnsigned: packed.isUnsigned,
          firstRow: 0, endRow: parameters.batches * parameters.outputHeight)), memory.workers)
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
    case .bilinearInt8: OperatorFacts(kernel: "resizebilinear.i8.reference", set: packed?.set)
    case .bilinearInt16: OperatorFacts(kernel: "resizebilinear.i16.reference")
    case .bilinearUInt8: OperatorFacts(kernel: "resizebilinear.u8.reference", set: packed?.set)
    case .bilinearFloat32: OperatorFacts(kernel: "resizebilinear.f32.reference")
    case .nearest: OperatorFacts(kernel: "resizenearest.reference", set: pixels == nil ? nil : .portable)
    }
  }
}
