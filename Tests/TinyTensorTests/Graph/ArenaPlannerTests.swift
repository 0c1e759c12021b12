import Foundation
import Testing

@testable import TinyTensor

@Suite("Arena")
struct ArenaPlannerTests {
  private func checkDisjoint(_ planner: ArenaPlanner, _ layout: ArenaPlanner.Layout) {
    for (index, request) in planner.requests.enumerated() {
      let offset = layout.offsets[index]
      #expect(offset % AlignedMemory.alignment == 0)
      #expect(offset + request.byteCount <= layout.byteCount)
      for (other, neighbour) in planner.requests.enumerated() where other < index {
        let livesMeet = request.first <= neighbour.last && neighbour.first <= request.last
        let placesMeet =
          offset < layout.offsets[other] + neighbour.byteCount
          && layout.offsets[other] < offset + request.byteCount
        #expect(!(livesMeet && placesMeet), "\(index) and \(other) share memory while both live")
      }
    }
  }

  @Test("values that live together never share memory", arguments: 0..<40)
  func random(seed: Int) throws {
    var generator = SplitMix(state: UInt64(seed))
    var planner = ArenaPlanner()
    for _ in 0..<Int.random(in: 0...60, using: &generator) {
      let first = Int.random(in: -1...30, using: &generator)
      _ = planner.add(
        byteCount: Int.random(in: 0...5000, using: &generator), first: first,
        last: first + Int.random(in: 0...10, using: &generator))
    }
    let layout = try #require(planner.plan())
    checkDisjoint(planner, layout)
    #expect(layout.byteCount >= planner.lowerBound())
  }

  @Test("values beyond the count that is compared share no memory either", arguments: 0..<40)
  func manyValues(seed: Int) throws {
    var generator = SplitMix(state: UInt64(seed))
    var planner = ArenaPlanner()
    planner.mostComparisons = 30
    for _ in 0..<120 {
      let first = Int.random(in: -1...30, using: &generator)
      _ = planner.add(
        byteCount: Int.random(in: 0...5000, using: &generator), first: first,
        last: first + Int.random(in: 0...10, using: &generator))
    }
    let layout = try #require(planner.plan())
    checkDisjoint(planner, layout)
    // A place is reused: the whole is far below the sum.
    #expect(layout.byteCount < planner.requests.reduce(0) { $0 + $1.byteCount } * 2 / 3)
  }

  // Without the bound on comparisons it takes longer in debug builds.
  @Test("40,000 values that live together are placed soon", .timeLimit(.minutes(10)))
  func speed() throws {
    var planner = ArenaPlanner()
    for index in 0..<40_000 { _ = planner.add(byteCount: 4 + index % 3 * 400, first: -1, last: 40_000) }
    let layout = try #require(planner.plan())
    #expect(layout.byteCount >= planner.lowerBound())
  }

  @Test("a chain needs its two largest neighbours, not the sum of all")
  func chain() throws {
    let sizes = [64, 640, 1280, 128, 2560, 64]
    var planner = ArenaPlanner()
    for (index, size) in sizes.enumerated() {
      _ = planner.add(byteCount: size, first: index, last: index + 1)
    }
    #expect(planner.lowerBound() == 128 + 2560)
    #expect(try #require(planner.plan()).byteCount == 128 + 2560)
  }

  @Test("sizes whose sum does not fit are refused")
  func overflow() {
    var planner = ArenaPlanner()
    for _ in 0..<3 { _ = planner.add(byteCount: Int.max / 2, first: 0, last: 0) }
    #expect(planner.plan() == nil)
    _ = planner.add(byteCount: Int.max, first: 0, last: 0)
    #expect(planner.plan() == nil)
  }

  /// Tensor sizes of MobileNet v2 at 224 x 224: stride, expansion, output channels and repetitions of its blocks, as in
  /// its paper (Sandler et al., 2018), table 2.
  @Test("MobileNet v2 needs little more than what lives at one time")
  func mobileNetV2() throws {
    var planner = ArenaPlanner()
    var step = 0
    var size = 112
    var channels = 32
    var living = planner.add(byteCount: 224 * 224 * 3, first: -1, last: 1000)
    var pending = (bytes: size * size * channels, first: 0)
    func place(_ bytes: Int, first: Int, last: Int) { living = planner.add(byteCount: bytes, first: first, last: last) }
    for (expansion, output, count, stride) in [
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ] {
      for repetition in 0..<count {
        let step0 = step + 1
        let isResidual = repetition > 0
        let blockStride = repetition == 0 ? stride : 1
        place(pending.bytes, first: pending.first, last: isResidual ? step0 + 3 : step0)
        let expanded = size * size * channels * expansion
        if expansion > 1 { place(expanded, first: step0, last: step0 + 1) }
        size /= blockStride
        place(size * size * channels * expansion, first: step0 + 1, last: step0 + 2)
        channels = output
        if isResidual {
          place(size * size * channels, first: step0 + 2, last: step0 + 3)
          pending = (size * size * channels, step0 + 3)
        } else {
          pending = (size * size * channels, step0 + 2)
        }
        step = step0 + 3
      }
    }
    place(pending.bytes, first: pending.first, last: step + 1)
    place(size * size * 1280, first: step + 1, last: step + 2)
    let layout = try #require(planner.plan())
    checkDisjoint(planner, layout)
    #expect(Double(layout.byteCount) <= 1.3 * Double(planner.lowerBound()))
    _ = living
  }

  @Test(
    "the arena of the full mobilenet_v2 is at most 1.3 times what lives at one time",
    .enabled(if: Fixtures.shared != nil, "skipped: there is no folder ../shared"))
  func fullModel() throws {
    let shared = try #require(Fixtures.shared)
    let model = try Model(path: shared.appendingPathComponent("models-seed/mobilenet_v2_int8/model.tflite").path)
    #expect(Double(model.arenaByteCount) <= 1.3 * Double(model.arenaLowerBound))
    // The bound itself, from the model's shapes alone: inputs and outputs of the operator that needs most.
    var largest = 0
    for operation in model.operators {
      var sum = 0
      for tensor in operation.inputs + operation.outputs {
        let buffer = model.file.buffers[model.file.subgraphs[0].tensors[tensor].buffer]
        if buffer.range == nil { sum += model.tensors[tensor].byteCount }
      }
      largest = max(largest, sum)
    }
    #expect(model.arenaLowerBound <= largest + model.inputs[0].byteCount)
    #expect(Double(model.arenaByteCount) <= 1.3 * Double(largest))
  }

  @Test("digits: entries lie inside the arena, apart from each other")
  func entries() throws {
    for name in ["mnist_cnn_int8", "mnist_dscnn_int8", "mnist_cnn_float_io_int8"] {
      let model = try Model(path: Fixtures.folder.appendingPathComponent("models/\(name).tflite").path)
      let sum = model.arenaEntries.reduce(0) { $0 + $1.byteCount }
      #expect(model.arenaByteCount < sum)
      #expect(model.arenaByteCount >= model.arenaLowerBound)
      for (index, entry) in model.arenaEntries.enumerated() {
        #expect(entry.offset + entry.byteCount <= model.arenaByteCount)
        for other in model.arenaEntries[..<index]
        where entry.firstStep <= other.lastStep && other.firstStep <= entry.lastStep {
          #expect(entry.offset + entry.byteCount <= other.offset || other.offset + other.byteCount <= entry.offset)
        }
      }
    }
  }
}

/// Numbers that a seed determines.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
