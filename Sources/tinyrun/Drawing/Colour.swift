/// A colour as red, green and blue.
struct Colour: Hashable {
  let red: UInt8
  let green: UInt8
  let blue: UInt8

  static let black = Colour(red: 0, green: 0, blue: 0)
  static let white = Colour(red: 255, green: 255, blue: 255)

  /// Black or white, whichever is easier to read on this colour.
  var legible: Colour {
    // The luma of ITU-R BT.601, times 1000.
    let luma = 299 * Int(red) + 587 * Int(green) + 114 * Int(blue)
    return luma > 140_000 ? .black : .white
  }

  /// The colour of a class, the same in every picture; neighbouring numbers have colours that are far apart.
  ///
  /// - Parameter number: any number.
  static func of(_ number: Int) -> Colour {
    let step = Int(number.magnitude % 4096)
    // Turns by the golden ratio spread hues evenly, however many there are; light and strong ones take turns.
    let hue = (Double(step) * 0.618_033_988_75 + 0.02).truncatingRemainder(dividingBy: 1)
    let strength = [0.9, 0.65, 1, 0.75][step % 4]
    let light = [1, 0.95, 0.8, 1][step % 4]
    return Colour(hue: hue, strength: strength, light: light)
  }

  init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// A colour by hue, saturation and value, each from 0 to 1.
  private init(hue: Double, strength: Double, light: Double) {
    func part(_ offset: Double) -> UInt8 {
      // Each part is full for a third of the circle, and falls and rises for a sixth of it on both sides.
      let place = (hue * 6 + offset).truncatingRemainder(dividingBy: 6)
      let share = min(max(min(place, 4 - place), 0), 1)
      return UInt8((255 * light * (1 - strength * share)).rounded())
    }
    self.init(red: part(5), green: part(3), blue: part(1))
  }
}
