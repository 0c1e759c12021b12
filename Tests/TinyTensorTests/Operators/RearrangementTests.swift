import Testing

@testable import TinyTensor

/// Hand-checked results: a 2x3 matrix [[1,2,3],[4,5,6]] wherever no other input is given.
@Suite("Operators that rearrange data")
struct RearrangementTests {
  /// One operator on a matrix of bytes and constant lists of integers.
  private func test(
    _ code: BuiltinOperator, input: [Int] = [2, 3], _ lists: [[Int32]] = [], listShapes: [[Int]]? = nil,
    output: [Int], outputs: Int = 1, type: ElementType = .int8, options: (type: UInt8, table: FlatTable)? = nil,
    listsFirst: Bool = false
  ) -> TestModel {
    var test = TestModel()
    let scale: Float? = type == .int8 ? 1 : nil
    let source = test.input(input, type, scale: scale, zeroPoint: type == .int8 ? 7 : 0)
    var constants: [Int32] = []
    for (index, list) in lists.enumerated() {
      constants.append(test.constant("list \(index)", listShapes?[index] ?? [list.count], .int32, list))
    }
    var results: [Int32] = []
    for index in 0..<outputs {
      results.append(
        test.output("output \(index)", output, type, scale: scale, zeroPoint: type == .int8 ? 7 : 0))
    }
    test.add(code, listsFirst ? constants + [source] : [source] + constants, results, options: options)
    return test
  }

  private let matrix: [UInt8] = [1, 2, 3, 4, 5, 6]

  @Test("TRANSPOSE exchanges axes, up to rank 8")
  func transpose() throws {
    #expect(try test(.transpose, [[1, 0]], output: [3, 2]).run([matrix]) == [[1, 4, 2, 5, 3, 6]])
    #expect(try test(.transpose, [[-1, 0]], output: [3, 2]).run([matrix]) == [[1, 4, 2, 5, 3, 6]])
    // Only the axes of sizes 2 and 3 exchange places.
    let deep = test(
      .transpose, input: [1, 2, 1, 1, 1, 1, 3, 1], [[0, 6, 2, 3, 4, 5, 1, 7]], output: [1, 3, 1, 1, 1, 1, 2, 1])
    #expect(try deep.run([matrix]) == [[1, 4, 2, 5, 3, 6]])
    #expect(try Model(bytes: deep.bytes).outputs[0].shape == [1, 3, 1, 1, 1, 1, 2, 1])
  }

  @Test("elements of 2, 4 and 8 bytes move as a whole", arguments: [ElementType.int16, .float32, .int64])
  func widths(type: ElementType) throws {
    let width = (type.bitWidth ?? 0) / 8
    let test = test(.transpose, input: [2, 2], [[1, 0]], output: [2, 2], type: type)
    let input = (0..<UInt8(4 * width)).map { $0 }
    let elements = (0..<4).map { Array(input[($0 * width)..<(($0 + 1) * width)]) }
    #expect(try test.run([input]) == [elements[0] + elements[2] + elements[1] + elements[3]])
  }

  @Test("a permutation that changes nothing is a view")
  func identity() throws {
    let model = try Model(bytes: test(.transpose, [[0, 1]], output: [2, 3]).bytes)
    #expect(model.operators[0].isView)
  }

  @Test("TILE repeats the input")
  func tile() throws {
    #expect(
      try test(.tile, [[2, 2]], output: [4, 6]).run([matrix])
        == [[1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]])
    #expect(try test(.tile, [[0, 1]], output: [0, 3]).run([matrix]) == [[]])
  }

  @Test("BROADCAST_TO repeats axes of size 1 and missing ones")
  func broadcast() throws {
    #expect(
      try test(.broadcastTo, input: [2, 1], [[2, 2, 2]], output: [2, 2, 2]).run([[1, 2]])
        == [[1, 1, 2, 2, 1, 1, 2, 2]])
  }

  @Test("REVERSE_V2 runs axes backwards")
  func reverse() throws {
    #expect(try test(.reverseV2, [[1]], output: [2, 3]).run([matrix]) == [[3, 2, 1, 6, 5, 4]])
    #expect(try test(.reverseV2, [[-2, 1]], output: [2, 3]).run([matrix]) == [[6, 5, 4, 3, 2, 1]])
  }

  @Test("SPACE_TO_DEPTH and DEPTH_TO_SPACE undo each other")
  func blocks() throws {
    // A 2x4 image of one channel: blocks [1,2,5,6] and [3,4,7,8].
    let down = test(
      .spaceToDepth, input: [1, 2, 4, 1], output: [1, 1, 2, 4], options: (19, FlatTable([0: .int32(2)])))
    #expect(try down.run([[1, 2, 3, 4, 5, 6, 7, 8]]) == [[1, 2, 5, 6, 3, 4, 7, 8]])
    let up = test(
      .depthToSpace, input: [1, 1, 2, 4], output: [1, 2, 4, 1], options: (94, FlatTable([0: .int32(2)])))
    #expect(try up.run([[1, 2, 5, 6, 3, 4, 7, 8]]) == [[1, 2, 3, 4, 5, 6, 7, 8]])
  }

  @Test("SPACE_TO_BATCH_ND pads with the zero point; BATCH_TO_SPACE_ND crops")
  func batches() throws {
    // The row [1,2,3] with one element 7 in front, cut in blocks of 2: [7,2] and [1,3].
    let split = test(
      .spaceToBatchND, input: [1, 3, 1], [[2], [1, 0]], listShapes: [[1], [1, 2]], output: [2, 2, 1])
    #expect(try split.run([[1, 2, 3]]) == [[7, 2, 1, 3]])
    let joined = test(
      .batchToSpaceND, input: [2, 2, 1], [[2], [1, 0]], listShapes: [[1], [1, 2]], output: [1, 3, 1])
    #expect(try joined.run([[7, 2, 1, 3]]) == [[1, 2, 3]])
    // Without borders, over two axes: batches are the positions of a 2x2 block, row by row.
    let plain = test(
      .spaceToBatchND, input: [1, 2, 2, 1], [[2, 2], [0, 0, 0, 0]], listShapes: [[2], [2, 2]], output: [4, 1, 1, 1])
    #expect(try plain.run([[1, 2, 3, 4]]) == [[1, 2, 3, 4]])
  }

  @Test("SLICE takes a part; the size -1 takes the rest")
  func slice() throws {
    #expect(try test(.slice, [[0, 1], [2, -1]], output: [2, 2]).run([matrix]) == [[2, 3, 5, 6]])
    #expect(try test(.slice, [[1, 3], [1, 0]], output: [1, 0]).run([matrix]) == [[]])
  }

  private func strided(
    _ begin: [Int32], _ end: [Int32], _ strides: [Int32], input: [Int] = [2, 3], output: [Int], beginMask: Int32 = 0,
    endMask: Int32 = 0, ellipsis: Int32 = 0, newAxis: Int32 = 0, shrink: Int32 = 0, offset: Bool = false
  ) -> TestModel {
    test(
      .stridedSlice, input: input, [begin, end, strides], output: output,
      options: (
        32,
        FlatTable([
          0: .int32(beginMask), 1: .int32(endMask), 2: .int32(ellipsis), 3: .int32(newAxis), 4: .int32(shrink),
          5: .bool(offset),
        ])
      ))
  }

  @Test("STRIDED_SLICE follows Python's rules")
  func stridedSlice() throws {
    // x[:, ::-2]
    let backwards = strided([0, 0], [2, 0], [1, -2], output: [2, 2], beginMask: 2, endMask: 2)
    #expect(try backwards.run([matrix]) == [[3, 1, 6, 4]])
    // x[-1, 0:9]
    let clamped = strided([-1, 0], [0, 9], [1, 1], output: [3], shrink: 1)
    #expect(try clamped.run([matrix]) == [[4, 5, 6]])
    #expect(try Model(bytes: clamped.bytes).outputs[0].shape == [3])
    // x[..., None, 1:2]
    let masks = strided([0, 0, 1], [0, 0, 2], [1, 1, 1], output: [2, 1, 1], ellipsis: 1, newAxis: 2)
    #expect(try masks.run([matrix]) == [[2, 5]])
    #expect(try Model(bytes: masks.bytes).outputs[0].shape == [2, 1, 1])
    // The end counts from the begin: x[0:1, 1:3].
    let offset = strided([0, 1], [1, 2], [1, 1], output: [1, 2], offset: true)
    #expect(try offset.run([matrix]) == [[2, 3]])
    // x[2:1] is empty, x[1:] without an entry for the last axis.
    #expect(try strided([2], [1], [1], output: [0, 3]).run([matrix]) == [[]])
    #expect(try strided([1], [2], [1], output: [1, 3]).run([matrix]) == [[4, 5, 6]])
    // The lowest integers are clamped, too.
    #expect(try strided([.min, .min], [.max, .max], [1, 2], output: [2, 2]).run([matrix]) == [[1, 3, 4, 6]])
    // An ellipsis may stand for no axis: x[0:1, ..., 0:1].
    let empty = strided([0, 0, 0], [1, 0, 1], [1, 1, 1], output: [1, 1], ellipsis: 2)
    #expect(try empty.run([matrix]) == [[1]])
  }

  @Test("SPLIT and SPLIT_V cut along an axis")
  func split() throws {
    let equal = test(
      .split, [[-1]], listShapes: [[]], output: [2, 1], outputs: 3, options: (35, FlatTable([0: .int32(3)])),
      listsFirst: true)
    #expect(try equal.run([matrix]) == [[1, 4], [2, 5], [3, 6]])
    let listed = test(
      .splitV, [[1, -1], [1]], listShapes: [[2], []], output: [2, 1], outputs: 2,
      options: (79, FlatTable([0: .int32(2)])))
    #expect(try listed.run([matrix]) == [[1, 4], [2, 3, 5, 6]])
  }

  @Test("UNPACK and PACK remove and add an axis")
  func pack() throws {
    let unpacked = test(
      .unpack, output: [2], outputs: 3, options: (64, FlatTable([0: .int32(3), 1: .int32(1)])))
    #expect(try unpacked.run([matrix]) == [[1, 4], [2, 5], [3, 6]])
    #expect(try Model(bytes: unpacked.bytes).outputs[0].shape == [2])
    var test = TestModel()
    let first = test.input("first", [2], .int8, scale: 1)
    let second = test.input("second", [2], .int8, scale: 1)
    let output = test.output([2, 2], .int8, scale: 1)
    test.add(.pack, [first, second], [output], options: (59, FlatTable([0: .int32(2), 1: .int32(-1)])))
    #expect(try test.run([[1, 2], [3, 4]]) == [[1, 3, 2, 4]])
  }

  @Test("EXPAND_DIMS is a view")
  func expand() throws {
    let model = try Model(bytes: test(.expandDims, [[-1]], output: [2, 3, 1]).bytes)
    #expect(model.operators[0].isView)
    #expect(model.outputs[0].shape == [2, 3, 1])
  }

  @Test("BITCAST moves bytes to elements of another width")
  func bitcast() throws {
    var test = TestModel()
    let input = test.input([2], .int16)
    let output = test.output([2, 2], .uint8)
    test.add(.bitcast, [input], [output])
    #expect(try test.run([[1, 2, 3, 4]]) == [[1, 2, 3, 4]])
    #expect(try Model(bytes: test.bytes).outputs[0].shape == [2, 2])
  }

  @Test("PADV2 pads with a value that may arrive in a run")
  func padValue() throws {
    var test = TestModel()
    let input = test.input([2], .int8, scale: 1, zeroPoint: 9)
    let paddings = test.constant("paddings", [1, 2], .int32, [Int32(1), 2])
    let value = test.input("value", [], .int8, scale: 1, zeroPoint: 9)
    let output = test.output([5], .int8, scale: 1, zeroPoint: 9)
    test.add(.padV2, [input, paddings, value], [output])
    #expect(try test.run([[1, 2], [5]]) == [[5, 1, 2, 5, 5]])
  }

  @Test("MIRROR_PAD reflects with and without the border")
  func mirror() throws {
    func mirrored(_ mode: Int8, _ paddings: [Int32]) -> TestModel {
      test(
        .mirrorPad, [paddings], listShapes: [[2, 2]], output: [2, 6], options: (77, FlatTable([0: .int8(mode)])))
    }
    // REFLECT: 3 2 [1 2 3] 2; SYMMETRIC: 2 1 [1 2 3] 3, and the second row again below itself.
    #expect(try mirrored(0, [0, 0, 2, 1]).run([matrix]) == [[3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5]])
    #expect(
      try mirrored(1, [0, 1, 2, 1]).run([matrix])
        == [[2, 1, 1, 2, 3, 3, 5, 4, 4, 5, 6, 6, 5, 4, 4, 5, 6, 6]])
  }

  @Test("REVERSE_SEQUENCE reverses the beginning of each sequence")
  func reverseSequence() throws {
    let test = test(
      .reverseSequence, [[2, 3]], output: [2, 3], options: (87, FlatTable([0: .int32(1), 1: .int32(0)])))
    #expect(try test.run([matrix]) == [[2, 1, 3, 6, 5, 4]])
  }

  @Test("MATRIX_DIAG and MATRIX_SET_DIAG write diagonals")
  func diagonals() throws {
    #expect(try test(.matrixDiag, input: [2], output: [2, 2]).run([[1, 2]]) == [[1, 0, 0, 2]])
    var set = TestModel()
    let input = set.input([2, 3], .int8)
    let diagonal = set.input("diagonal", [2], .int8)
    let output = set.output([2, 3], .int8)
    set.add(.matrixSetDiag, [input, diagonal], [output])
    #expect(try set.run([matrix, [8, 9]]) == [[8, 2, 3, 4, 9, 6]])
  }

  @Test("DYNAMIC_UPDATE_SLICE clamps its start so that the update fits")
  func updateSlice() throws {
    var test = TestModel()
    let input = test.input([2, 3], .int8)
    let update = test.input("update", [1, 2], .int8)
    let starts = test.input("starts", [2], .int32)
    let output = test.output([2, 3], .int8)
    test.add(.dynamicUpdateSlice, [input, update, starts], [output])
    #expect(try test.run([matrix, [8, 9], [1, 0, 0, 0, 0, 0, 0, 0]]) == [[1, 2, 3, 8, 9, 6]])
    // Starts 5 and -1: row 1 is the last one, column 0 the first.
    #expect(try test.run([matrix, [8, 9], [5, 0, 0, 0, 255, 255, 255, 255]]) == [[1, 2, 3, 8, 9, 6]])
    #expect(try test.run([matrix, [8, 9], [0, 0, 0, 0, 9, 0, 0, 0]]) == [[1, 8, 9, 4, 5, 6]])
  }
}
