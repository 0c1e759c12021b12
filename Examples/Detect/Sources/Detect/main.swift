// Finds objects in pictures.
//
//   swift run Detect MODEL PICTURE...
//
// prints, for each picture, the objects with a score of at least one half: score, label, and the box in pixels. MODEL
// takes pictures of bytes and ends with TFLite_Detection_PostProcess, as the SSD models for Coral do.

import Foundation
import ImageFiles
import TinyTensor

func fail(_ message: String, status: Int32 = 1) -> Never {
  print("Detect: \(message)")
  exit(status)
}

/// The labels that lie behind a model, a line each; none where it has no such file.
func labels(behind file: ModelFile) throws(ModelError) -> [Substring] {
  let names = try file.modelMetadata()?.outputs.flatMap(\.files).filter { $0.kind == .valueLabels }.map(\.name) ?? []
  let labels = try file.attachedFiles().first { names.contains($0.name) }
  guard let labels else { return [] }
  return String(decoding: try file.contents(of: labels), as: UTF8.self)
    .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
}

/// The pixel at a share of a side; at the nearest end where the share is beyond it, or not a number.
func pixel(_ share: Float, of size: Int) -> Int {
  Int((Float.minimum(Float.maximum(share, 0), 1) * Float(size)).rounded())
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else { fail("usage: Detect MODEL PICTURE...", status: 2) }

do {
  let model = try Model(path: arguments[0])
  let image = try model.input(at: 0)
  let input = model.inputs[0]
  guard input.elementType == .uint8, input.shape.count == 4, input.shape[0] == 1, input.shape[3] == 3, input.count > 0
  else {
    fail("the model takes \(input.elementType) \(input.shape), not a picture of bytes")
  }

  // The last operator's outputs, whatever names and order the model gives them.
  guard let last = model.operators.last(where: { $0.name == "TFLite_Detection_PostProcess" }), last.outputs.count == 4
  else { fail("the model does not end with TFLite_Detection_PostProcess") }
  let outputs = try last.outputs.map { tensor in
    try model.output(at: model.outputs.firstIndex { $0.tensor == tensor } ?? -1)
  }
  let names = try labels(behind: model.file)

  var session = try model.makeSession()
  for path in arguments.dropFirst() {
    let picture = try Picture(decoding: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    let pixels = picture.resized(width: input.shape[2], height: input.shape[1]).converted(toChannels: 3).pixels

    // Models of this kind store the pixels as they are.
    try session.setInput(image, bytes: pixels.span)
    try session.run()

    // Four numbers a box, as shares of the picture's sides: top, left, bottom, right.
    let boxes = try session.realOutput(outputs[0])
    let classes = try session.realOutput(outputs[1])
    let scores = try session.realOutput(outputs[2])
    print(path)
    // Rows that hold no object have a score of 0. The count, the fourth output, is that of boxes: where a box may have
    // several classes, each of them has a row.
    for object in 0..<min(boxes.count / 4, classes.count, scores.count) where scores[object] >= 0.5 {
      let number = Int(exactly: classes[object]) ?? -1
      let name = names.indices.contains(number) ? names[number] : "class \(number)"
      let (top, left) = (pixel(boxes[4 * object], of: picture.height), pixel(boxes[4 * object + 1], of: picture.width))
      let (bottom, right) = (
        pixel(boxes[4 * object + 2], of: picture.height), pixel(boxes[4 * object + 3], of: picture.width)
      )
      print("  \(scores[object])  \(name)  left \(left) top \(top) right \(right) bottom \(bottom)")
    }
  }
} catch {
  fail("\(error)")
}
