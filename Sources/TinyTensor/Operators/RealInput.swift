import FlatbufferReader
import TinyTensorKernels

/// An input of real numbers: float32, or bytes that are turned into it first.
struct RealInput: Sendable {
  let slot: ReadSlot
  /// `nil` for float32.
  let bytes: ByteType?
  let affine: Affine
  /// Room for the real numbers of bytes.
  let real: WriteSlot
}

extension RealInput {
  /// Where the real numbers are once ``convert(_:)`` has run.
  var realSlot: ReadSlot { bytes == nil ? slot : ReadSlot(index: real.index) }

  func convert(_ memory: OperatorMemory) {
    switch bytes {
    case .int8: convert(memory, Int8.self)
    case .uint8: convert(memory, UInt8.self)
    case nil: break
    }
  }

  private func convert<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
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
  ///   - extraScale: what the numbers of bytes are multiplied with, together with their scale.
  mutating func bindReal(_ operand: Operand, extraScale: Float = 1) throws(ModelError) -> RealInput {
    let slot = try bind(operand)
    guard let bytes = ByteType(operand.elementType) else {
      return RealInput(
        slot: slot, bytes: nil, affine: Affine(scale: 1, zeroPoint: 0), real: WriteSlot(index: slot.index))
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
