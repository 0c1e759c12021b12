// Finds a person's joints in pictures.
//
//   swift run Pose MODEL PICTURE...
//
// prints, for each picture, the joints with a score of at least 0.3: score, name, and the place in pixels. MODEL is
// MoveNet for one person, or another one that takes pictures of bytes and gives the 17 joints of the COCO data set.

import Foundation
import ImageFiles
import TinyTensor

func fail(_ message: String, status: Int32 = 1) -> Never {
  print("Pose: \(message)")
  exit(status)
}

/// The joints in the order in which the model gives them.
let joints = [
  "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow",
  "right elbow", "left wrist", "right wrist", "left hip", "right hip", "left knee", "right knee", "left ankle",
  "right ankle",
]

/// The pixel at a share of a side; at the nearest end where the share is beyond it, or not a number.
func pixel(_ share: Float, of size: Int) -> Int {
  Int((Float.minimum(Float.maximum(share, 0), 1) * Float(size - 1)).rounded())
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else { fail("usage: Pose MODEL PICTURE...", status: 2) }

do {
  let model = try Model(path: arguments[0])
  let image = try model.input(at: 0)
  let person = try model.output(at: 0)
  let input = model.inputs[0]
  guard input.elementType == .uint8, input.shape.count == 4, input.shape[0] == 1, input.shape[3] == 3, input.count > 0
  else {
    fail("the model takes \(input.elementType) \(input.shape), not a picture of bytes")
  }
  guard model.outputs[0].shape == [1, 1, joints.count, 3] else {
    fail("the model gives \(model.outputs[0].shape), not \(joints.count) joints")
  }

  var session = try model.makeSession()
  for path in arguments.dropFirst() {
    let picture = try Picture(decoding: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    let pixels = picture.resized(width: input.shape[2], height: input.shape[1]).converted(toChannels: 3).pixels
    try session.setInput(image, bytes: pixels.span)
    try session.run()

    // Three numbers a joint: y and x, as shares of the picture's sides, and the score.
    let values = try session.realOutput(person)
    print(path)
    for (index, name) in joints.enumerated() where values[3 * index + 2] >= 0.3 {
      let x = pixel(values[3 * index + 1], of: picture.width)
      let y = pixel(values[3 * index], of: picture.height)
      print("  \(values[3 * index + 2])  \(name)  x \(x) y \(y)")
    }
  }
} catch {
  fail("\(error)")
}
