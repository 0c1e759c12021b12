// Classifies handwritten digits.
//
//   swift run Digits ../../Fixtures/models/mnist_cnn_int8.tflite ../../Fixtures/digits/t10k-images.idx3-ubyte 0 1 2
//
// prints, for each of these rows of the file of images, the digit and the model's score for it.

import Foundation
import TinyTensor

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 3 else {
  print("usage: Digits MODEL IMAGES ROW...")
  exit(2)
}

do {
  // Everything that can be wrong with a model is found here.
  let model = try Model(path: arguments[0])
  let image = try model.input("image")
  let scores = try model.output("scores")

  // A session is the memory for one run at a time. Many sessions may share a model.
  var session = try model.makeSession()

  // An IDX file: a header of 16 bytes, then 28 x 28 bytes for each image.
  let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[1])))
  let headerSize = 16
  let imageSize = 28 * 28
  let imageCount = (file.count - headerSize) / imageSize

  for argument in arguments.dropFirst(2) {
    guard let row = Int(argument), row >= 0, row < imageCount else {
      print("there is no row \(argument); there are \(max(imageCount, 0))")
      exit(2)
    }
    let start = headerSize + row * imageSize
    let pixels = file.span.extracting(start..<(start + imageSize))

    try session.setInput(image, pixels: pixels)
    try session.run()
    let values = try session.realOutput(scores)

    if let digit = values.span.argmax() {
      print("row \(row): \(digit)  score \(values[digit])")
    }
  }
} catch {
  print("Digits: \(error)")
  exit(1)
}
