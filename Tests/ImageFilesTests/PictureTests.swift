import ImageFiles
import Testing

@Suite("Picture")
struct PictureTests {
  @Test("grey is the luma of BT.601; alpha is dropped, or opaque where there was none")
  func channels() {
    let colours = Picture(width: 2, height: 1, channels: 4, pixels: [255, 0, 0, 7, 0, 0, 255, 9])
    #expect(colours.converted(toChannels: 1).pixels == [76, 29])
    #expect(colours.converted(toChannels: 2).pixels == [76, 7, 29, 9])
    #expect(colours.converted(toChannels: 3).pixels == [255, 0, 0, 0, 0, 255])
    #expect(colours.converted(toChannels: 4) == colours)
    let grey = Picture(width: 2, height: 1, channels: 1, pixels: [3, 200])
    #expect(grey.converted(toChannels: 3).pixels == [3, 3, 3, 200, 200, 200])
    #expect(grey.converted(toChannels: 4).pixels == [3, 3, 3, 255, 200, 200, 200, 255])
    #expect(grey.converted(toChannels: 2).pixels == [3, 255, 200, 255])
  }
}

@Suite("Letterbox")
struct LetterboxTests {
  @Test("the picture keeps its proportions and stands in the middle")
  func middle() {
    let picture = Picture(width: 4, height: 2, channels: 1, pixels: [10, 20, 30, 40, 50, 60, 70, 80])
    let boxed = picture.letterboxed(width: 4, height: 5, fill: 7)
    #expect(boxed.picture.pixels == [7, 7, 7, 7, 10, 20, 30, 40, 50, 60, 70, 80, 7, 7, 7, 7, 7, 7, 7, 7])
    #expect(boxed.top == 1 && boxed.left == 0 && boxed.horizontalScale == 1 && boxed.verticalScale == 1)
    let wide = picture.letterboxed(width: 30, height: 8, method: .nearest)
    #expect(wide.left == 7 && wide.top == 0 && wide.horizontalScale == 4 && wide.verticalScale == 4)
    #expect(Array(wide.picture.pixels[0..<12]) == [0, 0, 0, 0, 0, 0, 0, 10, 10, 10, 10, 20])
  }

  @Test("places are mapped back to the old picture")
  func places() {
    let picture = Picture(width: 640, height: 480, channels: 3, pixels: [UInt8](repeating: 1, count: 921_600))
    let boxed = picture.letterboxed(width: 320, height: 320)
    #expect(boxed.picture.width == 320 && boxed.picture.height == 320)
    let corner = boxed.original(x: 0, y: 40)
    #expect(corner.x == 0 && corner.y == 0)
    let end = boxed.original(x: 320, y: 280)
    #expect(end.x == 640 && end.y == 480)
  }

  @Test("alpha of what is filled is opaque, and thin pictures keep a pixel")
  func edges() {
    let clear = Picture(width: 1000, height: 1, channels: 4, pixels: [UInt8](repeating: 0, count: 4000))
    let boxed = clear.letterboxed(width: 10, height: 3, fill: 9)
    #expect(Array(boxed.picture.pixels[0..<8]) == [9, 9, 9, 255, 9, 9, 9, 255])
    #expect(Array(boxed.picture.pixels[40..<44]) == [0, 0, 0, 0])
    #expect(boxed.top == 1)
  }
}

@Suite("Picture.resized()")
struct ResizeTests {
  @Test("a picture of the same size stays as it is", arguments: ResizeMethod.allCases)
  func same(_ method: ResizeMethod) {
    let picture = Picture(width: 3, height: 1, channels: 1, pixels: [1, 100, 7])
    #expect(picture.resized(width: 3, height: 1, method: method) == picture)
  }

  @Test("white stays white and black black, whatever the sizes", arguments: ResizeMethod.allCases)
  func flat(_ method: ResizeMethod) {
    for (value, width, height) in [(255, 37, 5), (0, 3, 90), (128, 64, 64)] as [(UInt8, Int, Int)] {
      for channels in 1...4 {
        let pixels = [UInt8](repeating: value, count: width * height * channels)
        let picture = Picture(width: width, height: height, channels: channels, pixels: pixels)
        let resized = picture.resized(width: 23, height: 11, method: method)
        // Colours that were multiplied by an alpha and divided again lose less than one.
        let least = channels % 2 == 0 && value == 128 && method != .nearest ? value - 1 : value
        #expect(resized.pixels.allSatisfy { $0 >= least && $0 <= value }, "\(value) \(channels)")
      }
    }
  }

  @Test("colours of transparent pixels do not show in averages")
  func alpha() {
    let picture = Picture(width: 2, height: 1, channels: 4, pixels: [200, 10, 10, 255, 0, 0, 0, 0])
    // Colours are rounded down when they are divided by their alpha.
    #expect(picture.resized(width: 1, height: 1).pixels == [199, 9, 9, 128])
  }
}
