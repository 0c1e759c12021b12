/// How the pixels and blocks of channels of a layer are divided among threads.
struct WindowDivision: BitwiseCopyable {
  let parts: Int
  private let dividesPixels: Bool
  private let pixels: Int
  private let blocks: Int

  /// Parts for each thread: a few, so that a thread that was held up does not hold up the others.
  private static let partsPerThread = 3
  /// Products from which on it pays to wake another thread.
  private static let smallestDivided = 1 << 15
  /// Pixels of the largest tile of any set.
  private static let step = 8

  /// - Parameters:
  ///   - products: of one pixel.
  init(pixels: Int, blocks: Int, products: Int, threads: Int) {
    self.pixels = pixels
    self.blocks = blocks
    let (count, overflow) = pixels.multipliedReportingOverflow(by: products)
    guard threads > 1, overflow || count >= Self.smallestDivided else {
      parts = 1
      dividesPixels = true
      return
    }
    // Pixels are divided where every part has several tiles of them; else channels.
    let tiles = pixels / Self.step
    let wanted = threads * Self.partsPerThread
    dividesPixels = tiles >= 2 * wanted || tiles >= blocks
    parts = max(1, min(wanted, dividesPixels ? tiles : blocks))
  }

  func part(_ part: Int) -> (pixels: Range<Int>, blocks: Range<Int>) {
    dividesPixels
      ? (share(of: pixels, step: Self.step, part: part, of: parts), 0..<blocks)
      : (0..<pixels, share(of: blocks, step: 1, part: part, of: parts))
  }
}
