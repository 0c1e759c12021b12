import Foundation
import Testing

@testable import TinyTensor

/// The five digit networks on all 10,000 test images.
@Suite("Digits")
struct DigitTests {

  @Test(
    "every output byte of every image equals the reference's",
    arguments: ["mnist_cnn_int8", "mnist_cnn_uint8", "mnist_cnn_float_io_int8", "mnist_mlp_int8", "mnist_dscnn_int8"])
  func digits(name: String) throws {
    let images = try Fixtures.bytes(Fixtures.folder.appendingPathComponent("digits/t10k-images.idx3-ubyte"))
    let expected = try Fixtures.bytes(Fixtures.folder.appendingPathComponent("expected/\(name).bin"))
    let model = try Model(path: Fixtures.folder.appendingPathComponent("models/\(name).tflite").path)
    let input = try model.input("image")
    let output = try model.output("scores")
    let size = 28 * 28
    let count = (images.count - 16) / size
    try #require(count == 10_000)
    let length = model.outputs[0].byteCount
    try #require(expected.count == count * length)
    var session = try model.makeSession()
    var differing = 0
    for index in 0..<count {
      let pixels = images.span.extracting((16 + index * size)..<(16 + (index + 1) * size))
      try session.setInput(input, pixels: pixels)
      try session.run()
      let given = try session.outputArray(output)
      if !given.elementsEqual(expected[(index * length)..<((index + 1) * length)]) { differing += 1 }
    }
    #expect(differing == 0)
  }
}
