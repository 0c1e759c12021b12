import Testing

@testable import TinyTensor

@Suite("Division between Edge TPU and CPU")
struct CompatibilityPartitionTests {
  /// Input -> RELU -> EXP -> RELU -> output, and RELU of the input as a second output, last in the file.
  private func branched() -> TestModel {
    var model = TestModel()
    let input = model.input([1, 4], .int8, scale: 0.5)
    let one = model.tensor("one", [1, 4], .int8, scale: 0.5)
    let two = model.tensor("two", [1, 4], .int8, scale: 0.5)
    let first = model.output("first", [1, 4], .int8, scale: 0.5)
    let second = model.output("second", [1, 4], .int8, scale: 0.5)
    model.add(.relu, [input], [one])
    model.add(.exp, [one], [two])
    model.add(.relu, [two], [first])
    model.add(.relu, [input], [second])
    return model
  }

  @Test("what depends on an operator that stays stays too, and a branch beside it is mapped")
  func dependence() throws {
    let result = try branched().compatibility()
    #expect(result.operators.map(\.status) == [.mapped, .notSupported, .moreThanOneSubgraph, .mapped])
    #expect(result.firstBlocker == 1)
    #expect(result.mappedCount == 2)
    #expect(!result.mapsWhole)
    #expect(result.obstacle == nil)
    let follower = result.operators[2]
    #expect(follower.reason.contains("the first is 1"))
    #expect(follower.advice == "have operator 1 mapped")
  }

  @Test("float ends run on the CPU and keep nothing else there")
  func floatEnds() throws {
    var model = TestModel()
    let input = model.input([1, 4], .float32)
    let stored = model.tensor("stored", [1, 4], .int8, scale: 0.5)
    let result = model.tensor("result", [1, 4], .int8, scale: 0.5)
    let output = model.output([1, 4], .float32)
    model.add(.quantize, [input], [stored])
    model.add(.relu, [stored], [result])
    model.add(.dequantize, [result], [output])
    let whole = try model.compatibility(12)
    #expect(whole.operators.map(\.status) == [.unsupportedType, .mapped, .unsupportedType])
    #expect(whole.operators.map(\.role) == [.floatEnd, .inner, .floatEnd])
    #expect(whole.mapsWhole)
    #expect(whole.firstBlocker == nil)

    // In the middle they are operators like any other.
    model.operators.removeAll()
    let middle = model.tensor("middle", [1, 4], .float32)
    let again = model.tensor("again", [1, 4], .int8, scale: 0.5)
    model.add(.quantize, [input], [stored])
    model.add(.dequantize, [stored], [middle])
    model.add(.quantize, [middle], [again])
    model.add(.relu, [again], [result])
    model.add(.dequantize, [result], [output])
    let inner = try model.compatibility()
    #expect(
      inner.operators.map(\.status) == [
        .unsupportedType, .notSupported, .unsupportedType, .moreThanOneSubgraph, .unsupportedType,
      ])
    #expect(inner.firstBlocker == 1)
    #expect(!inner.mapsWhole)
  }

  @Test("a conversion of 8-bit inputs is mapped from runtime 13 on, and before keeps nothing else on the CPU")
  func conversions() throws {
    var model = TestModel()
    let input = model.input([1, 4], .uint8, scale: 0.5)
    let stored = model.tensor("stored", [1, 4], .int8, scale: 0.5)
    let output = model.output([1, 4], .int8, scale: 0.5)
    model.add(.quantize, [input], [stored])
    model.add(.relu, [stored], [output])
    #expect(try model.compatibility(13).mapsWhole)
    let older = try model.compatibility(12)
    #expect(older.operators.map(\.status) == [.notSupported, .mapped])
    #expect(older.operators[0].role == .inputConversion)
    #expect(older.firstBlocker == nil)
    #expect(!older.mapsWhole)
  }

  @Test("a float model is told to quantize, and one with free sizes to fix them")
  func obstacles() throws {
    let real = try TestModel.unary(.relu, .float32, input: [1, 4], output: [1, 4]).compatibility()
    // The test's tensors have scales, which do not make float32 quantized.
    #expect(real.obstacle == .notQuantized)
    #expect(real.operators.map(\.status) == [.unsupportedType])
    #expect(!real.mapsWhole)

    var free = TestModel.chain(2)
    free.tensors[0].shapeSignature = [-1, 4]
    let result = try free.compatibility()
    #expect(result.obstacle == .sizeNotFixed(tensor: "input"))
    // What becomes of the operators is told all the same, for the sizes that stand in the file.
    #expect(result.mappedCount == 2)
    #expect(result.firstBlocker == nil)
    #expect(!result.mapsWhole)
    free.tensors[0].shapeSignature = [1, 4]
    #expect(try free.compatibility().mapsWhole)
  }

  @Test("a compiled model is told so, with the operators that were left on the CPU")
  func compiled() throws {
    var model = TestModel.chain(3)
    model.operators[0].code = .custom
    model.operators[0].customName = "edgetpu-custom-op"
    let result = try model.compatibility()
    #expect(result.obstacle == .alreadyCompiled)
    #expect(result.operators.map(\.role) == [.compiled, .inner, .inner])
    #expect(result.firstBlocker == 1)
    #expect(!result.mapsWhole)
    model.operators.removeLast(2)
    #expect(try model.compatibility().mapsWhole)
  }

  @Test("the memory is that of mapped weights and biases, each counted once, and what exceeds 8 MiB is streamed")
  func memory() throws {
    var model = TestModel.convolution()
    // 24 weights of a byte and 3 biases of 4 bytes.
    #expect(try model.compatibility().parameterByteCount == 36)
    model.add(.conv2D, model.operators[0].inputs, [model.output("again", [1, 4, 4, 3], .int8, scale: 0.1)])
    #expect(try model.compatibility().parameterByteCount == 36)
    #expect(try model.compatibility(11).parameterByteCount == 0)

    let size = EdgeTPUCompatibility.parameterMemoryByteCount + 5
    model.tensors[1].data = [UInt8](repeating: 1, count: size)
    let large = try model.compatibility()
    #expect(large.cachedParameterByteCount == size - 5)
    #expect(large.streamedParameterByteCount == 17)
  }

  @Test("runtimes outside the known ones are taken for the nearest")
  func runtimes() throws {
    #expect(try TestModel.chain(1).compatibility(-1).runtimeVersion == 10)
    #expect(try TestModel.chain(1).compatibility(99).runtimeVersion == 14)
  }

  @Test("indices of tensors and codes that do not exist are errors")
  func indices() throws {
    for edit in [
      { (model: inout TestModel) in model.operators[0].inputs[0] = 99 },
      { $0.operators[0].inputs[0] = -2 }, { $0.operators[0].outputs[0] = -1 }, { $0.operators[0].codeIndex = 7 },
      { $0.inputs = [99] }, { $0.outputs = [-1] },
    ] {
      var model = TestModel.chain(1)
      edit(&model)
      #expect { try model.compatibility() } throws: { ($0 as? ModelError)?.code == .invalidGraph }
    }
    var model = TestModel.convolution()
    model.operators[0].options = Options.softmax()
    #expect { try model.compatibility() } throws: { ($0 as? ModelError)?.code == .invalidOperator }
  }

  @Test("operators without operands are a value")
  func nothing() throws {
    for rule in CompatibilityRule.all {
      var model = TestModel.chain(1)
      model.operators[0] = .init(code: rule.code, inputs: [], outputs: [])
      _ = try model.compatibility()
    }
    var model = TestModel.chain(1)
    model.operators = []
    #expect(try !model.compatibility().mapsWhole)
  }

  @Test("every byte of small models, set to other values, gives a value or a typed error")
  func hostileBytes() throws {
    for model in [
      TestModel.convolution(), Compatibility.stridedSlice(), Compatibility.reduction(.mean, [1, 2]),
      Compatibility.concatenation(inputs: 1, constant: 0), branched(),
    ] {
      let bytes = model.bytes
      var values = 0
      for index in bytes.indices {
        for mask: UInt8 in [0xFF, 0x80, 0x01] {
          var changed = bytes
          changed[index] ^= mask
          do throws(ModelError) {
            _ = try ModelFile(bytes: changed).edgeTPUCompatibility(runtimeVersion: 12)
            values += 1
          } catch {
            #expect(!error.message.isEmpty)
          }
        }
      }
      #expect(values > 0)
    }
  }
}
