import Foundation
import Testing

@testable import TinyTensor

@Suite("What is in a file")
struct SchemaTests {
  @Test("a file opens whatever its operators and types are")
  func unknownOperators() throws {
    var test = TestModel.chain(2)
    test.operators[0].code = BuiltinOperator(rawValue: 4711)
    test.operators[1].code = .custom
    test.operators[1].customName = "Strange"
    test.operators[1].customOptions = [1, 2, 3]
    test.tensors[0].type = ElementType(rawValue: 99)
    let file = try ModelFile(bytes: test.bytes)
    #expect(file.subgraphs[0].operators.map { file.name(of: $0) } == ["UNKNOWN(4711)", "Strange"])
    #expect(file.subgraphs[0].tensors[0].elementType.name == "unknown(99)")
    let options = try #require(file.subgraphs[0].operators[1].customOptions)
    #expect(options.count == 3)
    #expect(file.description == "made by a test")
  }

  @Test("an old file has its operator in a byte, a new one in a word, the larger counts")
  func operatorCodes() throws {
    func code(byte: Int8, word: Int32?) throws -> BuiltinOperator {
      var test = TestModel.chain(1)
      test.edit = { model in
        var code = FlatTable([0: .int8(byte)])
        if let word { code[3] = .int32(word) }
        model[1] = .tables([code])
      }
      return try ModelFile(bytes: test.bytes).operatorCodes[0].builtin
    }
    #expect(try code(byte: 19, word: nil) == .relu)
    #expect(try code(byte: 127, word: 150).name == "GELU")
    #expect(try code(byte: 0, word: 114) == .quantize)
  }

  @Test("data behind the FlatBuffer is found by offset and size, and checked against the file")
  func appendedBuffers() throws {
    let test = TestModel.convolution()
    let plain = try test.run([[UInt8](repeating: 5, count: 32)])
    let data = try #require(test.tensors[1].data)
    func bytes(offset: Int, size: Int) -> [UInt8] {
      var changed = test
      changed.edit = { model in
        guard case .tables(var buffers)? = model[4] else { return }
        buffers[1] = FlatTable([1: .uint64(UInt64(offset)), 2: .uint64(UInt64(size))])
        model[4] = .tables(buffers)
      }
      return changed.bytes
    }
    let length = bytes(offset: 2, size: data.count).count
    let model = try Model(bytes: bytes(offset: length + 3, size: data.count) + [9, 9, 9] + data)
    var session = try model.makeSession()
    try session.setInput(model.input(at: 0), bytes: [UInt8](repeating: 5, count: 32).span)
    try session.run()
    #expect(try session.outputArray(model.output(at: 0)) == plain[0])
    #expect(throws: ModelError.self) { try ModelFile(bytes: bytes(offset: length + 3, size: data.count) + data) }
    #expect(throws: ModelError.self) { try ModelFile(bytes: bytes(offset: Int.max, size: Int.max)) }
  }

  @Test("shape signatures, variables, sparsity and other quantization schemes are seen")
  func tensors() throws {
    var test = TestModel.convolution()
    test.tensors[0].shapeSignature = [-1, 4, 4, 2]
    test.tensors[1].sparsity = FlatTable([
      0: .int32s([0, 1]), 1: .int32s([0]), 2: .tables([FlatTable([0: .int8(1)]), FlatTable()]),
    ])
    test.tensors[3].isVariable = true
    test.tensors[0].quantizationDetails = (
      2, FlatTable([0: .int32(7), 1: .int32(-1), 2: .int32(32)])
    )
    test.tensors[2].quantizationDetails = (9, FlatTable())
    let tensors = try ModelFile(bytes: test.bytes).subgraphs[0].tensors
    #expect(tensors[0].shapeSignature == [-1, 4, 4, 2])
    #expect(tensors[0].quantization?.details == .blockwise(scales: 7, zeroPoints: -1, blockSize: 32))
    #expect(tensors[1].sparsity?.traversalOrder == [0, 1])
    #expect(tensors[1].sparsity?.blockMap == [0])
    #expect(tensors[1].sparsity?.isSparse == [true, false])
    #expect(tensors[2].quantization?.details == .unknown(type: 9))
    #expect(tensors[3].isVariable)
    #expect(tensors[1].quantization?.scales == [0.01, 0.02, 0.03])
  }

  @Test("a custom quantization scheme is for information, and may have a type alone; others hold")
  func customScheme() throws {
    for isAlone in [true, false] {
      var test = TestModel.convolution()
      for index in test.tensors.indices {
        test.tensors[index].quantizationDetailsType = 1
        if !isAlone { test.tensors[index].quantizationDetails = (1, FlatTable([0: .bytes([1, 2, 3])])) }
      }
      let file = try ModelFile(bytes: test.bytes)
      #expect(file.subgraphs[0].tensors[1].quantization?.details == .custom(byteCount: isAlone ? 0 : 3))
      #expect(file.subgraphs[0].tensors[0].quantization?.scale != nil)
      #expect(test.loadError() == nil)
    }
    for type in [UInt8(2), 3, 9] {
      var test = TestModel.convolution()
      test.tensors[1].quantizationDetailsType = type
      #expect(try ModelFile(bytes: test.bytes).subgraphs[0].tensors[1].quantization?.details == .unknown(type: type))
      #expect(test.loadError()?.code == .unsupportedFile)
    }
  }

  @Test("the digit models name their signature, inputs and outputs")
  func digits() throws {
    let file = try ModelFile(path: Fixtures.folder.appendingPathComponent("models/mnist_cnn_int8.tflite").path)
    #expect(file.signatures.map(\.key) == ["serving_default"])
    #expect(file.signatures[0].inputs.map(\.name) == ["image"])
    #expect(file.signatures[0].outputs.map(\.name) == ["scores"])
  }

  @Test("types know their names and sizes")
  func elementTypes() {
    #expect(ElementType.int4.byteCount(of: 3) == 2)
    #expect(ElementType.int2.byteCount(of: 5) == 2)
    #expect(ElementType.float32.byteCount(of: 3) == 12)
    #expect(ElementType.string.byteCount(of: 3) == nil)
    #expect(ElementType.int64.byteCount(of: Int.max / 2) == nil)
    #expect(ElementType(rawValue: -3).bitWidth == nil)
    #expect(ElementType.float8E5M2.name == "float8_e5m2")
    for number in Int8(0)...22 { #expect(ElementType(rawValue: number).isKnown) }
    #expect(!ElementType(rawValue: 23).isKnown)
  }

  @Test("the list of operators is the schema's")
  func builtinOperators() {
    #expect(BuiltinOperator.all.count == 210)
    #expect(BuiltinOperator(rawValue: 126).name == "BATCH_MATMUL")
    #expect(BuiltinOperator(rawValue: 209).name == "STABLEHLO_CASE")
    #expect(!BuiltinOperator(rawValue: 210).isKnown)
    let names: [(BuiltinOperator, String)] = [
      (.add, "ADD"), (.averagePool2D, "AVERAGE_POOL_2D"), (.concatenation, "CONCATENATION"), (.conv2D, "CONV_2D"),
      (.depthwiseConv2D, "DEPTHWISE_CONV_2D"), (.dequantize, "DEQUANTIZE"), (.fullyConnected, "FULLY_CONNECTED"),
      (.logistic, "LOGISTIC"), (.maxPool2D, "MAX_POOL_2D"), (.mul, "MUL"), (.relu, "RELU"), (.relu6, "RELU6"),
      (.reshape, "RESHAPE"), (.softmax, "SOFTMAX"), (.custom, "CUSTOM"), (.pad, "PAD"), (.mean, "MEAN"),
      (.squeeze, "SQUEEZE"), (.quantize, "QUANTIZE"),
    ]
    for (code, name) in names { #expect(code.name == name) }
    #expect(Set(OperatorEntry.all.map(\.name)).count == OperatorEntry.all.count)
  }

  @Test("real and stored numbers convert by the formula, half away from zero")
  func quantization() {
    let quantization = Quantization(scale: 0.5, zeroPoint: 3)
    #expect(quantization.real(5) == 1)
    #expect(quantization.quantized(0.25, as: Int8.self) == 4)
    #expect(quantization.quantized(-0.25, as: Int8.self) == 2)
    #expect(quantization.quantized(1e9, as: Int8.self) == 127)
    #expect(quantization.quantized(-Float.infinity, as: UInt8.self) == 0)
    #expect(quantization.quantized(Float.nan, as: UInt8.self) == 3)
    #expect(Quantization(scale: 1, zeroPoint: .max).quantized(1e30, as: Int64.self) == .max)
    #expect(Quantization(scales: [1, 2], zeroPoints: [0, 0]).real(1) == nil)
  }

  @Test("operators are divided among devices: an accelerator takes what it claims, the CPU the rest")
  func partition() {
    func code(_ name: String?) -> ModelFile.OperatorCode {
      .init(builtin: name == nil ? .relu : .custom, customName: name, version: 1)
    }
    let codes = [code(nil), code("fast"), code("fast"), code("slow"), code("fast")]
    let partition = Partition(codes) { $0.customName == "fast" }
    #expect(
      partition.segments == [
        .init(owner: .cpu, operators: 0..<1), .init(owner: .accelerator, operators: 1..<3),
        .init(owner: .cpu, operators: 3..<4), .init(owner: .accelerator, operators: 4..<5),
      ])
    #expect(Partition([], claims: { _ in true }).segments.isEmpty)
    #expect(Partition(codes, claims: Device.cpu.claims).segments == [.init(owner: .cpu, operators: 0..<5)])
  }
}
