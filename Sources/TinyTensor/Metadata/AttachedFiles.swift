import Deflate
import FlatbufferReader

/// A file that lies behind a model, in the ZIP archive that such a file is too.
public struct AttachedFile: Sendable, Hashable {
  /// Its name in the archive.
  public let name: String
  /// Where its bytes lie in the model file, compressed or not.
  public let range: Range<Int>
  /// Whether they are compressed, by the method DEFLATE (RFC 1951).
  public let isCompressed: Bool
  /// Its size in bytes when it is not compressed.
  public let byteCount: Int
  /// The CRC-32 of its contents.
  public let checksum: UInt32
}

extension ModelFile {
  /// The files that lie behind the model, such as labels; none where it is no ZIP archive.
  ///
  /// Source: .ZIP File Format Specification 6.3, without its extensions for archives beyond 4 GiB, several disks or
  /// encryption.
  ///
  /// - Throws: ``ModelError`` when the archive is damaged, or uses what is not read.
  /// - Complexity: O(files).
  public func attachedFiles() throws(ModelError) -> [AttachedFile] {
    do throws(ReadError) {
      var reader = ArchiveReader(bytes)
      return try reader.files()
    } catch {
      throw ModelError(
        .malformedFile, "the files behind the model are damaged: at byte \(error.position), \(error.message)",
        byteOffset: error.position)
    }
  }
}

extension ModelFile {
  /// The contents of a file behind the model, inflated if they are compressed.
  ///
  /// - Parameters:
  ///   - file: one of this model's.
  ///   - limit: how many bytes it may have; 16 MiB unless given.
  /// - Throws: ``ModelError`` when it has more, or its bytes are not those that its check sum was made of.
  /// - Complexity: O(bytes); allocates.
  public func contents(of file: AttachedFile, limit: Int = 1 << 24) throws(ModelError) -> [UInt8] {
    func refuse(_ what: String) -> ModelError {
      ModelError(
        .malformedFile, "the file \(file.name) behind the model \(what)", byteOffset: file.range.lowerBound)
    }
    guard file.byteCount >= 0, file.byteCount <= limit else {
      throw ModelError(
        .tooLarge, "the file \(file.name) behind the model has \(file.byteCount) bytes; the limit is \(limit)",
        byteOffset: file.range.lowerBound)
    }
    let stored = array(file)
    guard file.isCompressed else {
      guard Checksum.crc32(stored.span) == file.checksum else { throw refuse("has data that its check sum denies") }
      return stored
    }
    do throws(InflateError) {
      return try Inflater.raw(stored.span, count: file.byteCount, checkSum: file.checksum)
    } catch {
      throw refuse(error.message)
    }
  }

  /// The bytes of a file behind the model, as they lie there: compressed, if ``AttachedFile/isCompressed`` says so.
  ///
  /// - Parameter file: one of this model's.
  /// - Complexity: O(bytes); allocates.
  public func array(_ file: AttachedFile) -> [UInt8] {
    // Of another model it may lie elsewhere.
    let range = file.range.clamped(to: 0..<byteCount)
    return copiedBytes(bytes.extracting(range))
  }
}

/// Reads the directory at the end of an archive.
struct ArchiveReader: ~Escapable {
  private let bytes: RawSpan
  /// What is added to the archive's offsets: it may have been written by itself and appended then, so that they count
  /// from its own beginning.
  private var start = 0

  private enum Signature {
    static let end: UInt32 = 0x0605_4b50
    static let entry: UInt32 = 0x0201_4b50
    static let file: UInt32 = 0x0403_4b50
  }

  /// Bytes of the end record without its comment, which has up to 65,535.
  private static let endByteCount = 22
  private static let entryByteCount = 46
  private static let headerByteCount = 30
  private static let longestComment = 65_535

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  mutating func files() throws(ReadError) -> [AttachedFile] {
    var files: [AttachedFile] = []
    guard let end = endRecord() else { return files }
    let count = Int(try number16(end + 10))
    let byteCount = Int(try number32(end + 12))
    var position = Int(try number32(end + 16))
    guard position <= end, byteCount <= end - position else { throw damaged(end, "the directory goes beyond its end") }
    // The directory ends where its end record begins.
    if count > 0, try number32(position) != Signature.entry, try number32(end - byteCount) == Signature.entry {
      start = end - byteCount - position
      position += start
    }
    let directoryEnd = position + byteCount
    for _ in 0..<count {
      let (file, next) = try entry(at: position, before: directoryEnd)
      // Folders have no bytes of their own.
      if !file.name.utf8.reversed().starts(with: [UInt8(ascii: "/")]) { files.append(file) }
      position = next
    }
    return files
  }

  /// Where the end record begins; `nil` where there is none, so that the file is no archive.
  private func endRecord() -> Int? {
    let last = bytes.byteCount - Self.endByteCount
    guard last >= 0 else { return nil }
    for position in stride(from: last, through: max(0, last - Self.longestComment), by: -1) {
      // In range: the position is that of a whole record.
      guard UInt32.load(bytes, at: position) == Signature.end,
        position + Self.endByteCount + Int(UInt16.load(bytes, at: position + 20)) == bytes.byteCount
      else { continue }
      return position
    }
    return nil
  }

  private func entry(at position: Int, before end: Int) throws(ReadError) -> (AttachedFile, next: Int) {
    guard try number32(position) == Signature.entry, position + Self.entryByteCount <= end else {
      throw damaged(position, "there is no entry of the directory")
    }
    let flags = try number16(position + 8)
    let method = try number16(position + 10)
    guard flags & 1 == 0 else { throw damaged(position, "the file is encrypted") }
    guard method == 0 || method == 8 else {
      throw damaged(position, "the file is compressed by method \(method); 0 and 8 are read")
    }
    let storedCount = Int(try number32(position + 20))
    let byteCount = Int(try number32(position + 24))
    guard method == 8 || storedCount == byteCount else { throw damaged(position, "the file's two sizes differ") }
    let nameStart = position + Self.entryByteCount
    let nameCount = Int(try number16(position + 28))
    let next = nameStart + nameCount + Int(try number16(position + 30)) + Int(try number16(position + 32))
    guard next <= end else { throw damaged(position, "the entry goes beyond the directory") }
    // The file's own header has a name and extra bytes of its own.
    let header = start + Int(try number32(position + 42))
    guard try number32(header) == Signature.file else { throw damaged(header, "there is no header of a file") }
    let contents =
      header + Self.headerByteCount + Int(try number16(header + 26)) + Int(try number16(header + 28))
    guard contents <= bytes.byteCount, storedCount <= bytes.byteCount - contents else {
      throw damaged(header, "the file goes beyond the end")
    }
    let name = copiedBytes(bytes.extracting(nameStart..<(nameStart + nameCount)))
    let file = AttachedFile(
      name: String(decoding: name, as: UTF8.self), range: contents..<(contents + storedCount),
      isCompressed: method == 8,
      byteCount: byteCount, checksum: try number32(position + 16))
    return (file, next)
  }

  // MARK: Numbers

  private func number16(_ position: Int) throws(ReadError) -> UInt16 { try checked(UInt16.self, position) }

  private func number32(_ position: Int) throws(ReadError) -> UInt32 { try checked(UInt32.self, position) }

  private func checked<Number: FlatScalar>(_ type: Number.Type, _ position: Int) throws(ReadError) -> Number {
    guard position >= 0, position <= bytes.byteCount - MemoryLayout<Number>.size else {
      throw damaged(position, "the archive ends")
    }
    return Number.load(bytes, at: position)
  }

  private func damaged(_ position: Int, _ message: String) -> ReadError {
    ReadError(.outOfBounds, at: position, message)
  }
}
