import FlatbufferReader

// The layout is that of libedgetpu's schema, executable/executable.fbs: the custom options are a FlexBuffers map, whose
// member "4" is a FlatBuffer of a package; that holds the executables as a FlatBuffer in a vector of bytes, each of them
// as a FlatBuffer in a string.

extension EdgeTPUPackage {
  /// Reads the custom options of an `edgetpu-custom-op` node.
  ///
  /// - Parameter customOptions: the node's custom options.
  /// - Throws: ``ModelError`` when they are damaged, with a byte position counted from their beginning.
  /// - Complexity: O(names and layers); parameters and instructions are not looked into.
  public init(customOptions: RawSpan) throws(ModelError) {
    do throws(ReadError) {
      var reader = PackageReader(customOptions)
      self = try reader.package(customOptions)
    } catch {
      throw ModelError(
        .malformedFile, "the Edge TPU package is damaged: at byte \(error.position), \(error.message)",
        byteOffset: error.position)
    }
  }
}

extension ModelFile {
  /// The package of an operator that was compiled for the Edge TPU; `nil` for other operators.
  ///
  /// - Parameter node: an operator of this file.
  /// - Throws: ``ModelError`` when it is damaged.
  public func edgeTPUPackage(of node: Operator) throws(ModelError) -> EdgeTPUPackage? {
    guard operatorCodes.indices.contains(node.codeIndex), operatorCodes[node.codeIndex].isCompiledForEdgeTPU else {
      return nil
    }
    guard let range = node.customOptions else {
      throw ModelError(.malformedFile, "an \(compiledOperatorName) has no custom options; compile the model again")
    }
    do throws(ModelError) {
      return try EdgeTPUPackage(customOptions: storage.bytes.extracting(range))
    } catch {
      var moved = error
      moved.byteOffset = error.byteOffset.map { $0 + range.lowerBound }
      throw moved
    }
  }
}

/// Reads a package within the work that its size allows.
private struct PackageReader {
  private var budget: ReadBudget

  init(_ bytes: borrowing RawSpan) {
    budget = ReadBudget(ReadLimits(forByteCount: bytes.byteCount))
  }

  mutating func package(_ bytes: RawSpan) throws(ReadError) -> EdgeTPUPackage {
    let map = try FlexValue(root: bytes, &budget).map(&budget)
    // libedgetpu looks members up without a check of where their names lie.
    for index in 0..<map.count {
      _ = try map.key(at: index, &budget)
      _ = try map.value(at: index, &budget)
    }
    guard let member = try map.value(forKey: "4", &budget) else {
      throw ReadError(.missingField, at: 0, "the custom options have no member \"4\", which holds the package")
    }
    let string = try member.string(&budget)
    var preference = -1
    if let value = try map.value(forKey: "5", &budget) { preference = Int(try value.int(Int32.self)) }
    return try package(string.utf8, at: string.position, preference: preference)
  }

  private mutating func package(
    _ bytes: RawSpan, at base: Int, preference: Int
  ) throws(ReadError) -> EdgeTPUPackage {
    do throws(ReadError) {
      let buffer = FlatBuffer(bytes)
      let table = try buffer.root(&budget)
      guard let list = try table.vector(1, of: UInt8.self) else {
        throw ReadError(.missingField, at: table.position, "the package has no executables")
      }
      return EdgeTPUPackage(
        range: base..<(base + bytes.byteCount), hasIdentifier: buffer.hasIdentifier("DWN1"),
        minimumRuntimeVersion: Int(try table.scalar(0, default: Int32(0))),
        keypairVersion: Int(try table.scalar(3, default: Int32(0))), compilerVersion: try text(table, 4),
        virtualChip: Int(try table.scalar(5, default: Int32(0))), furtherChipCount: try table.tables(6)?.count ?? 0,
        signatureByteCount: try table.vector(2, of: UInt8.self)?.count ?? 0, modelIdentifier: try text(table, 7),
        executionPreference: preference, executables: try executables(list.rawBytes, at: list.position))
    } catch {
      throw moved(error, by: base)
    }
  }

  private mutating func executables(
    _ bytes: RawSpan, at base: Int
  ) throws(ReadError) -> [EdgeTPUPackage.Executable] {
    do throws(ReadError) {
      var executables: [EdgeTPUPackage.Executable] = []
      guard let strings = try FlatBuffer(bytes).root(&budget).strings(0) else { return executables }
      for index in 0..<strings.count {
        let string = try strings.string(at: index, &budget)
        do throws(ReadError) {
          executables.append(try executable(FlatBuffer(string.utf8).root(&budget)))
        } catch {
          throw moved(error, by: string.position)
        }
      }
      return executables
    } catch {
      throw moved(error, by: base)
    }
  }

  private mutating func executable(_ table: borrowing Table) throws(ReadError) -> EdgeTPUPackage.Executable {
    var instructions: [EdgeTPUPackage.Instructions] = []
    if let pieces = try table.tables(5) {
      for index in 0..<pieces.count {
        let piece = try pieces.table(at: index, &budget)
        instructions.append(
          EdgeTPUPackage.Instructions(
            byteCount: try piece.vector(0, of: UInt8.self)?.count ?? 0, fixupCount: try piece.tables(1)?.count ?? 0))
      }
    }
    var hints = (count: 0, isDeterministic: false)
    if let table = try table.table(7, &budget) {
      hints = (try table.tables(0)?.count ?? 0, try table.scalar(1, default: UInt8(0)) != 0)
    }
    // A field of 64 bits took the place of one of 32.
    let cycles = try table.scalar(16, default: Int64(0))
    let oldCycles = Int64(try table.scalar(11, default: Int32(0)))
    let estimate = cycles > 0 ? cycles : oldCycles
    return EdgeTPUPackage.Executable(
      version: Int(try table.scalar(0, default: Int32(0))), name: try text(table, 1),
      serializedModelByteCount: try table.vector(2, of: UInt8.self)?.count ?? 0,
      kind: EdgeTPUPackage.Kind(Int(try table.scalar(13, default: Int16(0)))),
      chip: try text(table, 10), batchSize: Int(try table.scalar(3, default: Int32(0))),
      scratchByteCount: Int(try table.scalar(4, default: Int32(0))), instructions: instructions,
      transferHintCount: hints.count, isFullyDeterministic: hints.isDeterministic,
      usesDeviceMemory: try table.scalar(15, default: UInt8(0)) != 0,
      parameterByteCount: try table.vector(6, of: UInt8.self)?.count ?? 0,
      narrowMemoryByteCount: Int(try table.scalar(12, default: Int32(0))),
      parameterCachingToken: try table.scalar(14, default: UInt64(0)),
      estimatedCycles: estimate > 0 ? UInt64(estimate) : nil, inputs: try layers(table, 8),
      outputs: try layers(table, 9))
  }

  private mutating func layers(
    _ table: borrowing Table, _ slot: Int
  ) throws(ReadError) -> [EdgeTPUPackage.Layer] {
    var layers: [EdgeTPUPackage.Layer] = []
    guard let tables = try table.tables(slot) else { return layers }
    for index in 0..<tables.count { layers.append(try layer(tables.table(at: index, &budget))) }
    return layers
  }

  private mutating func layer(_ table: borrowing Table) throws(ReadError) -> EdgeTPUPackage.Layer {
    let type = EdgeTPUPackage.LayerType(Int(try table.scalar(6, default: Int16(0))))
    var zeroPoint = 0
    var scale: Float = 0
    if let numerics = try table.table(5, &budget) {
      zeroPoint = Int(try numerics.scalar(0, default: Int32(0)))
      scale = try numerics.scalar(1, default: Float(0))
    }
    return EdgeTPUPackage.Layer(
      name: try text(table, 0), byteCount: Int(try table.scalar(1, default: Int32(0))),
      sizes: [
        Int(try table.scalar(2, default: Int32(0))), Int(try table.scalar(3, default: Int32(0))),
        Int(try table.scalar(4, default: Int32(0))),
      ], type: type, zeroPoint: zeroPoint - type.zeroPointShift, scale: scale,
      executionsPerRun: Int(try table.scalar(9, default: Int32(1))),
      isInDeviceMemory: try table.scalar(10, default: UInt8(0)) != 0)
  }

  private mutating func text(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> String {
    guard let string = try table.string(slot) else { return "" }
    return try string.text(&budget)
  }

  /// An error at a place that is counted from the beginning of a part.
  private func moved(_ error: ReadError, by base: Int) -> ReadError {
    ReadError(error.code, at: error.position + base, error.message)
  }
}

extension EdgeTPUPackage.Kind {
  fileprivate init(_ number: Int) {
    switch number {
    case 0: self = .standAlone
    case 1: self = .parameterCaching
    case 2: self = .executionOnly
    default: self = .unknown(number)
    }
  }
}

extension EdgeTPUPackage.LayerType {
  /// How much the file's zero point is above the tensor's: the chip counts signed numbers from their least one.
  fileprivate var zeroPointShift: Int {
    switch self {
    case .int8: 128
    case .int16: 32768
    default: 0
    }
  }

  fileprivate init(_ number: Int) {
    switch number {
    case 0: self = .uint8
    case 1: self = .uint16
    case 2: self = .int32
    case 3: self = .bfloat16
    case 4: self = .float16
    case 5: self = .float32
    case 8: self = .int8
    case 9: self = .int16
    default: self = .unknown(number)
    }
  }
}
