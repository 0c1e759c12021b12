import TinyTensorKernels

extension Session {
  // MARK: Bytes

  /// Sets an input from stored bytes.
  ///
  /// - Parameters:
  ///   - input: one of this model's inputs.
  ///   - bytes: its elements as they are stored, little endian.
  /// - Throws: ``SessionError`` when the count of bytes differs or the input belongs to another model.
  public mutating func setInput(_ input: Input, bytes: Span<UInt8>) throws(SessionError) {
    let info = try check(input)
    try checkCount(bytes.count, info.byteCount, of: info, "bytes")
    var target = try inputBytes(input)
    // Sound: bytes have no padding and no invalid patterns.
    copyBytes(unsafe bytes.bytes, to: &target, at: 0)
  }

  /// An output's bytes in an array of their own.
  ///
  /// - Parameter output: one of this model's outputs.
  /// - Throws: ``SessionError`` when it belongs to another model.
  /// - Complexity: O(bytes); allocates.
  public func outputArray(_ output: Output) throws(SessionError) -> [UInt8] {
    copiedBytes(try outputBytes(output))
  }

  // MARK: Real values

  /// Sets an input from real values, quantized with the tensor's own scale and zero point if it is quantized:
  /// `round(real / scale) + zeroPoint`, half away from zero, clamped.
  ///
  /// - Parameters:
  ///   - input: one of this model's inputs, of type float32, int8, uint8, int16 or int32.
  ///   - real: as many values as the input has elements.
  /// - Throws: ``SessionError`` when the count differs, the type cannot be converted to, or the input belongs to another
  ///   model.
  /// - Complexity: O(elements); allocates nothing.
  public mutating func setInput(_ input: Input, real: Span<Float>) throws(SessionError) {
    let info = try check(input)
    try checkCount(real.count, info.count, of: info, "values")
    switch info.elementType {
    case .float32:
      var target = try mutableInput(input, as: Float.self)
      for index in real.indices { target[index] = real[index] }
    case .int8: try setQuantized(input, info, real, as: Int8.self)
    case .uint8: try setQuantized(input, info, real, as: UInt8.self)
    case .int16: try setQuantized(input, info, real, as: Int16.self)
    case .int32: try setQuantized(input, info, real, as: Int32.self)
    default: throw noConversion(info)
    }
  }

  private mutating func setQuantized<Element: TensorScalar & QuantizedElement>(
    _ input: Input, _ info: TensorInfo, _ real: Span<Float>, as: Element.Type
  ) throws(SessionError) {
    guard let conversion = model.inputConversions[input.index] else { throw noConversion(info) }
    var target = try mutableInput(input, as: Element.self)
    quantizeReference(scale: conversion.scale, zeroPoint: conversion.zeroPoint, input: real, output: &target)
  }

  /// Copies an output's real values: `scale * (stored - zeroPoint)` if it is quantized.
  ///
  /// - Parameters:
  ///   - output: one of this model's outputs, of type float32, int8, uint8, int16 or int32.
  ///   - real: room for as many values as the output has elements.
  /// - Throws: ``SessionError`` when the count differs, the type cannot be converted, or the output belongs to another
  ///   model.
  /// - Complexity: O(elements); allocates nothing.
  public func copyOutput(_ output: Output, real: inout MutableSpan<Float>) throws(SessionError) {
    let info = try check(output)
    let count = try elementCount(of: output)
    try checkCount(real.count, count, of: info, "values")
    try copyOutput(output, elements: 0..<count, real: &real)
  }

  /// Copies some of an output's real values, for outputs that are looked at part by part.
  ///
  /// - Parameters:
  ///   - output: one of this model's outputs, of type float32, int8, uint8, int16 or int32.
  ///   - elements: which elements, in the output's order.
  ///   - real: room for as many values.
  /// - Throws: ``SessionError`` when the output does not have those elements, the count differs, the type cannot be
  ///   converted, or the output belongs to another model.
  /// - Complexity: O(elements that are copied); allocates nothing.
  public func copyOutput(
    _ output: Output, elements: Range<Int>, real: inout MutableSpan<Float>
  ) throws(SessionError) {
    let info = try check(output)
    let count = try elementCount(of: output)
    guard elements.lowerBound >= 0, elements.upperBound <= count else {
      throw SessionError(
        .countMismatch,
        "tensor \"\(info.name)\" \(describeShape(info.shape)) has the elements 0..<\(count), not all of \(elements)")
    }
    guard real.count == elements.count else {
      throw SessionError(
        .countMismatch, "\(elements.count) elements need room for as many values; there is room for \(real.count)")
    }
    switch info.elementType {
    case .float32:
      let source = try self.output(output, as: Float.self).extracting(elements)
      for index in source.indices { real[index] = source[index] }
    case .int8: try copyDequantized(output, info, elements, Int8.self, to: &real)
    case .uint8: try copyDequantized(output, info, elements, UInt8.self, to: &real)
    case .int16: try copyDequantized(output, info, elements, Int16.self, to: &real)
    case .int32: try copyDequantized(output, info, elements, Int32.self, to: &real)
    default: throw noConversion(info)
    }
  }

  private func copyDequantized<Element: TensorScalar & QuantizedElement>(
    _ output: Output, _ info: TensorInfo, _ elements: Range<Int>, _: Element.Type, to real: inout MutableSpan<Float>
  ) throws(SessionError) {
    guard let conversion = model.outputConversions[output.index] else { throw noConversion(info) }
    dequantizeReference(
      scale: conversion.scale, zeroPoint: conversion.zeroPoint,
      input: try self.output(output, as: Element.self).extracting(elements), output: &real)
  }

  /// An output's real values in an array of their own.
  ///
  /// - Parameter output: one of this model's outputs.
  /// - Throws: ``SessionError`` as ``copyOutput(_:real:)`` does.
  /// - Complexity: O(elements); allocates.
  public func realOutput(_ output: Output) throws(SessionError) -> [Float] {
    var values = [Float](repeating: 0, count: try elementCount(of: output))
    var span = values.mutableSpan
    try copyOutput(output, real: &span)
    return values
  }

  // MARK: Pixels

  /// Sets an input from the bytes of an image: exact for any scale and zero point, for named mappings through a table of
  /// all 256 values that was made at load.
  ///
  /// - Parameters:
  ///   - input: one of this model's inputs, of type float32, or of type int8 or uint8 with a single scale; of int16 or
  ///     int32 too for mappings of means and deviations.
  ///   - pixels: as many bytes as the input has elements, in its order; channels are innermost.
  ///   - mapping: which real value a byte stands for. One of several means is for an input with as many channels.
  /// - Throws: ``SessionError`` when the count differs, the type does not hold pixels, the mapping has other channels, or
  ///   the input belongs to another model.
  /// - Complexity: O(elements); allocates nothing.
  public mutating func setInput(
    _ input: Input, pixels: Span<UInt8>, mapping: PixelMapping = .unit
  ) throws(SessionError) {
    let info = try check(input)
    try checkCount(pixels.count, info.count, of: info, "pixels")
    let channels = mapping.channels
    if channels > 1, info.shape.last != channels {
      throw SessionError(
        .countMismatch,
        "tensor \"\(info.name)\" \(describeShape(info.shape)) does not end in the \(channels) channels of the mapping")
    }
    if info.elementType == .float32 {
      var target = try mutableInput(input, as: Float.self)
      var channel = 0
      for index in pixels.indices {
        target[index] = mapping.real(pixels[index], channel: channel)
        channel = channel + 1 == channels ? 0 : channel + 1
      }
      return
    }
    guard let table = mapping.index else { return try setPixels(input, info, pixels, mapping) }
    let tables = model.pixelTables[input.index]
    guard !tables.isEmpty else { throw noConversion(info) }
    let start = table * 256
    var target = try inputBytes(input)
    for index in pixels.indices {
      target.storeBytes(of: tables[start + Int(pixels[index])], toByteOffset: index, as: UInt8.self)
    }
  }

  /// Sets an input of integers under a mapping without a table.
  private mutating func setPixels(
    _ input: Input, _ info: TensorInfo, _ pixels: Span<UInt8>, _ mapping: PixelMapping
  ) throws(SessionError) {
    switch info.elementType {
    case .int8: try setPixels(input, info, pixels, mapping, as: Int8.self)
    case .uint8: try setPixels(input, info, pixels, mapping, as: UInt8.self)
    case .int16: try setPixels(input, info, pixels, mapping, as: Int16.self)
    case .int32: try setPixels(input, info, pixels, mapping, as: Int32.self)
    default: throw noConversion(info)
    }
  }

  private mutating func setPixels<Element: TensorScalar & FixedWidthInteger>(
    _ input: Input, _ info: TensorInfo, _ pixels: Span<UInt8>, _ mapping: PixelMapping, as: Element.Type
  ) throws(SessionError) {
    guard let conversion = model.inputConversions[input.index] else { throw noConversion(info) }
    let zeroPoint = Int64(conversion.zeroPoint)
    var target = try mutableInput(input, as: Element.self)
    var channel = 0
    for index in pixels.indices {
      let real = mapping.real(pixels[index], channel: channel)
      target[index] = Element(
        clamping: Quantization.nearest(to: real, scale: conversion.scale, zeroPoint: zeroPoint))
      channel = channel + 1 == mapping.channels ? 0 : channel + 1
    }
  }

  // MARK: Errors

  private func checkCount(_ given: Int, _ wanted: Int, of info: TensorInfo, _ what: String) throws(SessionError) {
    guard given == wanted else {
      throw SessionError(
        .countMismatch,
        "tensor \"\(info.name)\" \(describeShape(info.shape)) takes \(wanted) \(what); there are \(given)")
    }
  }

  private func noConversion(_ info: TensorInfo) -> SessionError {
    SessionError(
      .unsupportedConversion,
      "tensor \"\(info.name)\" of \(info.elementType) has no single scale to convert with; use its bytes")
  }
}

extension Span where Element: Comparable & BitwiseCopyable {
  /// The index of the largest element, the first of equals; `nil` for an empty span.
  ///
  /// - Complexity: O(count).
  public func argmax() -> Int? {
    guard count > 0 else { return nil }
    var best = 0
    for index in indices where self[index] > self[best] { best = index }
    return best
  }
}
