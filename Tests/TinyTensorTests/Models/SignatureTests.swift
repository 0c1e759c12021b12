import Testing

@testable import TinyTensor

/// Which inputs and outputs a model has, in which order, where its signatures do not say it, or say what is not so.
@Suite("Signatures")
struct SignatureTests {
  /// `d = a - b`, then `c = -d`; inputs a, b and output c.
  private static func model(_ signatures: [FlatTable]) -> TestModel {
    var test = TestModel()
    let left = test.input("a", [2], .float32)
    let right = test.input("b", [2], .float32)
    let inner = test.tensor("d", [2], .float32)
    let output = test.output("c", [2], .float32)
    test.add(.sub, [left, right], [inner])
    test.add(.neg, [inner], [output])
    test.signatures = signatures
    return test
  }

  private static func signature(
    _ key: String, inputs: [(String, Int)] = [("y", 1), ("x", 0)], outputs: [(String, Int)] = [("z", 3)]
  ) -> FlatTable {
    func maps(_ places: [(String, Int)]) -> FlatValue {
      .tables(places.map { FlatTable([0: .string($0.0), 1: .uint32(UInt32($0.1))]) })
    }
    return FlatTable([0: maps(inputs), 1: maps(outputs), 2: .string(key)])
  }

  private static let inputs = [bytes([5, 7] as [Float]), bytes([1, 2] as [Float])]

  @Test("of several signatures without a default, the subgraph's own order holds")
  func severalSignatures() throws {
    let test = Self.model([Self.signature("one"), Self.signature("two")])
    let model = try Model(bytes: test.bytes)
    #expect(model.signature == nil && model.file.defaultSignature == nil)
    #expect(model.inputs.map(\.name) == ["a", "b"] && model.outputs.map(\.name) == ["c"])
    #expect(floats(try test.run(Self.inputs)[0]) == [-4, -5])
    // One that is asked for has an order of its own.
    let one = try Model(bytes: test.bytes, options: ModelOptions(signature: "one"))
    #expect(one.inputs.map(\.name) == ["y", "x"])
    #expect(floats(try test.run(Self.inputs, options: ModelOptions(signature: "one"))[0]) == [4, 5])
    #expect(try ModelFile(bytes: test.bytes).misfits == [nil, nil])
  }

  @Test(
    "a stale default gives way to the subgraph's own inputs and outputs, under its names where it has some",
    arguments: [
      (signature("serving_default", outputs: [("z", 2)]), ["x", "y"], "c", "its output \"z\" is tensor 2"),
      (signature("serving_default", outputs: []), ["x", "y"], "c", "it names none of the outputs"),
      (signature("serving_default", inputs: [("x", 0), ("y", 2)]), ["x", "b"], "z", "its input \"y\" is tensor 2"),
      (signature("only", inputs: [("x", 0)]), ["x", "b"], "z", "it leaves out input 1"),
      (signature("only", inputs: [("x", 0), ("y", 0), ("w", 1)]), ["x", "w"], "z", "it names input 0"),
    ])
  func stale(_ signature: FlatTable, _ inputs: [String], _ output: String, _ misfit: String) throws {
    let test = Self.model([signature])
    let model = try Model(bytes: test.bytes)
    #expect(model.signature == nil)
    #expect(model.inputs.map(\.name) == inputs && model.outputs.map(\.name) == [output])
    #expect(model.inputs.map(\.tensor) == [0, 1] && model.outputs.map(\.tensor) == [3])
    #expect(floats(try test.run(Self.inputs)[0]) == [-4, -5])
    #expect(try ModelFile(bytes: test.bytes).misfits[0]?.hasPrefix(misfit) == true)
  }

  @Test("a stale signature that is asked for runs if its inputs are the subgraph's")
  func staleByName() throws {
    var options = ModelOptions(signature: "serving_default")
    let inner = Self.model([Self.signature("serving_default", outputs: [("z", 2)])])
    #expect(floats(try inner.run(Self.inputs, options: options)[0]) == [-4, -5])
    #expect(try Model(bytes: inner.bytes, options: options).outputs.map(\.tensor) == [2])
    let nameless = Self.model([Self.signature("serving_default", outputs: [])])
    #expect(try Model(bytes: nameless.bytes, options: options).outputs.map(\.name) == ["c"])
    options.signature = "old"
    let error = Self.model([Self.signature("old", inputs: [("x", 0)])]).loadError(options: options)
    #expect(error?.code == .invalidGraph)
    #expect(error?.message.contains("signature old is stale: it leaves out input 1 of subgraph 0") == true)
  }

  @Test("a signature that leads outside the file is an error")
  func outside() throws {
    #expect(Self.model([Self.signature("serving_default", outputs: [("z", 9)])]).loadError()?.code == .invalidGraph)
    var elsewhere = Self.signature("serving_default")
    elsewhere[4] = .uint32(7)
    #expect(Self.model([elsewhere]).loadError()?.message.contains("subgraph 7 of 1") == true)
  }
}
