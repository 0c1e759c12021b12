import Testing

@testable import TinyTensor

@Suite("Concatenations written in place")
struct ConcatenationTests {
  /// What makes an input of the concatenation, from an image of 6 channels.
  enum Branch: Sendable {
    case convolution(channels: Int)
    /// A convolution behind a view: `[1, 4, 5, channels]` as `[1, 20, channels]`.
    case flatConvolution(channels: Int)
    case relu
    case image
    /// Another branch's result once more.
    case repeated(Int)
  }

  struct Join: Sendable {
    var batches = 1
    var branches: [Branch]
    var axis = 3
    var type = ElementType.int8

    /// - Parameter keepsBranches: whether what the branches give is read after the run, so that it needs its own memory.
    func model(keepsBranches: Bool) -> TestModel {
      var test = TestModel()
      let shape = [batches, 4, 5, 6]
      let image = test.input(shape, type, scale: 0.5, zeroPoint: 3)
      var results: [(tensor: Int32, shape: [Int])] = []
      var made: [Int32] = []
      for (index, branch) in branches.enumerated() {
        switch branch {
        case .convolution(let channels), .flatConvolution(let channels):
          let sizes = [batches, 4, 5, channels]
          let result = convolution(&test, image, index, channels, sizes)
          made.append(result)
          guard case .flatConvolution = branch else {
            results.append((result, sizes))
            continue
          }
          let flat = [batches, 20, channels]
          let view = test.tensor("view \(index)", flat, type, scale: 0.5, zeroPoint: 3)
          test.add(.reshape, [result], [view], options: Options.reshape(flat.map { Int32($0) }))
          results.append((view, flat))
        case .relu:
          let result = test.tensor("branch \(index)", shape, type, scale: 0.5, zeroPoint: 3)
          test.add(.relu, [image], [result])
          made.append(result)
          results.append((result, shape))
        case .image: results.append((image, shape))
        case .repeated(let other): results.append(results[other])
        }
      }
      var sizes = results[0].shape
      sizes[axis] = results.map { $0.shape[axis] }.reduce(0, +)
      let output = test.output(sizes, type, scale: 0.5, zeroPoint: 3)
      test.add(
        .concatenation, results.map(\.tensor), [output], options: Options.concatenation(axis: Int32(axis)))
      if keepsBranches { test.outputs += made }
      return test
    }

    private func convolution(
      _ test: inout TestModel, _ image: Int32, _ index: Int, _ channels: Int, _ sizes: [Int]
    ) -> Int32 {
      let weights = (0..<channels * 6).map { UInt8(truncatingIfNeeded: $0 &* 71 &+ index &* 13 &+ 5) }
      let filter = test.constant(
        "filter \(index)", [channels, 1, 1, 6], type, weights, scales: [0.0625],
        zeroPoints: [type == .uint8 ? 99 : 0])
      let bias = test.constant(
        "bias \(index)", [channels], .int32, (0..<channels).map { Int32($0 * 9) }, scales: [0.5 * 0.0625])
      let result = test.tensor("branch \(index)", sizes, type, scale: 0.5, zeroPoint: 3)
      test.add(.conv2D, [image, filter, bias], [result], options: Options.convolution())
      return result
    }

    var elements: [UInt8] { (0..<batches * 120).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 11) } }
  }

  private func run(_ test: TestModel, _ input: [UInt8], _ options: CPUOptions) throws -> (model: Model, output: [UInt8])
  {
    let model = try Model(bytes: test.bytes, device: .cpu(options))
    var session = try model.makeSession()
    try session.setInput(model.input(at: 0), bytes: input.span)
    // Twice, so that what a run leaves behind would be seen.
    try session.run()
    try session.run()
    return (model, try session.outputArray(model.output(at: 0)))
  }

  /// Compares a concatenation with itself where its inputs have memory of their own.
  ///
  /// - Parameter copied: how many inputs are copied by kernels of an instruction set; `nil` if the step is left out.
  private func check(_ join: Join, copied: Int?) throws {
    let input = join.elements
    for kernels in KernelSet.allCases where kernels.isAvailable {
      for threads in [1, 2] {
        let options = CPUOptions(threads: threads, kernels: kernels)
        let (model, output) = try run(join.model(keepsBranches: false), input, options)
        let (kept, wanted) = try run(join.model(keepsBranches: true), input, options)
        #expect(output == wanted, "\(kernels.rawValue) \(join)")
        #expect(Set(wanted).count > 1)
        let index = model.operators.count - 1
        #expect(kept.operators[index].kernel != "in place")
        guard kernels != .reference else { continue }
        let step = model.planSteps.first { $0.operatorIndex == index }
        #expect(model.operators[index].kernel.hasPrefix("in place") == (copied == nil), "\(join)")
        // The inputs that are copied, where they belong, and the output.
        #expect(step?.operands.count == copied.map { $0 + 2 }, "\(join)")
      }
    }
  }

  @Test("convolutions write their channels where the output has them", arguments: [ElementType.int8, .uint8])
  func channels(_ type: ElementType) throws {
    for channels in [[1, 1], [5, 16, 7], [64, 32], [3, 64, 65], [16, 16, 16, 16], [130, 17]] {
      let branches = channels.map { Branch.convolution(channels: $0) }
      for batches in [1, 2] { try check(Join(batches: batches, branches: branches, type: type), copied: nil) }
    }
  }

  @Test("what other operators write is copied between")
  func mixed() throws {
    let convolution = Branch.convolution(channels: 9)
    try check(Join(branches: [convolution, .relu, convolution]), copied: 1)
    try check(Join(branches: [.image, convolution]), copied: 1)
    try check(Join(branches: [.relu, .image]), copied: 2)
    try check(Join(branches: [convolution, convolution, .repeated(0)]), copied: 2)
  }

  @Test("without rows everything is written in place, through views as well")
  func withoutRows() throws {
    let convolution = Branch.convolution(channels: 6)
    try check(Join(branches: [convolution, .relu, convolution], axis: 1), copied: nil)
    try check(Join(branches: [.relu, .image, convolution], axis: 1), copied: 1)
    let flat = Branch.flatConvolution(channels: 11)
    try check(Join(branches: [flat, flat], axis: 1), copied: nil)
    try check(Join(branches: [flat, .repeated(0)], axis: 1), copied: 2)
    // Rows of a view's root are not rows of the output.
    try check(Join(branches: [flat, flat], axis: 2), copied: 2)
    try check(Join(batches: 2, branches: [flat, flat], axis: 1), copied: 2)
  }

  @Test("a plan shows where a branch is written, an observer reads it where it is whole")
  func places() throws {
    let rows = try Model(
      bytes: Join(branches: [.convolution(channels: 6), .relu], axis: 1).model(keepsBranches: false).bytes)
    let output = try #require(rows.planSteps[1].operands.last { $0.isOutput })
    #expect(rows.planSteps.count == 2)
    #expect(output.tensor == rows.operators[1].outputs[0])
    #expect(output.byteCount == 120)
    #expect(output.offset == rows.arenaOffset(rows.outputs[0].tensor).map { $0 + 120 })
    #expect(rows.plan.locations[rows.operators[1].outputs[0]] != nil)
    let spread = try Model(
      bytes: Join(branches: [.convolution(channels: 7), .convolution(channels: 9)]).model(keepsBranches: false).bytes)
    #expect(spread.plan.locations[spread.operators[0].outputs[0]] == nil)
    #expect(spread.planSteps[1].operands.last { $0.isOutput }?.byteCount == 19 * 16 + 9)
  }
}

extension Model {
  /// Where in the arena a tensor lies.
  fileprivate func arenaOffset(_ tensor: Int) -> Int? {
    guard case .arena(let offset)? = plan.locations[tensor]?.place else { return nil }
    return offset
  }
}
