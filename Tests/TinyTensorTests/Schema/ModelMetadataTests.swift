import Foundation
import Testing

@testable import TinyTensor

@Suite("What a model says of itself")
struct ModelMetadataTests {
  private static let labels = Array("cat\ndog\n".utf8)

  /// A model with metadata, and without files behind it.
  private func described(_ edit: (inout FlatTable) -> Void = { _ in }) -> [UInt8] {
    let normalization = FlatTable([
      0: .uint8(1), 1: .table(FlatTable([0: .floats([127.5]), 1: .floats([128])])),
    ])
    let input = FlatTable([
      0: .string("image"), 1: .string("a picture"),
      3: .table(FlatTable([0: .uint8(2), 1: .table(FlatTable([0: .uint8(1)]))])), 4: .tables([normalization]),
      5: .table(FlatTable([0: .floats([1]), 1: .floats([-1])])),
    ])
    let threshold = FlatTable([0: .uint8(3), 1: .table(FlatTable([0: .float(0.25)]))])
    let output = FlatTable([
      0: .string("score"), 3: .table(FlatTable([0: .uint8(1), 1: .table(FlatTable())])), 4: .tables([threshold]),
      6: .tables([FlatTable([0: .string("labels.txt"), 1: .string("what it sees"), 2: .uint8(2), 3: .string("en")])]),
    ])
    let graph = FlatTable([2: .tables([input]), 3: .tables([output, FlatTable([0: .string("one too many")])])])
    var root = FlatTable([
      0: .string("Pets"), 1: .string("tells cats from dogs"), 2: .string("v2"), 3: .tables([graph]),
      4: .string("somebody"), 5: .string("Apache-2.0"),
      6: .tables([FlatTable([0: .string("words.txt"), 2: .uint8(5)])]),
    ])
    edit(&root)
    let bytes = FlatWriter.file(root, identifier: "M001")
    var model = TestModel.chain(1)
    model.edit = { table in
      guard case .tables(let buffers)? = table[4] else { return }
      table[4] = .tables(buffers + [FlatTable([0: .bytes(bytes)])])
      table[6] = .tables([FlatTable([0: .string("TFLITE_METADATA"), 1: .uint32(UInt32(buffers.count))])])
    }
    return model.bytes
  }

  @Test("names, normalization, thresholds and files are read")
  func metadata() throws {
    let metadata = try #require(try ModelFile(bytes: described()).modelMetadata())
    #expect(metadata.name == "Pets" && metadata.description == "tells cats from dogs")
    #expect(metadata.version == "v2" && metadata.author == "somebody" && metadata.license == "Apache-2.0")
    #expect(metadata.files.map(\.name) == ["words.txt"] && metadata.files.map(\.kind) == [.vocabulary])
    let input = try #require(metadata.inputs.first)
    #expect(input.content == .image(.rgb))
    #expect(input.normalization == ModelMetadata.Normalization(means: [127.5], deviations: [128]))
    #expect(input.minima == [-1] && input.maxima == [1])
    // The graph has one output.
    #expect(metadata.outputs.map(\.name) == ["score"])
    let output = metadata.outputs[0]
    #expect(output.content == .feature && output.scoreThreshold == 0.25)
    let file = ModelMetadata.File(name: "labels.txt", description: "what it sees", kind: .axisLabels, locale: "en")
    #expect(output.files == [file])
    #expect(try ModelFile(bytes: TestModel.chain(1).bytes).modelMetadata() == nil)
  }

  @Test("a normalization that cannot be computed says nothing")
  func normalization() throws {
    for (means, deviations) in [([0], [0]), ([1, 2], [1]), ([], [])] as [([Float], [Float])] {
      let unit = FlatTable([0: .uint8(1), 1: .table(FlatTable([0: .floats(means), 1: .floats(deviations)]))])
      let bytes = described { $0[3] = .tables([FlatTable([2: .tables([FlatTable([4: .tables([unit])])])])]) }
      #expect(try ModelFile(bytes: bytes).modelMetadata()?.inputs.first?.normalization == nil)
    }
  }

  @Test("damaged metadata are an error or a value")
  func damage() throws {
    let bytes = described()
    var refused = 0
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x81
      guard let file = try? ModelFile(bytes: changed) else { continue }
      do throws(ModelError) {
        _ = try file.modelMetadata()
      } catch {
        #expect(error.code == .malformedFile && error.byteOffset != nil)
        refused += 1
      }
    }
    #expect(refused > 0)
  }

  // MARK: Files

  /// Numbers in little-endian order.
  private func bytes(_ numbers: (value: Int, width: Int)...) -> [UInt8] {
    numbers.flatMap { number in (0..<number.width).map { UInt8(truncatingIfNeeded: number.value >> (8 * $0)) } }
  }

  /// A ZIP archive of files that are not compressed.
  private func archive(_ files: [(name: String, contents: [UInt8])], behind model: [UInt8]) -> [UInt8] {
    var out = model
    var directory: [UInt8] = []
    for (name, contents) in files {
      let start = out.count
      let common = bytes(
        (0, 2), (0, 2), (0, 4), (0x1234_5678, 4), (contents.count, 4), (contents.count, 4), (name.utf8.count, 2))
      out += bytes((0x0403_4b50, 4), (20, 2)) + common + bytes((0, 2)) + Array(name.utf8) + contents
      directory +=
        bytes((0x0201_4b50, 4), (20, 2), (20, 2)) + common + bytes((0, 2), (0, 2), (0, 2), (0, 2), (0, 4), (start, 4))
      directory += Array(name.utf8)
    }
    let start = out.count
    out += directory
    return out
      + bytes(
        (0x0605_4b50, 4), (0, 2), (0, 2), (files.count, 2), (files.count, 2), (directory.count, 4), (start, 4), (0, 2))
  }

  @Test("files behind a model are found, folders left out")
  func files() throws {
    let model = TestModel.chain(1).bytes
    #expect(try ModelFile(bytes: model).attachedFiles().isEmpty)
    let bytes = archive([("labels.txt", Self.labels), ("folder/", []), ("folder/empty", [])], behind: model)
    let file = try ModelFile(bytes: bytes)
    let files = try file.attachedFiles()
    #expect(files.map(\.name) == ["labels.txt", "folder/empty"])
    #expect(files.map(\.byteCount) == [8, 0] && files.allSatisfy { !$0.isCompressed && $0.checksum == 0x1234_5678 })
    #expect(file.array(files[0]) == Self.labels)
    // The model runs as without them.
    _ = try Model(file)
  }

  @Test("an archive that was written by itself and appended counts from its own beginning")
  func ownOffsets() throws {
    let model = TestModel.chain(1).bytes
    let bytes = model + archive([("a", [1, 2, 3]), ("labels.txt", Self.labels)], behind: [])
    let file = try ModelFile(bytes: bytes)
    let files = try file.attachedFiles()
    #expect(files.map(\.name) == ["a", "labels.txt"])
    #expect(files.map { file.array($0) } == [[1, 2, 3], Self.labels])
  }

  @Test("compressed files are inflated, as long as they say, if their check sum agrees")
  func inflated() throws {
    // Labels written by zlib's deflate: 60 bytes in 44.
    let bytes = try Fixtures.bytes(Fixtures.folder.appendingPathComponent("described/colours.tflite"))
    let labels = Array("red of all colours\ngreen of all colours\nblue of all colours\n".utf8)
    let file = try ModelFile(bytes: bytes)
    let attached = try #require(try file.attachedFiles().first)
    #expect(attached.isCompressed && attached.byteCount == 60 && attached.range.count < 60)
    #expect(try file.contents(of: attached) == labels)
    do throws(ModelError) {
      _ = try file.contents(of: attached, limit: 59)
      Issue.record("a file beyond the limit is inflated")
    } catch {
      #expect(error.code == .tooLarge && error.message.contains("has 60 bytes; the limit is 59"))
    }
    // Every changed byte of the data is an error.
    for index in attached.range {
      var changed = bytes
      changed[index] ^= 0x55
      let damaged = try ModelFile(bytes: changed)
      do throws(ModelError) {
        #expect(try damaged.contents(of: damaged.attachedFiles()[0]) == labels)
      } catch {
        #expect(error.code == .malformedFile && error.message.contains("colours.txt behind the model "))
      }
    }
    // Stored ones are compared with their check sum too: this archive's is none.
    let stored = try ModelFile(bytes: archive([("a", Self.labels)], behind: TestModel.chain(1).bytes))
    #expect(throws: ModelError.self) { try stored.contents(of: stored.attachedFiles()[0]) }
  }

  @Test("a file that says it is huge is refused before memory is taken for it")
  func bomb() throws {
    var bytes = try Fixtures.bytes(Fixtures.folder.appendingPathComponent("described/colours.tflite"))
    let entry = try #require(bytes.indices.reversed().first { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
    for index in 0..<4 { bytes[entry + 24 + index] = 0xFE }
    let file = try ModelFile(bytes: bytes)
    let attached = try #require(try file.attachedFiles().first)
    #expect(attached.byteCount == 0xFEFE_FEFE)
    #expect(throws: ModelError.self) { try file.contents(of: attached) }
    // Nor more than the data can hold.
    #expect(throws: ModelError.self) { try file.contents(of: attached, limit: Int.max) }
  }

  @Test("damaged archives are an error or a value")
  func damagedArchive() throws {
    let model = TestModel.chain(1).bytes
    let bytes = archive([("a", Self.labels), ("b", [1, 2, 3])], behind: model)
    var refused = 0
    for index in model.count..<bytes.count {
      for mask in [0x01, 0x80, 0xFF] as [UInt8] {
        var changed = bytes
        changed[index] ^= mask
        do throws(ModelError) {
          let file = try ModelFile(bytes: changed)
          for attached in try file.attachedFiles() { #expect(file.array(attached).count <= bytes.count) }
        } catch {
          #expect(error.code == .malformedFile && error.byteOffset != nil)
          refused += 1
        }
      }
      // Cut off, it is no archive any more.
      #expect(try ModelFile(bytes: Array(bytes[..<index])).attachedFiles().isEmpty)
    }
    #expect(refused > 50)
  }
}
