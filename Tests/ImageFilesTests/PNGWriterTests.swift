import ImageFiles
import Testing

@Suite("Picture.png()")
struct PNGWriterTests {
  @Test("random pictures come back as they were", arguments: 1...4)
  func roundTrip(_ channels: Int) throws {
    var generator = SeededGenerator(seed: UInt64(channels))
    for round in 0..<120 {
      let width = Int.random(in: 1...(round < 100 ? 40 : 300), using: &generator)
      let height = Int.random(in: 1...(round < 100 ? 40 : 300), using: &generator)
      // Few values give matches and skewed codes, many give none.
      let most = [1, 2, 7, 255][round % 4]
      var pixels: [UInt8] = []
      for index in 0..<(width * height * channels) {
        let noise = UInt8(Int.random(in: 0...most, using: &generator))
        pixels.append(round % 3 == 0 ? UInt8(truncatingIfNeeded: index / 3) &+ noise : noise)
      }
      let picture = Picture(width: width, height: height, channels: channels, pixels: pixels)
      #expect(try Picture(decoding: picture.png()) == picture, "\(width) x \(height) x \(channels)")
    }
  }

  @Test("flat and striped pictures become small")
  func size() throws {
    let flat = Picture(width: 640, height: 480, channels: 3, pixels: [UInt8](repeating: 77, count: 921_600))
    #expect(flat.png().count < 2500)
    #expect(try Picture(decoding: flat.png()) == flat)
    var pixels: [UInt8] = []
    for y in 0..<300 { for x in 0..<300 { pixels.append(UInt8((x / 10 + y / 10) % 2 * 255)) } }
    let squares = Picture(width: 300, height: 300, channels: 1, pixels: pixels)
    #expect(squares.png().count < 2000)
    #expect(try Picture(decoding: squares.png()) == squares)
  }

  @Test("matches reach as far back as the format allows")
  func farMatches() throws {
    // The second half repeats the first, 32,768 bytes before (each row has a byte more, for its filter).
    var generator = SeededGenerator(seed: 9)
    var half: [UInt8] = []
    for _ in 0..<(127 * 256) { half.append(UInt8.random(in: 0...255, using: &generator)) }
    let picture = Picture(width: 127, height: 512, channels: 1, pixels: half + half)
    let file = picture.png()
    #expect(file.count < 127 * 256 + 3000)
    #expect(try Picture(decoding: file) == picture)
  }
}
