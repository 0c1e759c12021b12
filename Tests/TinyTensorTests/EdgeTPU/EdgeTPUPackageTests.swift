import FlatbufferReader
import Testing

@testable import TinyTensor

@Suite("Packages for the Edge TPU")
struct EdgeTPUPackageTests {
  private func options(
    identifier: String = "DWN1", edit: @escaping (inout FlatTable) -> Void = { _ in }
  ) -> [UInt8] {
    CompiledPackage(
      identifier: identifier,
      inputs: [.init(name: "image", sizes: [4, 5, 3], zeroPoint: 128, scale: 0.5)],
      outputs: [
        .init(name: "scores", sizes: [1, 1, 10], type: 8, byteCount: 16, zeroPoint: 86, scale: 0.25),
        .init(name: "state_variable_output", sizes: [1, 1, 6], type: 9, zeroPoint: 32768, executions: 4),
      ], edit: edit
    ).customOptions
  }

  private func read(_ options: [UInt8]) throws(ModelError) -> EdgeTPUPackage {
    // Sound: the array lives until the call is over.
    unsafe try EdgeTPUPackage(customOptions: options.span.bytes)
  }

  @Test("every figure is read")
  func figures() throws {
    let package = try read(options())
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
    // The file counts signed numbers from their least one.
    #expect(main.outputs.map(\.zeroPoint) == [-42, 0])
    #expect(main.outputs.map(\.type) == [.int8, .int16])
    #expect(main.outputs.map(\.byteCount) == [16, 6])
    #expect(main.outputs.map(\.executionsPerRun) == [1, 4])
    #expect(package.executables[1].estimatedCycles == nil)
    #expect(package.cachedParameterByteCount == 48)
    #expect(package.streamedParameterByteCount == 0)
    // All packages of these tests have one token.
    let other = CompiledPackage.bytes(inputs: [[1, 4]], outputs: [[1, 4]])
    #expect(try package.sharesParameterMemory(with: read(other.customOptions)))
  }

  @Test("another identifier is told, no package or no executables are an error with a place")
  func refusals() throws {
    #expect(try !read(options(identifier: "DWN2")).hasIdentifier)
    let empty = options { $0[1] = nil }
    #expect(throws: ModelError.self) { try read(empty) }
    #expect(throws: ModelError.self) { try read([]) }
    do {
      _ = try read(CompiledPackage.options(package: [1, 2, 3, 4, 5]))
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
      if (try? read(Array(bytes[..<count]))) == nil { refused += 1 }
    }
    #expect(refused > bytes.count / 2)
    refused = 0
    for index in bytes.indices {
      for flip in [0x01, 0x80, 0xFF] as [UInt8] {
        var changed = bytes
        changed[index] ^= flip
        if (try? read(changed)) == nil { refused += 1 }
      }
    }
    #expect(refused > 0)
  }

  @Test("a model says which of its operators carry a package")
  func model() throws {
    let file = try ModelFile(bytes: TestModel.compiled().bytes)
    #expect(file.isCompiledForEdgeTPU)
    let package = try #require(try file.edgeTPUPackage(of: file.subgraphs[0].operators[0]))
    #expect(package.executables.count == 2)
    // Another operator has none.
    let plain = try ModelFile(bytes: TestModel.chain(1).bytes)
    #expect(!plain.isCompiledForEdgeTPU)
    #expect(try plain.edgeTPUPackage(of: plain.subgraphs[0].operators[0]) == nil)
  }
}
