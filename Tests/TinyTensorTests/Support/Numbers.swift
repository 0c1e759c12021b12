import Foundation

@testable import TinyTensor

/// The bytes of elements, little-endian.
func storedBytes<Element: BitwiseCopyable>(of elements: [Element]) -> [UInt8] {
  unsafe elements.withUnsafeBytes { unsafe [UInt8]($0) }
}

/// The elements that bytes hold.
func elements<Element: TensorScalar>(_ bytes: [UInt8], as: Element.Type = Element.self) -> [Element] {
  unsafe bytes.withUnsafeBytes { buffer in
    (0..<(buffer.count / MemoryLayout<Element>.stride)).map {
      unsafe buffer.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.stride, as: Element.self)
    }
  }
}

extension TestModel {
  /// One operator whose operands have one type, with a scale each or none.
  static func elementwise(
    _ code: BuiltinOperator, _ type: ElementType, _ inputs: [[Int]], output: [Int], outputType: ElementType? = nil,
    scales: [Float]? = nil, zeroPoints: [Int64]? = nil, options: (type: UInt8, table: FlatTable)? = nil
  ) -> TestModel {
    var test = TestModel()
    var sources: [Int32] = []
    for (index, shape) in inputs.enumerated() {
      sources.append(
        test.input(
          "input \(index)", shape, type, scale: scales?[index], zeroPoint: zeroPoints?[index] ?? 0))
    }
    // An output of another type, such as bool, has no scale.
    let hasScale = outputType == nil || outputType == type
    let target = test.output(
      output, outputType ?? type, scale: hasScale ? scales?.last : nil,
      zeroPoint: hasScale ? zeroPoints?.last ?? 0 : 0)
    test.add(code, sources, [target], options: options)
    return test
  }

  /// A reduction over constant axes.
  static func reduction(
    _ code: BuiltinOperator, _ type: ElementType, _ input: [Int], axes: [Int32], output: [Int], keepsAxes: Bool = false,
    scales: (Float, Float)? = nil, zeroPoints: (Int64, Int64) = (0, 0)
  ) -> TestModel {
    var test = TestModel()
    let source = test.input(input, type, scale: scales?.0, zeroPoint: zeroPoints.0)
    let list = test.constant("axes", [axes.count], .int32, axes)
    let target = test.output(output, type, scale: scales?.1, zeroPoint: zeroPoints.1)
    test.add(code, [source, list], [target], options: Options.reduce(keepsAxes: keepsAxes))
    return test
  }

  /// Runs the model on elements of one type and gives those of its one output.
  func compute<Element: TensorScalar, Result: TensorScalar>(
    _ inputs: [[Element]], as: Result.Type = Result.self
  ) throws -> [Result] {
    elements(try run(inputs.map { storedBytes(of: $0) })[0])
  }

  /// The error that a run on elements ends with, or `nil` if it succeeds.
  func runError<Element: TensorScalar>(_ inputs: [[Element]]) throws -> SessionError? {
    let model = try Model(bytes: bytes)
    var session = try model.makeSession()
    for (index, input) in inputs.enumerated() {
      let data = storedBytes(of: input)
      try session.setInput(model.input(at: index), bytes: data.span)
    }
    do throws(SessionError) {
      try session.run()
      return nil
    } catch {
      return error
    }
  }
}
