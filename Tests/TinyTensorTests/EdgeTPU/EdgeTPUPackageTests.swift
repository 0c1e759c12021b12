import FlatbufferReader
import Testing

@testable import TinyTensor

@Suite("Packages for the Edge TPU")
struct EdgeTPUPackageTests {
  /// Custom options with two executables, as the compiler writes them for a model whose parameters fit the chip.
  private func options(identifier: String = "DWN1", edit: (inout FlatTable) -> Void = { _ in }) -> [UInt8] {
    let main = FlatTable([
      1: .string("model"), 3: .int32(1), 5: .tables([FlatTable([0: .bytes([1, 2, 3]), 1: .tables([FlatTable(), FlatTable()])]), FlatTable([0: .bytes([4])])]),
      7: .table(FlatTable([0: .tables([FlatTable(), FlatTable(), FlatTable()]), 1: .bool(true)])),
      8: .tables([layer("image", [4, 5, 3], bytes: 60, type: 0, zeroPoint: 128, scale: 0.5)]),
      9: .tables([layer("scores", [1, 1, 10], bytes: 16, type: 8, zeroPoint: 86, scale: 0.25)]),
      10: .string("beagle"), 12: .int32(99552), 13: .int16(2), 14: .uint64(0xbdd2_8bde_bd94_4998), 16: .uint64(458040),
    ])
    let caching = FlatTable([
      1: .string("Unknown"), 3: .int32(1), 5: .tables([FlatTable([0: .bytes([9, 9])])]),
      6: .bytes([UInt8](repeating: 7, count: 48)), 10: .string("beagle"), 13: .int16(1),
      14: .uint64(0xbdd2_8bde_bd94_4998),
    ])
    let executables = FlatTable([
      0: .strings([
        FlatWriter.file(main, identifier: "\0\0\0\0"), FlatWriter.file(caching, identifier: "\0\0\0\0"),
      ])
    ])
    var package = FlatTable([
      0: .int32(12), 1: .bytes(FlatWriter.file(executables, identifier: "\0\0\0\0")), 4: .string("cl/"),
      7: .string("mine"),
    ])
    edit(&package)
    return map(package: FlatWriter.file(package, identifier: identifier))
  }

  private func layer(
    _ name: String, _ sizes: [Int32], bytes: Int32, type: Int16, zeroPoint: Int32, scale: Float
  ) -> FlatTable {
    FlatTable([
      0: .string(name), 1: .int32(bytes), 2: .int32(sizes[0]), 3: .int32(sizes[1]), 4: .int32(sizes[2]),
      5: .table(FlatTable([0: .int32(zeroPoint), 1: .float(scale)])), 6: .int16(type),
    ])
  }

  /// The FlexBuffers map `{"1": 0, "4": package, "5": -1}`, with 4 bytes a value.
  private func map(package: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = Array("1\u{0}4\u{0}5\u{0}".utf8)
    while bytes.count % 4 != 0 { bytes.append(0) }
    func word(_ value: Int) { withUnsafeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian) { bytes += $0 } }
    word(package.count)
    let string = bytes.count
    bytes += package + [0]
    while bytes.count % 4 != 0 { bytes.append(0) }
    // Keys, sorted: offsets go backwards from where they stand.
    word(3)
    let keys = bytes.count
    for key in [0, 2, 4] { word(bytes.count - key) }
    word(bytes.count - keys)
    word(4)
    word(3)
    let values = bytes.count
    word(0)
    word(bytes.count - string)
    word(-1)
    // Types: int, string and int of 4 bytes each.
    bytes += [1 << 2 | 2, 5 << 2 | 2, 1 << 2 | 2]
    // The root: an offset of 1 byte to a map with values of 4 bytes.
    bytes.append(UInt8(bytes.count - values))
    bytes += [9 << 2 | 2, 1]
    return bytes
  }

  @Test("every figure is read")
  func figures() throws {
    let package = try EdgeTPUPackage(customOptions: options().span.bytes)
    #expect(package.hasIdentifier)
    #expect(package.minimumRuntimeVersion == 12)
    #expect(package.compilerVersion == "cl/")
    #expect(package.modelIdentifier == "mine")
    #expect(package.virtualChip == 0)
    #expect(package.executionPreference == -1)
    #expect(package.executables.map(\.kind) == [.executionOnly, .parameterCaching])
    let main = try #require(package.mainExecutable)
    #expect(main.name == "model")
    #expect(main.chip == "beagle")
    #expect(main.batchSize == 1)
    #expect(main.instructions.map(\.byteCount) == [3, 1])
    #expect(main.instructions.map(\.fixupCount) == [2, 0])
    #expect(main.transferHintCount == 3 && main.isFullyDeterministic)
    #expect(main.instructionByteCount == 4)
    #expect(main.parameterByteCount == 0)
    #expect(main.narrowMemoryByteCount == 99552)
    #expect(main.parameterCachingToken == 0xbdd2_8bde_bd94_4998)
    #expect(main.estimatedCycles == 458040)
    #expect(main.estimatedSeconds == 458040 / 500e6)
    #expect(
      main.inputs == [
        EdgeTPUPackage.Layer(
          name: "image", byteCount: 60, sizes: [4, 5, 3], type: .uint8, zeroPoint: 128, scale: 0.5, executionsPerRun: 1,
          isInDeviceMemory: false)
      ])
    // The file's zero point of int8 is 128 above the tensor's.
    #expect(main.outputs.map(\.zeroPoint) == [-42])
    #expect(main.outputs.map(\.type) == [.int8])
    #expect(package.executables[1].estimatedCycles == nil)
    #expect(package.cachedParameterByteCount == 48)
    #expect(package.streamedParameterByteCount == 0)
  }

  @Test("another identifier is told, no package or no executables are an error with a place")
  func refusals() throws {
    #expect(try !EdgeTPUPackage(customOptions: options(identifier: "DWN2").span.bytes).hasIdentifier)
    let empty = options { $0[1] = nil }
    #expect(throws: ModelError.self) { try EdgeTPUPackage(customOptions: empty.span.bytes) }
    #expect(throws: ModelError.self) { try EdgeTPUPackage(customOptions: [UInt8]().span.bytes) }
    do {
      _ = try EdgeTPUPackage(customOptions: map(package: [1, 2, 3, 4, 5]).span.bytes)
      Issue.record("no error")
    } catch {
      #expect(error.code == .malformedFile)
      #expect(error.byteOffset != nil)
    }
  }

  @Test("damaged bytes end in a value or in an error")
  func damage() {
    let bytes = options()
    var refused = 0
    for count in bytes.indices {
      // The root is at the end: nothing that is cut off can be whole.
      if (try? EdgeTPUPackage(customOptions: Array(bytes[..<count]).span.bytes)) == nil { refused += 1 }
    }
    #expect(refused > bytes.count / 2)
    refused = 0
    for index in bytes.indices {
      for flip in [0x01, 0x80, 0xFF] as [UInt8] {
        var changed = bytes
        changed[index] ^= flip
        if (try? EdgeTPUPackage(customOptions: changed.span.bytes)) == nil { refused += 1 }
      }
    }
    #expect(refused > 0)
  }

  @Test("a model says which of its operators carry a package")
  func model() throws {
    var test = TestModel()
    let input = test.input([1, 4, 5, 3], .uint8, scale: 0.5)
    let output = test.output([1, 10], .int8, scale: 0.25)
    test.operators.append(
      TestModel.Operator(
        code: .custom, customName: "edgetpu-custom-op", inputs: [input], outputs: [output], customOptions: options()))
    let file = try ModelFile(bytes: test.bytes)
    let node = file.subgraphs[0].operators[0]
    let package = try #require(try file.edgeTPUPackage(of: node))
    #expect(package.executables.count == 2)
    // Another operator has none.
    let plain = try ModelFile(bytes: TestModel.chain(1).bytes)
    #expect(try plain.edgeTPUPackage(of: plain.subgraphs[0].operators[0]) == nil)
  }
}
