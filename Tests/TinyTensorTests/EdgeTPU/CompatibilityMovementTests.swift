import Testing

@testable import TinyTensor

@Suite("Axes and sizes that the Edge TPU's compiler takes")
struct CompatibilityMovementTests {
  @Test("MEAN takes x and y, from runtime 13 on z if it is a multiple of 4, and never the batch")
  func mean() throws {
    for runtime in 10...14 where runtime >= 12 {
      #expect(try Compatibility.reduction(.mean, [1, 2]).status(runtime) == .mapped)
      #expect(try Compatibility.reduction(.mean, [-3]).status(runtime) == .mapped)
      #expect(try Compatibility.reduction(.mean, [0, 1]).status(runtime) == .unspecifiedLimitation)
      let inner: EdgeTPUCompatibility.Status = runtime < 13 ? .unspecifiedLimitation : .mapped
      #expect(try Compatibility.reduction(.mean, [3]).status(runtime) == inner)
      #expect(try Compatibility.reduction(.mean, [-1]).status(runtime) == inner)
      #expect(try Compatibility.reduction(.mean, [3], input: [1, 4, 4, 6]).status(runtime) == .unspecifiedLimitation)
    }
  }

  @Test("other reductions leave the batch alone", arguments: [BuiltinOperator.sum, .reduceMax, .reduceMin])
  func reductions(_ code: BuiltinOperator) throws {
    #expect(try Compatibility.reduction(code, [1, 2, 3]).status() == .mapped)
    #expect(try Compatibility.reduction(code, [0]).status() == .unspecifiedLimitation)
    #expect(try Compatibility.reduction(code, [-4]).status() == .unspecifiedLimitation)
    // The outermost of three axes is y.
    #expect(try Compatibility.reduction(code, [0], input: [4, 4, 8]).status() == .mapped)
  }

  @Test("PAD takes x and y, from runtime 13 on z, and never the batch")
  func pad() throws {
    for runtime in 12...14 {
      #expect(try Compatibility.pad([0, 0, 1, 1, 0, 2, 0, 0]).status(runtime) == .mapped)
      #expect(
        try Compatibility.pad([0, 0, 0, 0, 0, 0, 0, 2]).status(runtime)
          == (runtime < 13 ? .unspecifiedLimitation : .mapped))
    }
    var batch = Compatibility.pad([1, 0, 0, 0, 0, 0, 0, 0])
    #expect(try batch.status() == .unsupportedRank)
    // Only a shape that lies gets by the ranks.
    batch.tensors[1].shape = [1, 4, 4, 2]
    #expect(try batch.status() == .unspecifiedLimitation)
  }

  @Test("SQUEEZE removes leading axes alone before runtime 13")
  func squeeze() throws {
    for runtime in 12...14 {
      for (input, output, isLeading) in [
        ([1, 1, 10], [10], true), ([1, 5, 10], [5, 10], true), ([5, 1, 10], [5, 10], false),
      ] {
        let model = Compatibility.unary(.squeeze, input: input, output: output)
        #expect(try model.status(runtime) == (isLeading || runtime >= 13 ? .mapped : .unspecifiedLimitation))
      }
    }
  }

  @Test("PACK and SPLIT leave the batch alone")
  func batch() throws {
    #expect(try Compatibility.pack(axis: 3).status(13) == .mapped)
    #expect(try Compatibility.pack(axis: 0).status(13) == .unspecifiedLimitation)
    #expect(try Compatibility.split(axis: 3).status() == .mapped)
    #expect(try Compatibility.split(axis: -1).status() == .mapped)
    #expect(try Compatibility.split(axis: 0).status() == .unspecifiedLimitation)
  }

  @Test("STRIDED_SLICE has strides of 1, no ellipsis and no new axis; SLICE has no limit")
  func slices() throws {
    #expect(try Compatibility.stridedSlice().status() == .mapped)
    #expect(try Compatibility.stridedSlice(stride: 2).status() == .unspecifiedLimitation)
    #expect(try Compatibility.stridedSlice(ellipsis: 1).status() == .unspecifiedLimitation)
    #expect(try Compatibility.stridedSlice(newAxis: 1).status() == .unspecifiedLimitation)
    let slice = Compatibility.unary(
      .slice, input: [1, 4], output: [1, 2], integers: [([2], [0, 1]), ([2], [1, 2])])
    #expect(try slice.status(12) == .mapped)
  }

  @Test(
    "resized images are at most 16 times as long and below 8 MiB; centred pixels need runtime 14",
    arguments: [BuiltinOperator.resizeBilinear, .resizeNearestNeighbor])
  func resize(_ code: BuiltinOperator) throws {
    #expect(try Compatibility.resize(code, from: [1, 64, 64, 32], to: [1, 128, 128, 32]).status() == .mapped)
    #expect(
      try Compatibility.resize(code, from: [1, 256, 256, 32], to: [1, 512, 512, 32]).status() == .unspecifiedLimitation)
    #expect(try Compatibility.resize(code, from: [1, 1, 1, 8], to: [1, 16, 16, 8]).status() == .mapped)
    #expect(try Compatibility.resize(code, from: [1, 1, 1, 8], to: [1, 33, 33, 8]).status() == .unspecifiedLimitation)
    let centred = Compatibility.resize(code, from: [1, 4, 4, 2], to: [1, 8, 8, 2], version: 3)
    for runtime in 12...14 { #expect(try centred.status(runtime) == (runtime < 14 ? .versionNotSupported : .mapped)) }
    #expect(
      try Compatibility.resize(code, from: [1, 4, 4, 2], to: [1, 8, 8, 2], version: 4).status() == .versionNotSupported)
  }
}
