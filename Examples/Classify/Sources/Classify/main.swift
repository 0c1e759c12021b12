// Says what is in pictures.
//
//   swift run Classify MODEL PICTURE...
//
// prints, for each picture, the three classes with the best scores. MODEL takes one picture and gives a score for each
// class. What its pixels mean, and what its classes are called, is in its metadata.

import Foundation
import ImageFiles
import TinyTensor

func fail(_ message: String, status: Int32 = 1) -> Never {
  print("Classify: \(message)")
  exit(status)
}

/// The labels that lie behind a model, a line each; none where it has no such file.
func labels(behind file: ModelFile, _ metadata: ModelMetadata?) throws(ModelError) -> [Substring] {
  let wanted = metadata?.outputs.first?.files.first { $0.kind == .axisLabels }
  guard let wanted, let labels = try file.attachedFiles().first(where: { $0.name == wanted.name }) else { return [] }
  return String(decoding: try file.contents(of: labels), as: UTF8.self)
    .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else { fail("usage: Classify MODEL PICTURE...", status: 2) }

do {
  let model = try Model(path: arguments[0])
  let image = try model.input(at: 0)
  let scores = try model.output(at: 0)

  // One picture, row by row: [1, height, width, channels]. Grey has one channel, colours have three.
  let shape = model.inputs[0].shape
  guard shape.count == 4, shape[0] == 1, shape[1] > 0, shape[2] > 0, [1, 3].contains(shape[3]) else {
    fail("the model takes \(shape), which is no picture")
  }

  // A pixel v stands for (v - mean) / deviation, with one of each or one for each channel; from 0 to 1 by default.
  let metadata = try model.file.modelMetadata()
  let normalization = metadata?.inputs.first?.normalization
  let means = normalization?.means ?? [0]
  let deviations = normalization?.deviations ?? [255]
  let names = try labels(behind: model.file, metadata)

  var session = try model.makeSession()
  for path in arguments.dropFirst() {
    let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let picture = try Picture(decoding: file).resized(width: shape[2], height: shape[1])
    let pixels = picture.converted(toChannels: shape[3]).pixels

    // The session quantizes real values with the input's own scale and zero point.
    let values = pixels.indices.map { index in
      let deviation = deviations[index % deviations.count]
      return Float(pixels[index]) / deviation - means[index % means.count] / deviation
    }
    try session.setInput(image, real: values.span)
    try session.run()

    let result = try session.realOutput(scores)
    print(path)
    for index in result.indices.sorted(by: { result[$0] > result[$1] }).prefix(3) {
      print("  \(result[index])  \(index) \(names.indices.contains(index) ? names[index] : "")")
    }
  }
} catch {
  fail("\(error)")
}
