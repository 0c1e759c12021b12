/// Formats that are not read, told from their bytes, so that an error can name them.
enum UnreadFormat {
  /// The error for bytes of no format that is read.
  static func error(_ bytes: [UInt8]) -> PictureError {
    if bytes.isEmpty { return PictureError(.unknownFormat, "this is no picture: the file is empty") }
    if let name = picture(bytes) {
      return PictureError(.unknownFormat, "this is \(name), which is not read; \(convert)")
    }
    if let other = notPictures.first(where: { begins(bytes, $0.mark, at: $0.position) }) {
      return PictureError(.unknownFormat, "this is \(other.name), and no picture")
    }
    return PictureError(.unknownFormat, "this is no picture that is read; \(convert)")
  }

  private static let convert = "convert it to PNG, JPEG, BMP or PPM"

  private struct Format {
    let mark: [UInt8]
    let position: Int
    let name: String

    init(_ mark: [UInt8], at position: Int = 0, _ name: String) {
      self.mark = mark
      self.position = position
      self.name = name
    }

    init(_ mark: String, at position: Int = 0, _ name: String) {
      self.init(Array(mark.utf8), at: position, name)
    }
  }

  private static let pictures = [
    Format("GIF8", "a GIF file"),
    Format("WEBP", at: 8, "a WebP file"),
    Format([0x49, 0x49, 0x2A, 0], "a TIFF file"),
    Format([0x4D, 0x4D, 0, 0x2A], "a TIFF file"),
    Format([0x49, 0x49, 0x2B, 0], "a BigTIFF file"),
    Format([0x4D, 0x4D, 0, 0x2B], "a BigTIFF file"),
    Format([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A], "a JPEG 2000 file"),
    Format([0xFF, 0x4F, 0xFF, 0x51], "a JPEG 2000 file"),
    Format([0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20], "a JPEG XL file"),
    Format([0xFF, 0x0A], "a JPEG XL file"),
    Format([0, 0, 1, 0], "an ICO file of icons"),
    Format([0, 0, 2, 0], "a CUR file of cursors"),
    Format("8BPS", "a Photoshop file (PSD)"),
    Format([0x76, 0x2F, 0x31, 0x01], "an OpenEXR file"),
    Format("qoif", "a QOI file"),
    Format("DDS ", "a DDS file"),
    Format("<svg", "an SVG file, which is a drawing and no picture of pixels"),
  ]

  private static let notPictures = [
    Format("%PDF", "a PDF document"),
    Format([0x50, 0x4B, 3, 4], "a ZIP archive"),
    Format([0x1F, 0x8B], "a file compressed by gzip"),
    Format("TFL3", at: 4, "a TensorFlow Lite model"),
    Format("version https://git-lfs", "a pointer of Git LFS (fetch the picture itself with git lfs pull)"),
    Format("<!", "a web page, perhaps an error in place of a download,"),
    Format("<html", "a web page, perhaps an error in place of a download,"),
    Format("RIFF", "a RIFF file, such as sound or video"),
    Format([0x1A, 0x45, 0xDF, 0xA3], "a video"),
  ]

  private static func picture(_ bytes: [UInt8]) -> String? {
    if isTarga(bytes) { return "a TGA file" }
    if begins(bytes, Array("ftyp".utf8), at: 4) { return brand(bytes) }
    return pictures.first { begins(bytes, $0.mark, at: $0.position) }?.name
  }

  /// What a file in the ISO base media format (ISO/IEC 14496-12) is, by the brands that it names: the first one, and
  /// those that it is compatible with.
  private static func brand(_ bytes: [UInt8]) -> String {
    let size = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
    var brands: [String] = []
    for start in stride(from: 8, to: min(size, bytes.count, 256) - 3, by: 4) where start != 12 {
      brands.append(String(decoding: bytes[start..<(start + 4)], as: UTF8.self))
    }
    if brands.contains(where: { ["avif", "avis"].contains($0) }) { return "an AVIF file" }
    let heif = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]
    return brands.contains { heif.contains($0) } ? "a HEIC file, as phones take them" : "a video"
  }

  /// TGA has a mark at its end, if any; else its header is told by what it may hold.
  private static func isTarga(_ bytes: [UInt8]) -> Bool {
    if bytes.count >= 26, bytes[(bytes.count - 18)...].starts(with: Array("TRUEVISION-XFILE.".utf8)) { return true }
    guard bytes.count > 18, bytes[1] < 2, [1, 2, 3, 9, 10, 11].contains(bytes[2]) else { return false }
    let hasPalette = bytes[1] == 1
    let isIndexed = bytes[2] & 7 == 1
    let hasRoom = hasPalette || bytes[3..<7].allSatisfy { $0 == 0 }
    let isOrdered = hasRoom && bytes[12] | bytes[13] != 0 && bytes[14] | bytes[15] != 0
    return hasPalette == isIndexed && isOrdered && [8, 15, 16, 24, 32].contains(bytes[16]) && bytes[17] & 0xC0 == 0
  }

  private static func begins(_ bytes: [UInt8], _ mark: [UInt8], at position: Int) -> Bool {
    bytes.count >= position + mark.count && bytes[position..<(position + mark.count)].elementsEqual(mark)
  }
}
