import ImageFiles
import Testing

@testable import tinyrun

@Suite("Drawing")
struct CanvasTests {
  private let red = Colour(red: 255, green: 0, blue: 0)

  private func canvas(_ width: Int = 40, _ height: Int = 30) -> Canvas {
    Canvas(width: width, height: height, colour: .black)
  }

  /// How much of the colour red there is, in whole pixels.
  private func amount(_ canvas: Canvas) -> Double {
    stride(from: 0, to: canvas.pixels.count, by: 3).reduce(0) { $0 + Double(canvas.pixels[$1]) / 255 }
  }

  @Test("a frame is on the box's edge, and nowhere else")
  func frame() {
    var canvas = canvas()
    canvas.frame(Box(left: 5, top: 6, right: 25, bottom: 20), thickness: 2, red)
    for y in 0..<30 {
      for x in 0..<40 {
        let isInside = (5..<25).contains(x) && (6..<20).contains(y)
        let isEdge = isInside && !((7..<23).contains(x) && (8..<18).contains(y))
        #expect(canvas[x, y] == (isEdge ? red : .black), "\(x) \(y)")
      }
    }
  }

  @Test("a line covers its length times its width, a disc its area, and both only pixels that are near")
  func coverage() {
    var line = canvas(100, 100)
    line.line(from: .init(x: 20, y: 50), to: .init(x: 80, y: 50), width: 6, red)
    // The ends are halves of a disc.
    #expect(abs(amount(line) - (60 * 6 + 9 * Double.pi)) < 2)
    #expect(line[50, 50] == red && line[50, 48] == red && line[50, 40] == .black && line[10, 50] == .black)
    var slanted = canvas(100, 100)
    slanted.line(from: .init(x: 20, y: 20), to: .init(x: 80, y: 70), width: 5, red)
    let length = Double(60 * 60 + 50 * 50).squareRoot()
    #expect(abs(amount(slanted) - (length * 5 + 6.25 * Double.pi)) < 4)
    #expect(slanted[50, 45] == red && slanted[20, 70] == .black)
    var disc = canvas(60, 60)
    disc.disc(.init(x: 30, y: 30), radius: 12, red)
    #expect(abs(amount(disc) - 144 * Double.pi) < 3)
    #expect(disc[30, 30] == red && disc[30, 44] == .black)
  }

  @Test("coordinates of every kind draw nothing outside, and what is no number draws nothing")
  func hostile() {
    var canvas = canvas()
    let numbers = [
      Double.nan, .infinity, -.infinity, 1e300, -1e300, 1e18, -1e18, 0, -0.0, .leastNonzeroMagnitude, 12.5, -3,
      39.999, 1e9,
    ]
    for x in numbers {
      for y in numbers {
        canvas.disc(.init(x: x, y: y), radius: 3, red)
        canvas.disc(.init(x: 3, y: 4), radius: x, red)
        canvas.line(from: .init(x: x, y: y), to: .init(x: y, y: 7), width: 3, red)
        canvas.line(from: .init(x: 2, y: x), to: .init(x: 9, y: y), width: y, red)
      }
    }
    let whole = [Int.min, Int.min + 1, -1_000_000_007, -1, 0, 3, 29, 30, 40, 1 << 40, Int.max]
    for one in whole {
      canvas.mix(one, 3, red, share: 1)
      canvas.mix(3, one, red, share: .nan)
      for other in whole {
        canvas.fill(left: one, top: other, right: other, bottom: one, red)
        canvas.frame(Box(left: one, top: other, right: other, bottom: one), thickness: 3, red)
        canvas.text("text", x: one, y: other, scale: 2, red)
        canvas.text("text", x: 3, y: 3, scale: one, red)
      }
    }
    #expect(canvas.pixels.count == 40 * 30 * 3)

    var untouched = self.canvas()
    let nowhere = Canvas.Point(x: .nan, y: 3)
    untouched.disc(nowhere, radius: 3, red)
    untouched.line(from: .init(x: 1, y: 1), to: nowhere, width: 3, red)
    untouched.line(from: .init(x: 1, y: 1), to: .init(x: 9, y: 9), width: .nan, red)
    untouched.disc(.init(x: 1e12, y: 3), radius: 3, red)
    untouched.mix(3, 3, red, share: .nan)
    untouched.text("text", x: Int.min, y: 3, scale: 1, red)
    #expect(untouched.pixels == self.canvas().pixels)
  }

  @Test("every printable character has a letter of its own, accents fall away, others are a box")
  func font() {
    let characters = (0x20...0x7E).map { Character(Unicode.Scalar(UInt8($0))) }
    let letters = characters.map { Font.rows(of: $0) }
    #expect(Set(letters).count == characters.count)
    #expect(letters.allSatisfy { $0.count == Font.letterHeight && $0.allSatisfy { $0 < 32 } })
    #expect(letters[0].allSatisfy { $0 == 0 })
    #expect(Font.rows(of: "T") == [31, 4, 4, 4, 4, 4, 4, 0, 0])
    for (accented, base) in [("É", "E"), ("ü", "u"), ("e\u{301}", "e"), ("ø", "o"), ("ž", "z"), ("Ł", "L")] {
      #expect(Font.rows(of: Character(accented)) == Font.rows(of: Character(base)), "\(accented)")
    }
    let box = Font.rows(of: "猫")
    for other in ["\u{1F431}", "\n", "\u{7}", "×", "\u{FFFD}"] { #expect(Font.rows(of: Character(other)) == box) }
    #expect(!letters.contains(box))
  }

  @Test("a letter's pixels are as large as the scale says")
  func text() {
    var canvas = canvas()
    canvas.text("T", x: 4, y: 2, scale: 3, red)
    #expect(amount(canvas) == 11 * 9)
    #expect(canvas[4, 2] == red && canvas[18, 4] == red && canvas[19, 2] == .black && canvas[10, 20] == red)
    #expect(canvas[4, 5] == .black)
  }

  @Test("classes have colours of their own, and text that can be read on them")
  func colours() {
    let colours = (0..<200).map { Colour.of($0) }
    #expect(Set(colours).count == 200)
    for (one, other) in zip(colours, colours.dropFirst()) {
      let parts = [(one.red, other.red), (one.green, other.green), (one.blue, other.blue)]
      #expect(parts.reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) } > 150)
    }
    #expect(Colour.white.legible == .black && Colour.black.legible == .white)
    for number in [Int.min, -1, Int.max, 1 << 62] { _ = Colour.of(number) }
    #expect(Colour.of(-5) == Colour.of(5))
  }

  @Test("small pictures are enlarged by a whole factor, large ones are not; letters grow with them")
  func sizes() {
    func drawing(_ width: Int, _ height: Int) -> Drawing {
      Drawing(
        Picture(width: width, height: height, channels: 1, pixels: [UInt8](repeating: 9, count: width * height)))
    }
    for (width, height, factor, unit) in [
      (1, 1, 400, 2), (28, 28, 15, 2), (200, 100, 2, 2), (399, 3, 2, 2), (400, 300, 1, 2), (900, 480, 1, 3),
      (1, 4000, 1, 2), (4000, 30, 1, 2), (4000, 3000, 1, 13),
    ] {
      let drawing = drawing(width, height)
      #expect(drawing.factor == factor && drawing.unit == unit, "\(width) x \(height)")
      #expect(drawing.picture.width == width * factor && drawing.picture.height == height * factor)
    }
  }

  @Test("boxes and labels stay inside the picture, wherever they are")
  func labels() {
    let (width, height) = (400, 100)
    let plain = Picture(width: width, height: height, channels: 1, pixels: [UInt8](repeating: 9, count: 40_000))
    for box in [
      Box(left: 0, top: 0, right: 400, bottom: 100), Box(left: 390, top: 0, right: 400, bottom: 5),
      Box(left: 7, top: 7, right: 7, bottom: 7), Box(left: 300, top: 200, right: 100, bottom: 50),
      Box(left: Int.min, top: Int.min, right: Int.max, bottom: Int.max),
      Box(left: Int.max, top: Int.max, right: Int.min, bottom: Int.min),
    ] {
      for label in ["", "cat 0.93", String(repeating: "very long ", count: 100), "猫\u{0}"] {
        var drawing = Drawing(plain)
        drawing.boxes([.init(box: box, label: label, colour: .of(3))])
        let left = min(max(box.left, 0), width - 1)
        let top = min(max(box.top, 0), height - 1)
        let painted = drawing.canvas.pixels != Drawing(plain).canvas.pixels
        #expect(painted && drawing.picture.width == width && drawing.picture.height == height)
        // The label may lie over the corner, in the same colour or with its text.
        if label.isEmpty { #expect(drawing.canvas[left, top] == .of(3), "\(box)") }
      }
    }
    // Labels of boxes at one place do not cover each other: each has nearly as much of its colour as one alone.
    func amounts(_ colours: [Colour]) -> [Int] {
      var drawing = Drawing(plain)
      drawing.boxes(
        colours.map { .init(box: Box(left: 90, top: 30, right: 92, bottom: 32), label: "cat", colour: $0) })
      var counts: [Colour: Int] = [:]
      for y in 0..<height { for x in 0..<width { counts[drawing.canvas[x, y], default: 0] += 1 } }
      return colours.map { counts[$0] ?? 0 }
    }
    let alone = amounts([.of(1)])[0]
    let several = amounts([.of(1), .of(2), .of(3), .of(4)])
    #expect(alone > 500 && several.allSatisfy { $0 > alone * 9 / 10 }, "\(alone) \(several)")
    // A picture of one column has no room for text.
    var narrow = Drawing(Picture(width: 1, height: 900, channels: 1, pixels: [UInt8](repeating: 9, count: 900)))
    narrow.boxes([.init(box: Box(left: 0, top: 0, right: 1, bottom: 9), label: "cat", colour: .of(3))])
    narrow.addCaption("cat", .of(3))
    #expect(narrow.picture.width == 1 && narrow.picture.height > 900)
  }

  @Test("a tint is half transparent where there is a colour, and leaves all else as it is")
  func tint() {
    var drawing = Drawing(Picture(width: 400, height: 2, channels: 1, pixels: [UInt8](repeating: 100, count: 800)))
    drawing.tint { x, y in x == 7 && y == 1 ? Colour(red: 200, green: 0, blue: 101) : nil }
    #expect(drawing.canvas[7, 1] == Colour(red: 150, green: 50, blue: 101))
    #expect(drawing.canvas[7, 0] == Colour(red: 100, green: 100, blue: 100))
    #expect(drawing.canvas[8, 1] == Colour(red: 100, green: 100, blue: 100))
  }

  @Test("bones join the joints that are there")
  func skeleton() {
    var drawing = Drawing(
      Picture(width: 500, height: 500, channels: 1, pixels: [UInt8](repeating: 100, count: 250_000)))
    let places: [(x: Double, y: Double)?] = [(100, 100), (300, 100), nil, (.nan, 3), (1e30, -1e30)]
    drawing.skeleton(places, bones: [(0, 1), (1, 2), (0, 9), (-1, 0), (3, 1)], red)
    #expect(drawing.canvas[200, 100] == red)
    #expect(drawing.canvas[100, 100] == red && drawing.canvas[300, 100] == red)
    #expect(drawing.canvas[200, 200] == Colour(red: 100, green: 100, blue: 100))
  }

  @Test("a caption is a strip below the picture, of at most twenty lines and a word on the others")
  func caption() {
    func height(_ lines: Int) -> Int {
      var drawing = Drawing(
        Picture(width: 400, height: 300, channels: 1, pixels: [UInt8](repeating: 100, count: 120_000)))
      for line in 0..<lines { drawing.addCaption("line \(line)", .of(line)) }
      return drawing.picture.height
    }
    #expect(height(0) == 300 && height(1) > 300)
    let line = height(2) - height(1)
    #expect(height(20) == height(1) + 19 * line)
    #expect(height(21) == height(20) + line && height(5000) == height(21))
  }

  @Test("letters and the strip of a long and thin picture take no more room than usual", arguments: [3000, 5_000_000])
  func thinPictures(length: Int) {
    for (width, height) in [(length, 1), (1, length)] {
      var drawing = Drawing(
        Picture(width: width, height: height, channels: 1, pixels: [UInt8](repeating: 100, count: length)))
      drawing.boxes([.init(box: Box(left: 0, top: 0, right: 1, bottom: 1), label: "label", colour: .of(0))])
      for line in 0..<5 { drawing.addCaption("line \(line)", .of(line)) }
      let picture = drawing.picture
      #expect(picture.width == width && picture.height <= height + (1 << 24) / width)
      #expect((picture.height == height) == (width > 1_000_000))
    }
  }
}
