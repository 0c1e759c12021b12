import FlatbufferReader

/// What a file is that is no TensorFlow Lite model, told from its first bytes: people take files for models by their
/// names, or get another one than they asked for.
struct ForeignFile: ~Escapable {
  private let bytes: RawSpan

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  /// How much of a text is looked at.
  private static let shownText = 4096

  /// What it is, and what to do with it, as the end of a sentence; `nil` where that is not known.
  var description: String? {
    if let mark = Self.marks.first(where: { begins($0.bytes, at: $0.position) }) { return mark.description }
    if begins([0x50, 0x4B, 0x03, 0x04]) || begins([0x50, 0x4B, 0x05, 0x06]) { return archive }
    return protocolBuffer ?? text
  }

  private struct Mark {
    var position = 0
    let bytes: [UInt8]
    let description: String

    init(_ bytes: [UInt8], at position: Int = 0, _ description: String) {
      self.position = position
      self.bytes = bytes
      self.description = description
    }

    init(_ text: String, at position: Int = 0, _ description: String) {
      self.init(Array(text.utf8), at: position, description)
    }
  }

  private static let convert = "convert it to TensorFlow Lite"
  private static let unpack = "unpack it first"

  private static let marks = [
    Mark("LITERTLM", "a LiteRT-LM bundle of a language model (.litertlm), which is not read"),
    Mark([0x1F, 0x8B], "compressed by gzip; \(unpack)"),
    Mark([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "compressed by xz; \(unpack)"),
    Mark([0x28, 0xB5, 0x2F, 0xFD], "compressed by zstd; \(unpack)"),
    Mark("BZh", "compressed by bzip2; \(unpack)"),
    Mark([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive; \(unpack)"),
    Mark("ustar", at: 257, "a tar archive; \(unpack)"),
    Mark([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "an HDF5 file, such as Keras writes (.h5); \(convert)"),
    Mark("GGUF", "a GGUF model, as llama.cpp has them; \(convert)"),
    Mark("ET1", at: 4, "an ExecuTorch model (.pte); export it as TensorFlow Lite"),
    Mark([0x80, 0x02], "a Python pickle, such as PyTorch writes (.pt); \(convert)"),
    Mark([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "an array of NumPy (.npy)"),
    Mark([0x89, 0x50, 0x4E, 0x47], "a PNG picture"),
    Mark([0xFF, 0xD8, 0xFF], "a JPEG picture"),
    Mark("BM", "a BMP picture"),
    Mark([0x7F, 0x45, 0x4C, 0x46], "a program or a library (ELF)"),
    Mark("%PDF", "a PDF document"),
    Mark("version https://git-lfs", "a pointer of Git LFS in place of the file itself; fetch it with git lfs pull"),
  ]

  // MARK: Archives

  private var archive: String {
    var reader = ArchiveReader(bytes)
    let names = ((try? reader.files()) ?? []).map { $0.name }
    func first(_ end: String) -> String? { names.first { hasSuffix($0, end) } }
    if let model = first(".tflite") ?? first(".TFLITE") {
      return "a ZIP archive, such as MediaPipe's .task bundles; unpack it and use the model \(model) in it"
    }
    if first("model.weights.h5") != nil { return "a Keras model (.keras); \(Self.convert)" }
    if first("data.pkl") != nil { return "a PyTorch model (.pt); \(Self.convert)" }
    if first(".npy") != nil { return "a ZIP archive of NumPy arrays (.npz)" }
    if first(".mlmodel") != nil { return "a ZIP archive with a Core ML model; \(Self.convert)" }
    return "a ZIP archive; unpack it, and use the model if there is one in it"
  }

  private func hasSuffix(_ name: String, _ end: String) -> Bool {
    let (name, end) = (Array(name.utf8), Array(end.utf8))
    return name.count >= end.count && name[(name.count - end.count)...].elementsEqual(end)
  }

  // MARK: Protocol buffers

  /// ONNX, TensorFlow's saved models and its graphs have no mark; their first fields tell them.
  private var protocolBuffer: String? {
    guard bytes.byteCount >= 4 else { return nil }
    let first = byte(0)
    // The saved model's version, which is 1, then its graphs.
    if first == 0x08, byte(1) == 1, byte(2) == 0x12 {
      return "a TensorFlow SavedModel (saved_model.pb); \(Self.convert)"
    }
    // ONNX: the version of the format, then the producer's name or version, the domain, the graph or the operator sets.
    if first == 0x08, (2...32).contains(byte(1)), [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42].contains(byte(2)) {
      return "an ONNX model; \(Self.convert)"
    }
    // A graph: a node, whose name and operator come first.
    if first == 0x0A, let node = lengthEnd(1), byte(node) == 0x0A, let name = lengthEnd(node + 1) {
      let end = name + (length(node + 1) ?? 0)
      if end < bytes.byteCount, byte(end) == 0x12, let kind = lengthEnd(end + 1), kind < bytes.byteCount,
        (0x41...0x5A).contains(byte(kind))
      {
        return "a frozen graph of TensorFlow (.pb); \(Self.convert)"
      }
    }
    return nil
  }

  /// A length of at most two bytes; `nil` where there is none.
  private func length(_ position: Int) -> Int? {
    guard position + 1 < bytes.byteCount else { return nil }
    let low = byte(position)
    if low < 0x80 { return Int(low) }
    let high = byte(position + 1)
    return high < 0x80 ? Int(low & 0x7F) | Int(high) << 7 : nil
  }

  /// Where that which a length belongs to begins, inside the file.
  private func lengthEnd(_ position: Int) -> Int? {
    guard let count = length(position) else { return nil }
    let start = position + (count < 0x80 ? 1 : 2)
    return start < bytes.byteCount ? start : nil
  }

  // MARK: Texts

  private var text: String? {
    let shown = copiedBytes(bytes.extracting(0..<min(bytes.byteCount, Self.shownText)))
    // Text has no control characters but those of lines and tabs.
    guard shown.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 9 || $0 == 10 || $0 == 13 }) else {
      return isSafetensors(shown) ? "a file of safetensors, which holds no graph; \(Self.convert)" : nil
    }
    var start = shown.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while start < shown.count, shown[start] <= 0x20 { start += 1 }
    let rest = shown[start...]
    if rest.first == 0x3C {
      let kind = holds("<?xml", shown) ? "an XML document" : "a web page (HTML)"
      return "\(kind), perhaps an error in place of a download; fetch the file itself"
    }
    if holds("0x", shown), holds("{", shown), holds("[", shown), holds("char", shown) || holds("uint8_t", shown) {
      return "an array in C, as for microcontrollers; use the file that it was made of, or turn its numbers into bytes"
    }
    if rest.first == 0x7B { return "a text in JSON" }
    return "a text, perhaps an error in place of a download; fetch the file itself"
  }

  /// Whether a text holds another one, in small letters or as it is.
  private func holds(_ word: String, _ text: [UInt8]) -> Bool {
    let word = Array(word.utf8)
    guard text.count >= word.count else { return false }
    for start in 0...(text.count - word.count) where text[start..<(start + word.count)].elementsEqual(word) {
      return true
    }
    return false
  }

  /// Eight bytes of a length, then JSON.
  private func isSafetensors(_ shown: [UInt8]) -> Bool {
    shown.count > 10 && shown[8] == 0x7B && shown[9] == 0x22 && shown[5...7].allSatisfy { $0 == 0 }
  }

  // MARK: Bytes

  /// Requires that it is there.
  private func byte(_ position: Int) -> UInt8 { UInt8.load(bytes, at: position) }

  private func begins(_ mark: [UInt8], at position: Int = 0) -> Bool {
    guard position + mark.count <= bytes.byteCount else { return false }
    for index in mark.indices where byte(position + index) != mark[index] { return false }
    return true
  }
}
