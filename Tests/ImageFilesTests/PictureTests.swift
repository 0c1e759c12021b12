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
