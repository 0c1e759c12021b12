import Foundation
import Testing

@testable import tinyrun

@Suite("measurements")
struct MeasureTests {
  private func samples(_ values: [UInt64], capacity: Int = SampleRecorder.usualCapacity) -> Samples {
    var recorder = SampleRecorder(capacity: capacity)
    for value in values { recorder.add(value) }
    return recorder.samples
  }

  @Test("percentiles are the nearest ranks of known durations")
  func percentiles() {
    // 1 us to 100 us, in an order that is not theirs.
    let distribution = Distribution([samples((0..<100).map { UInt64(($0 * 37) % 100 + 1) * 1000 })])
    #expect(distribution.count == 100)
    #expect(distribution.percentile(50) == 50)
    #expect(distribution.percentile(90) == 90)
    #expect(distribution.percentile(99) == 99)
    #expect(distribution.percentile(100) == 100)
    #expect(distribution.percentile(0) == 1)
    #expect(distribution.minimum == 1 && distribution.maximum == 100)
    #expect(abs(distribution.mean - 50.5) < 1e-9)
    #expect(abs(distribution.standardDeviation - 29.011491975882) < 1e-9)
    #expect(!distribution.isSampled)
  }

  @Test("every rank of every number of durations is exact", arguments: [1, 2, 3, 7, 10, 99, 1000, 1001])
  func ranks(count: Int) {
    let distribution = Distribution([samples((1...count).map { UInt64($0) * 1000 })])
    for percent in 1...100 {
      let rank = (percent * count + 99) / 100
      #expect(distribution.percentile(Double(percent)) == Double(rank))
    }
  }

  @Test("several recorders' durations are those of one, if all were kept")
  func together() {
    let values = (0..<1000).map { UInt64(($0 * 7919) % 1009) }
    let parts = Distribution([samples(Array(values[..<10])), samples([]), samples(Array(values[10...]))])
    let whole = Distribution([samples(values)])
    #expect(parts.count == whole.count)
    for percent in [1.0, 10, 50, 90, 99] { #expect(parts.percentile(percent) == whole.percentile(percent)) }
    #expect(abs(parts.mean - whole.mean) < 1e-9)
    #expect(abs(parts.standardDeviation - whole.standardDeviation) < 1e-9)
  }

  @Test("a recorder with less room than durations keeps a fair choice of them")
  func reservoir() {
    // Later durations are longer: a choice that prefers early or late ones is seen in the percentiles.
    let kept = samples((1...100_000).map { UInt64($0) }, capacity: 4096)
    #expect(kept.kept.count == 4096 && kept.count == 100_000)
    let distribution = Distribution([kept])
    #expect(distribution.isSampled)
    #expect(distribution.minimum == 0.001 && distribution.maximum == 100)
    #expect(abs(distribution.mean - 50.0005) < 1e-6)
    for percent in [10.0, 50, 90] { #expect(abs(distribution.percentile(percent) - percent) < 4) }
  }

  @Test("a recorder with less room counts as much as it has seen beside one with enough")
  func weights() {
    // 30,000 durations of 1 us of which 100 are kept, and 10,000 of 2 us that are all kept.
    let long = samples([UInt64](repeating: 1000, count: 30_000), capacity: 100)
    let short = samples([UInt64](repeating: 2000, count: 10_000))
    let distribution = Distribution([long, short])
    #expect(distribution.percentile(70) == 1 && distribution.percentile(80) == 2)
    #expect(distribution.mean == 1.25)
  }

  @Test("runs end by number, or by time and number")
  func length() {
    #expect(!RunLength.runs(3).isReached(runs: 2, nanoseconds: .max))
    #expect(RunLength.runs(3).isReached(runs: 3, nanoseconds: 0))
    #expect(!RunLength.seconds(1).isReached(runs: 1_000_000, nanoseconds: 999_999_999))
    #expect(RunLength.seconds(1).isReached(runs: 10, nanoseconds: 1_000_000_000))
    #expect(!RunLength.seconds(1).isReached(runs: 9, nanoseconds: 19_000_000_000))
    #expect(RunLength.seconds(1).isReached(runs: 1, nanoseconds: 20_000_000_000))
  }

  #if os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
    @Test("calls of the allocator are counted, from every thread and library")
    func allocations() async throws {
      try #require(AllocationCalls.start())
      try #require(AllocationCalls.start(), "counting can begin twice")

      // Arrays, and memory with an alignment, come from the library of Swift.
      var before = AllocationCalls.count
      let arrays = (0..<100).map { [Int](repeating: $0, count: 100 + $0) }
      #expect(AllocationCalls.count >= before + 100)
      #expect(arrays.map(\.count).max() == 199)

      before = AllocationCalls.count
      for _ in 0..<100 { unsafe UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 256).deallocate() }
      #expect(AllocationCalls.count >= before + 100)

      // Data grows in the library of Foundation.
      before = AllocationCalls.count
      var data = Data()
      for byte in 0..<100_000 { data.append(UInt8(truncatingIfNeeded: byte)) }
      #expect(AllocationCalls.count > before)
      #expect(data.count == 100_000)

      before = AllocationCalls.count
      let sum = await Task.detached { (0..<100).map { [Int](repeating: $0, count: 10 + $0).count }.reduce(0, +) }.value
      #expect(AllocationCalls.count >= before + 100)
      #expect(sum == 5950)
    }
  #endif

  @Test("the shares of a profile are those of known times, and sum to 100")
  func shares() {
    func row(_ index: Int, _ name: String, _ kernel: String, _ time: Double, _ macs: Int) -> OperatorProfile.Row {
      .init(
        index: index, name: name, kernel: kernel, operators: 1, microseconds: time, leastMicroseconds: time / 2,
        multiplyAccumulates: macs, bytes: 10)
    }
    let profile = OperatorProfile(operators: [
      row(0, "CONV_2D", "a", 1, 4000), row(1, "ADD", "b", 4, 0), row(2, "CONV_2D", "c", 3, 3000),
      row(4, "SOFTMAX", "b", 2, 0),
    ])
    #expect(profile.microseconds == 10)
    #expect(profile.measuredPeak() == 4)

    let operators = profile.rows(by: .op)
    #expect(operators.map(\.index) == [1, 2, 4, 0])
    #expect(operators.map(\.share) == [40, 30, 20, 10])
    #expect(operators.map(\.cumulativeShare) == [40, 70, 90, 100])
    #expect(operators.map(\.rate) == [nil, 1, nil, 4])

    let types = profile.rows(by: .type)
    #expect(
      Set(types.map { "\($0.name ?? "?") \($0.operators) \($0.share)" })
        == ["CONV_2D 2 40.0", "ADD 1 40.0", "SOFTMAX 1 20.0"])
    #expect(types.allSatisfy { $0.index == nil && $0.kernel == nil })
    #expect(types.first { $0.name == "CONV_2D" }?.rate == 1.75)
    #expect(types.first { $0.name == "CONV_2D" }?.bytes == 20)

    let kernels = profile.rows(by: .kernel)
    #expect(kernels.map(\.kernel) == ["b", "c", "a"])
    #expect(kernels.map(\.share) == [60, 30, 10])
    for rows in [operators, types, kernels] { #expect(abs(rows.reduce(0) { $0 + $1.share } - 100) < 1e-9) }

    let empty = OperatorProfile(operators: [])
    #expect(empty.rows(by: .op).isEmpty && empty.measuredPeak() == nil)
  }
}
