import FlatbufferReader

/// An operator as the rules of compatibility see it.
///
/// Requires that the indices of its code and tensors were checked.
struct CompatibilityNode {
  let file: ModelFile
  let tensors: [ModelFile.Tensor]
  let index: Int
  let node: ModelFile.Operator
  let code: ModelFile.OperatorCode
  /// The `RuntimeVersion` of libedgetpu that the model would be compiled for.
  let runtime: Int

  // MARK: Operands

  /// An input, or `nil` if it is left out.
  func input(_ position: Int) -> ModelFile.Tensor? {
    guard node.inputs.indices.contains(position), node.inputs[position] >= 0 else { return nil }
    return tensors[node.inputs[position]]
  }

  /// An output, or `nil` if there is none.
  func output(_ position: Int = 0) -> ModelFile.Tensor? {
    node.outputs.indices.contains(position) ? tensors[node.outputs[position]] : nil
  }

  /// The bytes of a tensor that is constant in the file itself.
  @_lifetime(borrow self)
  func constantBytes(_ tensor: ModelFile.Tensor) -> RawSpan? {
    guard tensor.externalBuffer == 0, !tensor.isVariable else { return nil }
    guard file.buffers.indices.contains(tensor.buffer), let range = file.buffers[tensor.buffer].range else {
      return nil
    }
    // The decoder keeps to ranges inside the file.
    return file.storage.bytes(heldBy: self).extracting(range)
  }

  /// Whether a tensor's data is in the file, or in one beside it.
  func isConstant(_ tensor: ModelFile.Tensor) -> Bool {
    if tensor.isVariable { return false }
    return tensor.externalBuffer != 0 || file.constantByteCount(tensor) != nil
  }

  /// The integers of a constant int32 or int64 input; `nil` if it has none.
  ///
  /// At most 64 of them are read: none of the operands that rules look into has more.
  func integers(_ position: Int) -> [Int]? {
    guard let tensor = input(position), let bytes = constantBytes(tensor) else { return nil }
    let width = tensor.elementType == .int64 ? 8 : 4
    guard tensor.elementType == .int32 || tensor.elementType == .int64 else { return nil }
    var integers: [Int] = []
    for element in 0..<min(bytes.byteCount / width, 64) {
      integers.append(
        width == 8 ? Int(clamping: Int64.load(bytes, at: 8 * element)) : Int(Int32.load(bytes, at: 4 * element)))
    }
    return integers
  }

  // MARK: Options

  /// A number of the operator's options, from the table of the schema's first union with that number; the schema's
  /// default where there are no options.
  func option<Value: FlatScalar>(_ table: UInt8, _ slot: Int, default value: Value) throws(ModelError) -> Value {
    guard let options = node.options, options.type != 0 else { return value }
    guard options.type == table, let position = options.position else {
      throw error(.invalidOperator, "its options are those of another operator (table \(options.type)), or missing")
    }
    do throws(ReadError) {
      var budget = ReadBudget(ReadLimits(forByteCount: file.byteCount))
      let table = try Table(revisiting: file.bytes, at: position, &budget)
      return try table.scalar(slot, default: value)
    } catch {
      throw self.error(
        .malformedFile, "its options are damaged at byte \(error.position): \(error.message)",
        byteOffset: error.position)
    }
  }

  func error(_ code: ModelError.Code, _ message: String, byteOffset: Int? = nil) -> ModelError {
    ModelError(
      code, "operator \(index) (\(self.code.name)): \(message)", byteOffset: byteOffset, operatorIndex: index)
  }
}

extension ModelFile {
  /// Bytes of a tensor's data in this file; `nil` if it has none.
  func constantByteCount(_ tensor: Tensor) -> Int? {
    guard tensor.externalBuffer == 0, buffers.indices.contains(tensor.buffer) else { return nil }
    return buffers[tensor.buffer].range?.count
  }
}

extension ModelFile.Tensor {
  /// Whether the stored numbers have 8 bits and stand for real ones.
  var isEightBit: Bool {
    (elementType == .int8 || elementType == .uint8) && quantization?.scales.isEmpty == false
  }

  /// An axis counted from the innermost one, 0 for z, 1 for x, 2 for y, which the chip computes along; `nil` if there
  /// is no such axis.
  func distanceFromInside(axis: Int) -> Int? {
    guard axis < shape.count, axis >= -shape.count else { return nil }
    return axis < 0 ? -axis - 1 : shape.count - 1 - axis
  }

  /// Whether only the innermost axis is longer than 1; false for more axes than any tensor can have.
  var isOneDimensional: Bool { shape.count <= Shape.maximumRank && shape.dropLast().allSatisfy { $0 == 1 } }

  /// How many elements it has; `nil` if a size is negative or the product does not fit.
  var elementCount: Int? { Shape(shape)?.count }
}
