import Testing

@testable import TinyTensor

@Suite("Resizes")
struct ResizeTests {
  private func row(
    _ code: BuiltinOperator, _ type: ElementType, _ pixels: [UInt8], to width: Int32, alignsCorners: Bool = false,
    usesPixelCenters: Bool = false
  ) throws -> [UInt8] {
    try TestModel.resize(
      code, type, input: [1, 1, pixels.count, 1], size: [1, width], alignsCorners: alignsCorners,
      usesPixelCenters: usesPixelCenters
    ).run([pixels])[0]
  }

  @Test("bilinear, in each of its three positions", arguments: [ElementType.int8, .uint8])
  func bilinear(type: ElementType) throws {
    // Positions 0, 0.5, 1, 1.5; the last pixel has no neighbour behind.
    #expect(try row(.resizeBilinear, type, [10, 20], to: 4) == [10, 15, 20, 20])
    // Positions 0, 1/3, 2/3, 1; rounded: 13.3, 16.7.
    #expect(try row(.resizeBilinear, type, [10, 20], to: 4, alignsCorners: true) == [10, 13, 17, 20])
    // Positions -0.25, 0.25, 0.75, 1.25: 12.5 and 17.5 are rounded up.
    #expect(try row(.resizeBilinear, type, [10, 20], to: 4, usesPixelCenters: true) == [10, 13, 18, 20])
    // Every other pixel.
    #expect(try row(.resizeBilinear, type, [10, 20, 30, 40], to: 2) == [10, 30])
  }

  @Test("bilinear: negative halves are rounded away from zero")
  func negative() throws {
    // -10 and -15: -12.5 -> -13.
    #expect(signed(try row(.resizeBilinear, .int8, bits([-10, -15]), to: 4)) == [-10, -13, -15, -15])
    let wide = TestModel.resize(.resizeBilinear, .int16, input: [1, 1, 2, 1], size: [1, 4])
    #expect(integers(try wide.run([bytes([Int16(-1000), -1005])])[0]) == [Int16(-1000), -1003, -1005, -1005])
  }

  @Test("bilinear: float32, along both axes and with channels")
  func real() throws {
    let test = TestModel.resize(.resizeBilinear, .float32, input: [1, 2, 1, 2], size: [4, 1])
    #expect(
      floats(try test.run([bytes([Float(1), 10, 2, 20])])[0]) == [1, 10, 1.5, 15, 2, 20, 2, 20])
  }

  @Test("nearest neighbour, in each of its three positions", arguments: [ElementType.int8, .uint8])
  func nearest(type: ElementType) throws {
    // 0, 2/3, 4/3: rounded down.
    #expect(try row(.resizeNearestNeighbor, type, [10, 20], to: 3) == [10, 10, 20])
    // 0, 0.5, 1: rounded to nearest, halves up.
    #expect(try row(.resizeNearestNeighbor, type, [10, 20], to: 3, alignsCorners: true) == [10, 20, 20])
    // 1/3, 1, 5/3: rounded down.
    #expect(try row(.resizeNearestNeighbor, type, [10, 20], to: 3, usesPixelCenters: true) == [10, 20, 20])
  }

  @Test("nearest neighbour copies elements of any size")
  func sizes() throws {
    let test = TestModel.resize(.resizeNearestNeighbor, .float32, input: [1, 1, 2, 1], size: [1, 4])
    #expect(floats(try test.run([bytes([Float(1.5), -2])])[0]) == [1.5, 1.5, -2, -2])
    let wide = TestModel.resize(.resizeNearestNeighbor, .int64, input: [1, 1, 1, 2], size: [2, 1])
    #expect(integers(try wide.run([bytes([Int64(1) << 40, -1])])[0]) == [Int64(1) << 40, -1, 1 << 40, -1])
  }
}
