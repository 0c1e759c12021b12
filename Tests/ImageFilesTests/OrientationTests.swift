import Testing

@testable import ImageFiles

@Suite("Pictures that are turned")
struct OrientationTests {
  /// Exif data with an orientation, in either order of bytes.
  private static func exif(_ orientation: UInt8, isLittle: Bool) -> [UInt8] {
    isLittle
      ? [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]
      : [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]
  }

  /// A PNG picture of 3 x 2 pixels with a chunk of Exif data before its pixels or behind them.
  private static func png(_ exif: [UInt8], isFirst: Bool) throws -> [UInt8] {
    let plain = Picture(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6]).png()
    var chunk: [UInt8] = []
    PNG.append("eXIf", exif, to: &chunk)
    // The header's chunk ends at byte 33, the end mark has 12 bytes.
    let place = isFirst ? 33 : plain.count - 12
    return Array(plain[..<place]) + chunk + plain[place...]
  }

  @Test(
    "an eXIf chunk of a PNG turns it as Exif data turn a JPEG",
    arguments: [
      (1, 3, [1, 2, 3, 4, 5, 6]), (2, 3, [3, 2, 1, 6, 5, 4]), (3, 3, [6, 5, 4, 3, 2, 1]), (4, 3, [4, 5, 6, 1, 2, 3]),
      (5, 2, [1, 4, 2, 5, 3, 6]), (6, 2, [4, 1, 5, 2, 6, 3]), (7, 2, [6, 3, 5, 2, 4, 1]), (8, 2, [3, 6, 2, 5, 1, 4]),
      (0, 3, [1, 2, 3, 4, 5, 6]), (9, 3, [1, 2, 3, 4, 5, 6]),
    ])
  func turned(_ orientation: UInt8, _ width: Int, _ pixels: [UInt8]) throws {
    for isLittle in [true, false] {
      for isFirst in [true, false] {
        let bytes = try Self.png(Self.exif(orientation, isLittle: isLittle), isFirst: isFirst)
        let picture = try Picture(decoding: bytes)
        #expect(picture.width == width && picture.height == 6 / width && picture.pixels == pixels)
      }
    }
  }

  @Test("Exif data cut anywhere say nothing")
  func short() throws {
    let whole = Self.exif(6, isLittle: true)
    // The number ends at byte 20.
    for count in 0..<20 {
      #expect(try Picture(decoding: Self.png(Array(whole[..<count]), isFirst: true)).width == 3)
    }
  }
}

@Suite("Pictures of formats that are not read")
struct UnreadFormatTests {
  @Test(
    "are named",
    arguments: [
      ([0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0] + Array("mif1heic".utf8), "a HEIC file"),
      ([0, 0, 0, 24] + Array("ftypmif1".utf8) + [0, 0, 0, 0] + Array("mif1avif".utf8), "an AVIF file"),
      ([0, 0, 0, 24] + Array("ftypisom".utf8) + [0, 0, 2, 0] + Array("isomavc1".utf8), "a video"),
      ([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A, 0, 0], "a JPEG 2000 file"),
      ([0xFF, 0x4F, 0xFF, 0x51, 0, 0], "a JPEG 2000 file"), ([0xFF, 0x0A, 1, 2], "a JPEG XL file"),
      ([0, 0, 1, 0, 1, 0, 16, 16, 0, 0], "an ICO file"),
      ([0, 0, 2] + [UInt8](repeating: 0, count: 9) + [4, 0, 4, 0, 24, 0x20, 1, 2, 3], "a TGA file"),
      ([1, 2, 3] + [UInt8](repeating: 9, count: 30) + Array("TRUEVISION-XFILE.\0".utf8), "a TGA file"),
      (Array("RIFF".utf8) + [4, 0, 0, 0] + Array("WEBPVP8 ".utf8), "a WebP file"),
      (
        Array("RIFF".utf8) + [4, 0, 0, 0] + Array("WAVEfmt ".utf8),
        "a RIFF file, such as sound or video, and no picture"
      ),
      (Array("GIF89a".utf8), "a GIF file"), ([0x49, 0x49, 0x2A, 0, 8], "a TIFF file"),
      ([0x4D, 0x4D, 0, 0x2A, 8], "a TIFF file"),
      ([0, 0, 0, 0x20] + Array("TFL3".utf8), "a TensorFlow Lite model, and no picture"),
      (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "a pointer of Git LFS"),
      (Array("<!DOCTYPE html>".utf8), "a web page"), ([], "the file is empty"), ([7, 7, 7], "no picture that is read"),
    ] as [([UInt8], String)])
  func named(_ bytes: [UInt8], _ name: String) {
    do throws(PictureError) {
      _ = try Picture(decoding: bytes)
      Issue.record("it is read")
    } catch {
      #expect(error.code == .unknownFormat && error.message.contains(name), "\(error.message)")
      let isPicture = !error.message.contains("and no picture") && !bytes.isEmpty
      #expect(error.message.contains("convert it to PNG") == isPicture)
    }
  }
}
