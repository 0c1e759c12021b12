import Testing

@testable import tinyrun

@Suite("Whole numbers of a model's outputs")
struct WholeNumberTests {
  @Test("numbers of every size have a whole part, and what is none has none")
  func whole() {
    for (real, whole) in [(0, 0), (3.9, 3), (-3.9, -3), (-0.5, 0), (Float(1 << 20), 1 << 20)] as [(Float, Int)] {
      #expect(Int(wholePartOf: real) == whole)
    }
    for real in [Float.infinity, .greatestFiniteMagnitude, 0x1p63] { #expect(Int(wholePartOf: real) == 1 << 62) }
    for real in [-Float.infinity, -.greatestFiniteMagnitude] { #expect(Int(wholePartOf: real) == -(1 << 62)) }
    #expect(Int(wholePartOf: .nan) == nil)
  }
}
