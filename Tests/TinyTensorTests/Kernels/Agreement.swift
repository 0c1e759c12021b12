import Testing

@testable import TinyTensor

/// Numbers that look random and are the same in every run.
struct TestNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  /// Bytes, of which a third are the ends of the range.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in
      switch next() % 6 {
      case 0: return [UInt8(0x80), 0x7F, 0, 0xFF][Int(next() % 4)]
      default: return UInt8(truncatingIfNeeded: next())
      }
    }
  }

  mutating func float(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &self) }

  mutating func zeroPoint(_ type: ElementType) -> Int64 {
    Int64(storedRange(of: type).randomElement(using: &self) ?? 0)
  }
}

extension KernelSet {
  /// The sets to compare with the reference: those that this processor can run. In debug builds all sets compute with
  /// the portable vectors, so that there the first and the last of them stand for all.
  static let vectorSets: [KernelSet] = {
    let sets = allCases.filter { $0 != .reference && $0.isAvailable }
    #if DEBUG
      return sets.count > 2 ? [sets[0], sets[sets.count - 1]] : sets
    #else
      return sets
    #endif
  }()
}

extension InstructionSet {
  /// The sets that this processor can run.
  static var available: [InstructionSet] {
    allCases.filter { set in KernelSet.vectorSets.contains { $0.rawValue == set.name } }
  }
}

extension TestModel {
  /// The outputs by one set of kernels.
  private static func outputs(
    _ bytes: [UInt8], _ inputs: [[UInt8]], _ kernels: KernelSet, threads: Int = 1, _ options: ModelOptions
  ) throws -> [[UInt8]] {
    let model = try Model(
      bytes: bytes, device: .cpu(CPUOptions(threads: threads, kernels: kernels)), options: options)
    var session = try model.makeSession()
    for (index, bytes) in inputs.enumerated() {
      try session.setInput(model.input(at: index), bytes: bytes.span)
    }
    try session.run()
    var outputs: [[UInt8]] = []
    for index in model.outputs.indices { outputs.append(try session.outputArray(model.output(at: index))) }
    return outputs
  }

  /// Expects that all sets of kernels give the reference's bytes, the fastest one with two threads too.
  func expectAgreement(
    _ inputs: [[UInt8]], options: ModelOptions = ModelOptions(), _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let bytes = bytes
    let expected = try Self.outputs(bytes, inputs, .reference, options)
    for set in KernelSet.vectorSets {
      let found = try Self.outputs(bytes, inputs, set, options)
      #expect(found == expected, "\(set): \(comment)", sourceLocation: sourceLocation)
    }
    let divided = try Self.outputs(bytes, inputs, .fastest, threads: 2, options)
    #expect(divided == expected, "two threads: \(comment)", sourceLocation: sourceLocation)
  }
}
