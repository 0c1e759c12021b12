import Foundation
import Testing

@testable import TinyTensor
@testable import TinyTensorKernels

@Suite("Poses")
struct PoseDecoderTests {
  private static let size = 16

  /// Forward edges as (parent, child), in the order of the map's channels.
  private static let edges = [
    (0, 1), (1, 3), (0, 2), (2, 4), (0, 5), (5, 7), (7, 9), (5, 11), (11, 13), (13, 15), (0, 6), (6, 8), (8, 10),
    (6, 12), (12, 14), (14, 16),
  ]

  /// Maps in which people stand at these cells: the logit is 4 at each keypoint (5 at the nose) and -8 elsewhere, and
  /// mid-range offsets lead from each parent to its child, in pixels.
  private func maps(_ people: [[(y: Int, x: Int)]]) -> (heat: [Float], short: [Float], middle: [Float]) {
    let cells = Self.size * Self.size
    var heat = [Float](repeating: -8, count: cells * 17)
    let short = [Float](repeating: 0, count: cells * 34)
    var middle = [Float](repeating: 0, count: cells * 64)
    for person in people {
      for (keypoint, place) in person.enumerated() {
        heat[(place.y * Self.size + place.x) * 17 + keypoint] = keypoint == 0 ? 5 : 4
      }
      for (edge, (parent, child)) in Self.edges.enumerated() {
        let from = person[parent]
        let to = person[child]
        let cell = (from.y * Self.size + from.x) * 64
        middle[cell + edge] = Float(16 * (to.y - from.y))
        middle[cell + 16 + edge] = Float(16 * (to.x - from.x))
      }
    }
    return (heat, short, middle)
  }

  private func person(_ y: Int, _ x: Int) -> [(y: Int, x: Int)] {
    (0..<17).map { (y: y + $0 / 3, x: x + $0 % 3) }
  }

  /// FlexBuffers of a map with int and float values, all 4 bytes wide, keys in order.
  private func options(maximum: Int32, threshold: Float, stride: Int32, radius: Float) -> [UInt8] {
    var bytes: [UInt8] = []
    var keys: [Int] = []
    for key in ["max_detections", "nms_radius", "score_threshold", "stride"] {
      keys.append(bytes.count)
      bytes += Array(key.utf8) + [0]
    }
    while bytes.count % 4 != 0 { bytes.append(0) }
    func append(_ value: UInt32) {
      for shift in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
    }
    append(4)
    let keyStart = bytes.count
    for key in keys { append(UInt32(bytes.count - key)) }
    append(UInt32(bytes.count - keyStart))
    append(4)
    append(4)
    let values = bytes.count
    append(UInt32(bitPattern: maximum))
    append(radius.bitPattern)
    append(threshold.bitPattern)
    append(UInt32(bitPattern: stride))
    // Packed types: int or float, 4 bytes wide.
    bytes += [1 << 2 | 2, 3 << 2 | 2, 3 << 2 | 2, 1 << 2 | 2]
    bytes += [UInt8(bytes.count - values), 9 << 2 | 2, 1]
    return bytes
  }

  private func decode(
    _ people: [[(y: Int, x: Int)]], maximum: Int32 = 3, threshold: Float = 0.5
  ) throws -> (points: [Float], keypointScores: [Float], scores: [Float], count: Float) {
    var test = TestModel()
    let size = Self.size
    let inputs = [
      test.input("heat", [1, size, size, 17], .float32), test.input("short", [1, size, size, 34], .float32),
      test.input("middle", [1, size, size, 64], .float32),
    ]
    let outputs = (0..<4).map { test.output("output \($0)", [1], .float32) }
    test.add(.custom, inputs, outputs)
    test.operators[0].customName = "PosenetDecoderOp"
    test.operators[0].customOptions = options(maximum: maximum, threshold: threshold, stride: 16, radius: 32)
    let model = try Model(bytes: test.bytes)
    var session = try model.makeSession()
    let maps = maps(people)
    for (index, values) in [maps.heat, maps.short, maps.middle].enumerated() {
      try session.setInput(model.input(at: index), real: values.span)
    }
    try session.run()
    return (
      try session.realOutput(model.output(at: 0)), try session.realOutput(model.output(at: 1)),
      try session.realOutput(model.output(at: 2)), try session.realOutput(model.output(at: 3))[0]
    )
  }

  @Test("a person's keypoints are found from the nose on, in pixels")
  func onePerson() throws {
    let person = person(2, 3)
    let result = try decode([person])
    #expect(result.count == 1)
    for keypoint in 0..<17 {
      #expect(result.points[2 * keypoint] == Float(16 * person[keypoint].y))
      #expect(result.points[2 * keypoint + 1] == Float(16 * person[keypoint].x))
      let logit = keypoint == 0 ? 5.0 : 4.0
      #expect(abs(result.keypointScores[keypoint] - Float(1 / (1 + exp(-logit)))) < 1e-6)
    }
    let mean = result.keypointScores[..<17].reduce(0, +) / 17
    #expect(abs(result.scores[0] - mean) < 1e-6)
    #expect(result.scores[1...].allSatisfy { $0 == 0 })
  }

  @Test("people that stand apart are found each, and no more than asked for")
  func people() throws {
    let two = [person(1, 1), person(8, 11)]
    #expect(try decode(two).count == 2)
    #expect(try decode(two, maximum: 1).count == 1)
    #expect(try decode([]).count == 0)
    // A person 2 cells from another is inside the radius of 2 cells.
    #expect(try decode([person(1, 1), person(1, 3)]).count == 1)
  }

  @Test("long-range offsets give each person's mask, whatever types the file names")
  func masks() throws {
    let size = Self.size
    let people = [person(1, 1), person(9, 11)]
    let scale: Float = 0.5
    // Every cell's offsets lead to the keypoints of the person of its half, in bytes around 128: at most 13 * 16 pixels
    // away, in two-pixel steps.
    var long = [UInt8](repeating: 128, count: size * size * 34)
    func fill(_ half: (Int, Int) -> Int) {
      for y in 0..<size {
        for x in 0..<size {
          for (keypoint, place) in people[half(y, x)].enumerated() {
            let cell = (y * size + x) * 34
            long[cell + keypoint] = UInt8(128 + (place.y - y) * 8)
            long[cell + 17 + keypoint] = UInt8(128 + (place.x - x) * 8)
          }
        }
      }
    }
    fill { _, x in x < 8 ? 0 : 1 }
    var test = TestModel()
    let inputs = [
      test.input("heat", [1, size, size, 17], .float32), test.input("short", [1, size, size, 34], .float32),
      test.input("middle", [1, size, size, 64], .float32),
      test.input("long", [1, size, size, 34], .uint8, scale: 4 * scale, zeroPoint: 128),
    ]
    // The file may name another type: the operator gives float32.
    let outputs = (0..<5).map { test.output("output \($0)", [1], .uint8, scale: 1) }
    test.add(.custom, inputs, outputs)
    test.operators[0].customName = "PosenetDecoderOp"
    test.operators[0].customOptions = options(maximum: 3, threshold: 0.5, stride: 16, radius: 32)
    let maps = maps(people)
    let results = try test.run([bytes(maps.heat), bytes(maps.short), bytes(maps.middle), long])
    #expect(floats(results[3]) == [2])
    // Of equal scores the second person, whose root was found later, may come first.
    let isFirst = floats(results[0])[0] == Float(16 * people[0][0].y)
    let masks = floats(results[4])
    #expect(masks.count == 3 * size * size)
    for y in 0..<size {
      for x in 0..<size {
        let owner = (x < 8) == isFirst ? 0 : 1
        for person in 0..<3 {
          #expect(masks[(person * size + y) * size + x] == (person == owner ? 1 : 0), "\(person) at \(y), \(x)")
        }
      }
    }
    test.tensors[3].shape = [1, 16, 16, 17]
    #expect(test.loadError()?.code == .invalidOperator)
  }

  @Test("wrong maps and options are refused")
  func refusals() {
    func error(_ change: (inout TestModel) -> Void) -> ModelError.Code? {
      var test = TestModel()
      let inputs = [
        test.input("heat", [1, 4, 4, 17], .float32), test.input("short", [1, 4, 4, 34], .float32),
        test.input("middle", [1, 4, 4, 64], .float32),
      ]
      let outputs = (0..<4).map { test.output("output \($0)", [1], .float32) }
      test.add(.custom, inputs, outputs)
      test.operators[0].customName = "PosenetDecoderOp"
      test.operators[0].customOptions = options(maximum: 3, threshold: 0.5, stride: 16, radius: 32)
      change(&test)
      return test.loadError()?.code
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.operators[0].customOptions = nil } == .invalidOperator)
    #expect(error { $0.operators[0].customOptions = [1, 2, 3] } == .invalidOperator)
    #expect(error { $0.tensors[1].shape = [1, 4, 4, 17] } == .invalidOperator)
    #expect(error { $0.tensors[2].shape = [1, 4, 5, 64] } == .invalidOperator)
    #expect(error { $0.tensors[0].type = .int32 } == .invalidOperator)
    #expect(error { $0.operators[0].outputs.removeLast() } == .invalidOperator)
    for options in [
      options(maximum: 0, threshold: 0.5, stride: 16, radius: 32),
      options(maximum: 3, threshold: 2, stride: 16, radius: 32),
      options(maximum: 3, threshold: 0.5, stride: 0, radius: 32),
      options(maximum: 3, threshold: 0.5, stride: 16, radius: -1),
    ] {
      #expect(error { $0.operators[0].customOptions = options } == .invalidOperator)
    }
  }
}
