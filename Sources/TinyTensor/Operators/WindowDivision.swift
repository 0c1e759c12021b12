/// How the pixels and blocks of channels of a layer are divided among threads.
struct WindowDivision: BitwiseCopyable {
  let parts: Int
  private let dividesPixels: Bool
  private let pixels: Int
  private let blocks: Int

  /// Pixels of the largest tile of any set.
  private static let step = 8

  /// - Parameters:
  ///   - products: of one pixel.
  init(pixels: Int, blocks: Int, products: Int, workers: Workers) {
    self.pixels = pixels
    self.blocks = blocks
    // 16 to 32 products a nanosecond.
    let time = Double(pixels) * Double(products) / 20
    // Pixels are divided where every part has several tiles of them; else channels.
    let tiles = pixels / Self.step
    dividesPixels = tiles >= 2 * workers.parts(nanoseconds: time, units: .max) || tiles >= blocks
    parts = workers.parts(nanoseconds: time, units: dividesPixels ? tiles : blocks)
  }

  func part(_ part: Range<Int>) -> (pixels: Range<Int>, blocks: Range<Int>) {
    dividesPixels
      ? (share(of: pixels, step: Self.step, part: part, of: parts), 0..<blocks)
      : (0..<pixels, share(of: blocks, step: 1, part: part, of: parts))
  }
}
