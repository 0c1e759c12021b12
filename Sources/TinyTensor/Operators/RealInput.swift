import FlatbufferReader
import TinyTensorKernels

/// An input of real numbers: float32, or bytes that are turned into it first; scaled where that is asked for.
struct RealInput: Sendable {
  let slot: ReadSlot
  /// `nil` for float32.
  let bytes: ByteType?
  let affine: Affine
  /// Room for the real numbers of bytes, or for scaled ones; `nil` where the input's are used as they are.
  let real: WriteSlot?
}

extension RealInput {
  /// Where the real numbers are once ``convert(_:)`` has run.
  var realSlot: ReadSlot { real.map { ReadSlot(index: $0.index) } ?? slot }

  func convert(_ memory: OperatorMemory) {
    guard let real else { return }
    switch bytes {
    case .int8: convert(memory, Int8.self, to: real)
    case .uint8: convert(memory, UInt8.self, to: real)
    case nil:
      var output = memory.write(real, as: Float.self)
      scaleReference(affine.scale, input: memory.read(slot), output: &output)
    }
  }

  private func convert<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type, to real: WriteSlot) {
    var output = memory.write(real, as: Float.self)
    dequantizeReference(
      scale: affine.scale, zeroPoint: affine.zeroPoint, input: memory.read(slot, as: Element.self),
      output: &output)
  }
}

extension GraphBuilder {
  /// Has the step read an input of real numbers, with room to turn bytes into them.
  ///
  /// - Parameters:
  ///   - operand: float32, int8 or uint8.
  ///   - extraScale: what the numbers are multiplied with; those of bytes together with their scale.
  mutating func bindReal(_ operand: Operand, extraScale: Float = 1) throws(ModelError) -> RealInput {
    let slot = try bind(operand)
    guard let bytes = ByteType(operand.elementType) else {
      return RealInput(
        slot: slot, bytes: nil, affine: Affine(scale: extraScale, zeroPoint: 0),
        real: extraScale == 1 ? nil : try bindScratch(count: operand.shape.count, of: Float.self))
    }
    let own = try affine(of: operand)
    return RealInput(
      slot: slot, bytes: bytes, affine: Affine(scale: own.scale * extraScale, zeroPoint: own.zeroPoint),
      real: try bindScratch(count: operand.shape.count, of: Float.self))
  }

  /// A custom operator's options.
  func customOptions<Options>(
    _ read: (borrowing RawSpan) throws(ReadError) -> Options
  ) throws(ModelError) -> Options {
    guard let range = node.customOptions else {
      throw error(.invalidOperator, "its custom options are missing")
    }
    do throws(ReadError) {
      return try read(file.storage.bytes.extracting(range))
    } catch {
      throw self.error(
        .invalidOperator, "its custom options cannot be read at byte \(error.position): \(error.message)")
    }
  }
}
