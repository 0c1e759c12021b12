import Testing

@testable import TinyTensor

@Suite("Files that are no models")
struct ForeignFileTests {
  private static func archive(_ name: String) -> [UInt8] {
    // A local header, an entry of the directory, and the end: one empty file.
    let length: [UInt8] = [UInt8(name.utf8.count), 0]
    let zeros = [UInt8](repeating: 0, count: 12)
    let local: [UInt8] =
      [0x50, 0x4B, 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0] + zeros + length + [0, 0] + Array(name.utf8)
    let entry: [UInt8] =
      [0x50, 0x4B, 1, 2, 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0] + zeros + length + [UInt8](repeating: 0, count: 16)
      + Array(name.utf8)
    let end: [UInt8] =
      [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, UInt8(entry.count), 0, 0, 0, UInt8(local.count), 0, 0, 0, 0, 0]
    return local + entry + end
  }

  @Test(
    "are named for what they are",
    arguments: [
      (archive("hand_landmarker.tflite"), ".task bundles; unpack it and use the model hand_landmarker.tflite in it"),
      (archive("model.weights.h5"), "a Keras model (.keras)"), (archive("archive/data.pkl"), "a PyTorch model"),
      (archive("notes.txt"), "a ZIP archive; unpack it"),
      (Array("LITERTLM".utf8) + [1, 0, 0, 0], "a LiteRT-LM bundle"),
      ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B], "compressed by gzip; unpack it first"),
      ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0], "an HDF5 file, such as Keras writes"),
      // ir_version 8, producer_name "pytorch".
      ([8, 8, 0x12, 7] + Array("pytorch".utf8) + [0x1A, 1, 0x31], "an ONNX model"),
      ([8, 1, 0x12, 9, 10, 7], "a TensorFlow SavedModel"),
      ([10, 20, 10, 1, 0x78, 0x12, 11] + Array("Placeholder".utf8) + [0, 0], "a frozen graph of TensorFlow"),
      (Array("version https://git-lfs.github.com/spec/v1\noid sha256:1\n".utf8), "a pointer of Git LFS"),
      (Array("\n<!DOCTYPE html>\n<html><body>404</body></html>".utf8), "a web page (HTML)"),
      (Array("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>".utf8), "an XML document"),
      (
        Array("#include \"model.h\"\nalignas(8) const unsigned char g_model[] = {\n  0x20, 0x00, 0x00\n};\n".utf8),
        "an array in C"
      ),
      (Array("{\"error\": \"Repository not found\"}".utf8), "a text in JSON"),
      (Array("Not Found".utf8), "a text, perhaps an error in place of a download"),
      ([0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46], "a Python pickle"),
      ([0x40, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0x77, 0x22, 0x3A], "a file of safetensors"),
      ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0], "a PNG picture"),
      ([1, 0, 0, 0, 0xFF, 0xFE, 0xFD, 0xFC, 0, 0], "bytes 4 to 7 are not \"TFL3\""), ([1], "bytes 4 to 7"),
    ] as [([UInt8], String)])
  func named(_ bytes: [UInt8], _ name: String) {
    do throws(ModelError) {
      _ = try ModelFile(bytes: bytes)
      Issue.record("it is read")
    } catch {
      #expect(error.code == .malformedFile && error.message.contains("this is not a TensorFlow Lite model: "))
      #expect(error.message.contains(name), "\(error.message)")
    }
  }

  @Test("cut anywhere, or with any byte changed, they are an error too")
  func hostile() {
    let files =
      [
        Self.archive("a.tflite"), [8, 8, 0x12, 7, 0x70], [10, 20, 10, 1, 0x78, 0x12, 11, 0x50, 0x6C],
        [10, 0xFF, 0x7F, 10, 0xFF, 0x7F, 0x12, 0xFF, 0x7F],
      ] as [[UInt8]]
    for bytes in files {
      for count in bytes.indices {
        #expect(throws: ModelError.self) { try ModelFile(bytes: Array(bytes[..<count])) }
        var changed = bytes
        changed[count] ^= 0xFF
        #expect(throws: ModelError.self) { try ModelFile(bytes: changed) }
      }
    }
  }
}
