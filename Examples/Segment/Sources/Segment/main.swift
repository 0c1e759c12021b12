// Tells what the pixels of a picture are of.
//
//   swift run Segment MODEL PICTURE MAP.png
//
// prints each class that occurs with its share of the pixels, and writes a picture in which each class has a colour.
// MODEL takes pictures of bytes and gives the class of each pixel, or a score for each of its classes, as DeepLab does.

import Foundation
import ImageFiles
import TinyTensor

func fail(_ message: String, status: Int32 = 1) -> Never {
  print("Segment: \(message)")
  exit(status)
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 3 else { fail("usage: Segment MODEL PICTURE MAP.png", status: 2) }

do {
  let model = try Model(path: arguments[0])
  let image = try model.input(at: 0)
  let map = try model.output(at: 0)
  let input = model.inputs[0]
  guard input.elementType == .uint8, input.shape.count == 4, input.shape[0] == 1, input.shape[3] == 3, input.count > 0
  else {
    fail("the model takes \(input.elementType) \(input.shape), not a picture of bytes")
  }
  // [1, height, width] of classes, or [1, height, width, classes] of scores.
  let output = model.outputs[0]
  guard [3, 4].contains(output.shape.count), output.shape[0] == 1, output.count > 0 else {
    fail("the model gives \(output.shape), which is no map of classes")
  }
  let (height, width) = (output.shape[1], output.shape[2])

  var session = try model.makeSession()
  let picture = try Picture(decoding: [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[1]))))
  let pixels = picture.resized(width: input.shape[2], height: input.shape[1]).converted(toChannels: 3).pixels
  try session.setInput(image, bytes: pixels.span)
  try session.run()

  // Classes are whole numbers of 32 or 64 bits. Of scores, the largest one's place is the class.
  let classes: [Int]
  switch (output.elementType, output.shape.count) {
  case (.int64, 3):
    let values = try session.output(map, as: Int64.self)
    classes = values.indices.map { Int(clamping: values[$0]) }
  case (.int32, 3):
    let values = try session.output(map, as: Int32.self)
    classes = values.indices.map { Int(values[$0]) }
  case (_, 4):
    let scores = try session.realOutput(map)
    let depth = output.shape[3]
    classes = (0..<(width * height)).map { pixel in
      scores.span.extracting((pixel * depth)..<((pixel + 1) * depth)).argmax() ?? 0
    }
  default:
    fail("the model's map is of \(output.elementType)")
  }

  let counts = Dictionary(classes.map { ($0, 1) }, uniquingKeysWith: +)
  for (label, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
    let hundredths = (10_000 * Double(count) / Double(classes.count)).rounded()
    print("class \(label)  \(hundredths / 100) %")
  }

  // Neighbouring classes get colours far apart: multiples of an odd number, of which no two in 256 are equal.
  let colours = classes.flatMap { label in [67, 129, 43].map { UInt8(truncatingIfNeeded: label &* $0) } }
  let coloured = Picture(width: width, height: height, channels: 3, pixels: colours)
  try Data(coloured.png()).write(to: URL(fileURLWithPath: arguments[2]))
} catch {
  fail("\(error)")
}
