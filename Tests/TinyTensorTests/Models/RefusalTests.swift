import Foundation
import Testing

@testable import TinyTensor

/// A change that makes a model wrong, and the error that it then ends with.
struct RefusalCase: CustomTestStringConvertible, Sendable {
  let what: String
  let code: ModelError.Code
  let change: @Sendable (inout TestModel) -> Void

  init(_ what: String, _ code: ModelError.Code, _ change: @escaping @Sendable (inout TestModel) -> Void) {
    self.what = what
    self.code = code
    self.change = change
  }

  var testDescription: String { what }
}

extension RefusalCase {
  /// Changes to ``TestModel/convolution()``: tensors are input, filter, bias, output.
  static let convolution: [RefusalCase] = [
    RefusalCase("version 2", .unsupportedFile) { $0.version = 2 },
    RefusalCase("no subgraphs", .invalidGraph) { $0.edit = { $0[2] = .tables([]) } },
    RefusalCase("subgraphs missing", .invalidGraph) { $0.edit = { $0[2] = nil } },
    RefusalCase("buffers missing", .invalidGraph) { $0.edit = { $0[4] = nil } },
    RefusalCase("operator codes missing", .invalidGraph) { $0.edit = { $0[1] = nil } },
    RefusalCase("operator code out of range", .invalidGraph) { $0.operators[0].codeIndex = 9 },
    RefusalCase("buffer out of range", .invalidGraph) { $0.tensors[1].buffer = 99 },
    RefusalCase("buffer far out of range", .invalidGraph) { $0.tensors[1].buffer = .max },
    RefusalCase("input index out of range", .invalidGraph) { $0.operators[0].inputs[0] = 4 },
    RefusalCase("input index negative", .invalidGraph) { $0.operators[0].inputs[0] = -2 },
    RefusalCase("input left out", .invalidOperator) { $0.operators[0].inputs[0] = -1 },
    RefusalCase("output left out", .invalidGraph) { $0.operators[0].outputs[0] = -1 },
    RefusalCase("graph input out of range", .invalidGraph) { $0.inputs[0] = .max },
    RefusalCase("graph output out of range", .invalidGraph) { $0.outputs[0] = .min },
    RefusalCase("graph input twice", .invalidGraph) { $0.inputs.append($0.inputs[0]) },
    RefusalCase("graph input constant", .invalidGraph) { $0.inputs.append(1) },
    RefusalCase("no operator inputs", .invalidOperator) { $0.operators[0].inputs = [] },
    RefusalCase("too many operator inputs", .invalidOperator) { $0.operators[0].inputs += [2, 2] },
    RefusalCase("no operator outputs", .invalidOperator) { $0.operators[0].outputs = [] },
    RefusalCase("unknown operator", .unsupportedOperator) { $0.operators[0].code = BuiltinOperator(rawValue: 5000) },
    RefusalCase("negative operator", .unsupportedOperator) { $0.operators[0].code = BuiltinOperator(rawValue: -5) },
    RefusalCase("custom operator without a name", .unsupportedOperator) { $0.operators[0].code = .custom },
    RefusalCase("unknown custom operator", .unsupportedOperator) {
      $0.operators[0].code = .custom
      $0.operators[0].customName = "NoSuchOperator"
    },
    RefusalCase("operator compiled for another device", .wrongDevice) {
      $0.operators[0].code = .custom
      $0.operators[0].customName = "edgetpu-custom-op"
    },
    RefusalCase("newer version", .unsupportedOperator) { $0.operators[0].version = 99 },
    RefusalCase("options missing", .invalidOperator) { $0.operators[0].options = nil },
    RefusalCase("options of another operator", .invalidOperator) { $0.operators[0].options = Options.softmax() },
    RefusalCase("filter with a negative size", .invalidOperator) { $0.tensors[1].shape[1] = -2 },
    RefusalCase("filter with a size of 0", .invalidOperator) { $0.tensors[1].shape[1] = 0 },
    RefusalCase("filter larger than its buffer", .invalidOperator) { $0.tensors[1].shape[0] = 4 },
    RefusalCase("filter larger than the address space", .invalidOperator) {
      $0.tensors[1].shape = [.max, .max, .max, .max]
    },
    RefusalCase("filter of 32-bit overflow", .invalidOperator) { $0.tensors[1].shape = [65536, 65536, 1, 2] },
    RefusalCase("filter of another rank", .invalidOperator) { $0.tensors[1].shape = [3, 4, 2] },
    RefusalCase("filter of 9 axes", .invalidOperator) { $0.tensors[1].shape = [3, 2, 2, 2, 1, 1, 1, 1, 1] },
    RefusalCase("input of another rank", .invalidOperator) { $0.tensors[0].shape = [4, 4, 2] },
    RefusalCase("input with a negative size", .invalidGraph) { $0.tensors[0].shape[1] = -4 },
    RefusalCase("input with a size of 0", .invalidOperator) { $0.tensors[0].shape[1] = 0 },
    RefusalCase("input too large", .tooLarge) { $0.tensors[0].shape = [1, 1 << 20, 1 << 20, 2] },
    RefusalCase("input channels", .invalidOperator) { $0.tensors[0].shape[3] = 7 },
    RefusalCase("output channels that are no multiple of the groups", .invalidOperator) { $0.tensors[0].shape[3] = 4 },
    RefusalCase("filter without data", .invalidGraph) { $0.tensors[1].buffer = 0 },
    RefusalCase("filter with too little data", .invalidOperator) { $0.tensors[1].data?.removeLast() },
    RefusalCase("bias with too little data", .invalidOperator) { $0.tensors[2].data?.removeLast() },
    RefusalCase("bias of another count", .invalidOperator) { $0.tensors[2].shape = [2] },
    RefusalCase("bias of another type", .invalidOperator) { $0.tensors[2].type = .int8 },
    RefusalCase("filter of another type", .invalidOperator) { $0.tensors[1].type = .uint8 },
    RefusalCase("input of type string", .unsupportedOperator) { $0.tensors[0].type = .string },
    RefusalCase("output of another type", .invalidOperator) { $0.tensors[3].type = .float32 },
    RefusalCase("output of an unknown type", .invalidOperator) { $0.tensors[3].type = ElementType(rawValue: 100) },
    RefusalCase("input without quantization", .invalidOperator) { $0.tensors[0].scales = nil },
    RefusalCase("input with an empty list of scales", .invalidOperator) { $0.tensors[0].scales = [] },
    RefusalCase("input with two scales", .invalidOperator) { $0.tensors[0].scales = [1, 1] },
    RefusalCase("input scale 0", .invalidOperator) { $0.tensors[0].scales = [0] },
    RefusalCase("input scale negative", .invalidOperator) { $0.tensors[0].scales = [-1] },
    RefusalCase("input scale not a number", .invalidOperator) { $0.tensors[0].scales = [.nan] },
    RefusalCase("output scale infinite", .invalidOperator) { $0.tensors[3].scales = [.infinity] },
    RefusalCase("weights without a positive scale", .invalidOperator) { $0.tensors[1].scales = [0, -1, 0] },
    RefusalCase("a channel's scale infinite", .invalidOperator) { $0.tensors[1].scales = [1, -.infinity, 1] },
    RefusalCase("zero point outside the type", .invalidOperator) { $0.tensors[0].zeroPoints = [128] },
    RefusalCase("zero point far outside the type", .invalidOperator) { $0.tensors[0].zeroPoints = [1 << 40] },
    RefusalCase("two scales for three channels", .invalidOperator) {
      $0.tensors[1].scales = [1, 1]
      $0.tensors[1].zeroPoints = [0, 0]
    },
    RefusalCase("fewer zero points than scales", .invalidOperator) { $0.tensors[1].zeroPoints = [0, 0] },
    RefusalCase("weights that are not symmetric", .invalidOperator) { $0.tensors[1].zeroPoints = [0, 1, 0] },
    RefusalCase("quantized axis negative", .invalidOperator) { $0.tensors[1].axis = -1 },
    RefusalCase("quantized axis out of range", .invalidOperator) { $0.tensors[1].axis = 9 },
    RefusalCase("quantized axis of another operand", .invalidOperator) { $0.tensors[1].axis = 3 },
    RefusalCase("blockwise quantization", .unsupportedFile) {
      $0.tensors[1].quantizationDetails = (2, FlatTable([0: .int32(1), 1: .int32(-1), 2: .int32(32)]))
    },
    RefusalCase("sparse weights without a description", .invalidGraph) { $0.tensors[1].sparsity = FlatTable() },
    RefusalCase("output that is a constant", .invalidGraph) { $0.operators[0].outputs = [1] },
    RefusalCase("output that is a graph input", .invalidGraph) { $0.operators[0].outputs = [0] },
    RefusalCase("variable with data", .invalidGraph) { $0.tensors[1].isVariable = true },
    RefusalCase("output written twice", .invalidGraph) { $0.operators.append($0.operators[0]) },
    RefusalCase("graph output that nothing writes", .invalidGraph) { $0.operators = [] },
  ]
}

/// Options of a window that cannot be.
struct WindowCase: CustomTestStringConvertible, Sendable {
  let what: String
  let options: @Sendable () -> (type: UInt8, table: FlatTable)

  init(_ what: String, _ options: @escaping @autoclosure @Sendable () -> (type: UInt8, table: FlatTable)) {
    self.what = what
    self.options = options
  }

  var testDescription: String { what }

  static let all = [
    WindowCase("stride 0", Options.convolution(strideHeight: 0)),
    WindowCase("stride -1", Options.convolution(strideWidth: -1)),
    WindowCase("stride 2^31 - 1", Options.convolution(strideHeight: .max)),
    WindowCase("dilation 0", Options.convolution(dilationHeight: 0)),
    WindowCase("dilation -2", Options.convolution(dilationWidth: -2)),
    WindowCase("dilation 2^31 - 1", Options.convolution(dilationHeight: .max)),
    WindowCase("padding 7", Options.convolution(padding: 7)),
    WindowCase("activation 77", Options.convolution(activation: 77)),
    WindowCase("activation -1", Options.convolution(activation: -1)),
    WindowCase("activation TANH", Options.convolution(activation: 4)),
    WindowCase("VALID window larger than the image", Options.convolution(padding: 1, dilationHeight: 9)),
  ]
}

/// What a loader must refuse, with the error that it gives.
@Suite("Refusals")
struct RefusalTests {
  @Test("a convolution is refused with the right code", arguments: RefusalCase.convolution)
  func convolution(change: RefusalCase) throws {
    var test = TestModel.convolution()
    #expect(test.loadError() == nil)
    change.change(&test)
    let error = try #require(test.loadError())
    #expect(error.code == change.code, "\(error)")
    #expect(!error.message.isEmpty)
  }

  @Test("a window that cannot be is refused", arguments: WindowCase.all)
  func windows(window: WindowCase) throws {
    var test = TestModel.convolution()
    test.operators[0].options = window.options()
    let error = try #require(test.loadError())
    #expect(error.code == .invalidOperator || error.code == .unsupportedOperator)
    #expect(error.operatorIndex == 0)
  }

  @Test("all unsupported operators are named in one error")
  func allUnsupported() throws {
    var test = TestModel.chain(4)
    test.operators[1].code = BuiltinOperator(rawValue: 136)
    test.operators[2].code = .custom
    test.operators[2].customName = "Strange"
    test.operators[3].version = 40
    let error = try #require(test.loadError())
    #expect(error.code == .unsupportedOperator)
    for part in ["HASHTABLE", "Strange", "RELU version 40"] { #expect(error.message.contains(part)) }
  }

  @Test("graphs that cannot run in order are refused")
  func graphs() throws {
    func error(_ edges: [(Int32, Int32)], output: Int32? = nil) -> ModelError.Code? {
      var test = TestModel()
      for index in 0..<6 { _ = test.tensor("\(index)", [1, 4], .int8, scale: 0.1) }
      test.inputs = [0]
      test.outputs = [output ?? edges.last?.1 ?? 0]
      for (read, written) in edges { test.add(.relu, [read], [written]) }
      return test.loadError()?.code
    }
    #expect(error([(0, 1), (1, 2)]) == nil)
    #expect(error([(0, 1), (1, 1)]) == .invalidGraph)
    #expect(error([(2, 1), (1, 2)]) == .invalidGraph)
    #expect(error([(0, 1), (0, 1)]) == .invalidGraph)
    #expect(error([(0, 1), (1, 0)]) == .invalidGraph)
    #expect(error([(3, 1)]) == .invalidGraph)
    #expect(error([(1, 2), (0, 1)]) == .invalidGraph)
    #expect(error([(0, 2)], output: 1) == .invalidGraph)
  }

  @Test("a long chain loads and runs without recursion, in memory for two")
  func longChain() throws {
    let test = TestModel.chain(5000)
    let model = try Model(bytes: test.bytes)
    #expect(model.arenaByteCount <= 4 * 64)
    #expect(try test.run([bits([1, -1, 2, -2])]) == [[1, 0, 2, 0]])
  }

  @Test("limits are kept")
  func limits() {
    var limits = ModelOptions.Limits()
    limits.operators = 3
    #expect(TestModel.chain(4).loadError(options: ModelOptions(limits: limits))?.code == .tooLarge)
    limits = ModelOptions.Limits()
    limits.tensorBytes = 3
    #expect(TestModel.chain(2).loadError(options: ModelOptions(limits: limits))?.code == .tooLarge)
    limits = ModelOptions.Limits()
    limits.arenaBytes = 100
    #expect(TestModel.chain(2).loadError(options: ModelOptions(limits: limits))?.code == .tooLarge)
  }

  @Test("files that are not models are refused with the place")
  func container() throws {
    func error(_ bytes: [UInt8]) -> ModelError? {
      do throws(ModelError) {
        _ = try Model(bytes: bytes)
        return nil
      } catch {
        return error
      }
    }
    let good = TestModel.convolution().bytes
    for bytes in [[], [1], Array(good[..<7]), [UInt8](repeating: 0, count: 4096), [UInt8](repeating: 255, count: 4096)]
    {
      #expect(error(bytes)?.code == .malformedFile)
    }
    var other = good
    other[7] = UInt8(ascii: "2")
    #expect(error(other)?.code == .malformedFile)
    #expect(error(other)?.byteOffset == 4)
    #expect(error(good + [1, 2, 3]) == nil)
  }

  @Test("what cannot be opened is refused with the reason")
  func files() throws {
    func error(_ path: String) -> ModelError? {
      do throws(ModelError) {
        _ = try Model(path: path)
        return nil
      } catch {
        return error
      }
    }
    #expect(error("/nonexistent/model.tflite")?.code == .fileNotReadable)
    #expect(error("/")?.code == .fileNotReadable)
    let empty = FileManager.default.temporaryDirectory.appendingPathComponent("empty-\(UUID().uuidString).tflite")
    try Data().write(to: empty)
    defer { try? FileManager.default.removeItem(at: empty) }
    #expect(error(empty.path)?.code == .malformedFile)
  }

  @Test(
    "files beside the repository are refused or run",
    .enabled(if: Fixtures.shared != nil, "skipped: there is no folder ../shared"))
  func shared() throws {
    struct Row: Decodable {
      let name: String
      let expect: String
    }
    let folder = try #require(Fixtures.shared).appendingPathComponent("malformed")
    let rows = try JSONDecoder().decode(
      [Row].self, from: Data(contentsOf: folder.appendingPathComponent("index.json")))
    #expect(rows.count == 533)
    for row in rows {
      do throws(ModelError) {
        let model = try Model(path: folder.appendingPathComponent(row.name + ".tflite").path)
        #expect(row.expect != "reject", "\(row.name) was accepted")
        var session = try model.makeSession()
        try? session.run()
      } catch {
        #expect(!error.message.isEmpty)
      }
    }
  }
}
