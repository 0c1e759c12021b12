import ImageFiles
import Testing

@testable import tinyrun

@Suite("Pictures of other proportions")
struct PictureFitTests {
  private func placement(
    _ fit: PictureFit, _ width: Int, _ height: Int, in inWidth: Int, _ inHeight: Int
  ) -> Placement {
    let plain = Picture(
      width: width, height: height, channels: 1, pixels: [UInt8](repeating: 200, count: width * height))
    let fitted = fit.fitted(plain, width: inWidth, height: inHeight)
    #expect(fitted.picture.width == inWidth && fitted.picture.height == inHeight)
    // Where the picture is there is its grey, and beside it black.
    let (across, down) = (fitted.placement.across.filled, fitted.placement.down.filled)
    #expect(fitted.picture.pixels.reduce(0) { $0 + Int($1) } == 200 * across.count * down.count)
    return fitted.placement
  }

  @Test("padding keeps proportions and all of the picture, cropping fills the input")
  func placements() {
    let pad = placement(.pad, 640, 480, in: 192, 192)
    #expect(pad.across.filled == 0..<192 && pad.across.seen == 0..<640)
    #expect(pad.down.filled == 24..<168 && pad.down.seen == 0..<480)
    let crop = placement(.crop, 640, 480, in: 192, 192)
    #expect(crop.across.seen == 80..<560 && crop.across.filled == 0..<192)
    #expect(crop.down.seen == 0..<480 && crop.down.filled == 0..<192)
    let stretch = placement(.stretch, 640, 480, in: 192, 192)
    #expect(stretch.across.seen == 0..<640 && stretch.across.filled == 0..<192)
  }

  @Test("sides of every kind give a place inside both", arguments: PictureFit.allCases)
  func extremes(_ fit: PictureFit) {
    let sides = [1, 2, 7, 50, 301]
    for width in sides {
      for height in sides {
        for inWidth in sides {
          for inHeight in sides {
            let placement = placement(fit, width, height, in: inWidth, inHeight)
            for axis in [placement.across, placement.down] {
              #expect(!axis.seen.isEmpty && axis.seen.lowerBound >= 0 && axis.seen.upperBound <= axis.picture)
              #expect(!axis.filled.isEmpty && axis.filled.lowerBound >= 0 && axis.filled.upperBound <= axis.input)
            }
          }
        }
      }
    }
  }

  @Test("a place of the input is the place of the picture that is seen there")
  func shares() {
    let pad = placement(.pad, 640, 480, in: 192, 192)
    #expect(pad.across.share(ofInput: 0.25) == 0.25)
    #expect(pad.down.share(ofInput: 0.5) == 0.5)
    #expect(abs(pad.down.share(ofInput: 24.0 / 192)) < 1e-6)
    #expect(abs(pad.down.share(ofInput: 168.0 / 192) - 1) < 1e-6)
    let crop = placement(.crop, 640, 480, in: 192, 192)
    #expect(abs(crop.across.share(ofInput: 0) - 80.0 / 640) < 1e-6)
    #expect(abs(crop.across.share(ofInput: 1) - 560.0 / 640) < 1e-6)
    #expect(crop.down.share(ofInput: 0.3) == 0.3)
    #expect(pad.down.share(ofInput: .nan).isNaN)
  }

  @Test("cells of a map: whole places stay whole, padding has no cells, what is cropped away has no class")
  func cells() {
    let whole = MapAxis(AxisPlacement(picture: 513, input: 257), count: 33)
    for cell in 0...33 { #expect(whole.edge(cell) == cell * 513 / 33) }
    #expect(whole.cells == 0..<33)
    let pixels = whole.cellsOfPixels
    #expect(pixels.count == 513)
    for (pixel, cell) in pixels.enumerated() { #expect(cell == (2 * pixel + 1) * 33 / (2 * 513)) }

    let pad = placement(.pad, 640, 480, in: 192, 192)
    let rows = MapAxis(pad.down, count: 48)
    #expect(rows.cells == 6..<42 && rows.edge(6) == 0 && rows.edge(42) == 480)
    #expect(rows.cellsOfPixels.first == 6 && rows.cellsOfPixels.last == 41)
    let crop = placement(.crop, 640, 480, in: 192, 192)
    let columns = MapAxis(crop.across, count: 48)
    #expect(columns.cellsOfPixels[79] == nil && columns.cellsOfPixels[80] == 0)
    #expect(columns.cellsOfPixels[559] == 47 && columns.cellsOfPixels[560] == nil)
    #expect(columns.edge(0) == 80 && columns.edge(48) == 560)
  }

  @Test("a line of pixels has a cell, however coarse the map is")
  func coarse() {
    let placement = placement(.pad, 5000, 1, in: 200, 200)
    for count in [1, 2, 3, 199, 200, 1000] {
      let rows = MapAxis(placement.down, count: count)
      #expect(!rows.cells.isEmpty && rows.cells.upperBound <= count)
      #expect(rows.cellsOfPixels.allSatisfy { $0.map(rows.cells.contains) ?? false })
    }
  }
}
