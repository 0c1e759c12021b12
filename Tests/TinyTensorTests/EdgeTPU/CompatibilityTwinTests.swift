import Foundation
import Testing

@testable import TinyTensor

/// Models that are there uncompiled and compiled: the compiled file shows which operators the compiler mapped.
@Suite(
  "Check against compiled twins",
  .enabled(if: Fixtures.shared != nil, "skipped: there is no folder ../shared"))
struct CompatibilityTwinTests {
  /// Operators that only the compiled file has were put behind it by hand: PoseNet's decoder.
  static let twins: [(model: String, compiled: String, added: [String])] = [
    ("cls_mobilenet_v1_025_128_uint8", "etpu_mobilenet_v1_025_128", []),
    ("cls_mobilenet_v2_100_224_uint8", "etpu_mobilenet_v2_100_224", []),
    ("pose_posenet_353_481_uint8", "etpu_posenet_353_481", ["PosenetDecoderOp"]),
    ("seg_deeplabv3_mnv2_dm05_uint8", "etpu_deeplabv3_dm05", []),
  ]

  private func file(_ path: String) throws -> ModelFile {
    let shared = try #require(Fixtures.shared)
    return try ModelFile(bytes: Fixtures.bytes(shared.appendingPathComponent(path)))
  }

  @Test("operators that would stay on the CPU are those that the compiler left there, one by one", arguments: twins)
  func operators(model: String, compiled: String, added: [String]) throws {
    let original = try file("models-real/\(model)/model.tflite")
    let compiled = try file("models-edgetpu/\(compiled).tflite")
    let result = try original.edgeTPUCompatibility()
    #expect(result.obstacle == nil)

    // The operators themselves, by what they are and by what they write: names of tensors were kept.
    func described(_ file: ModelFile, _ op: ModelFile.Operator) -> String {
      let outputs = op.outputs.map { tensor in
        let tensor = file.subgraphs[0].tensors[tensor]
        return "\(tensor.name) \(tensor.elementType) \(tensor.shape)"
      }
      return "\(file.name(of: op)) -> \(outputs)"
    }
    let expected = result.operators.filter { $0.status != .mapped }.map {
      described(original, original.subgraphs[0].operators[$0.index])
    }
    let left = compiled.subgraphs[0].operators.filter {
      let name = compiled.name(of: $0)
      return name != "edgetpu-custom-op" && !added.contains(name)
    }
    #expect(left.map { described(compiled, $0) } == expected)

    // What the compiled part gives is what the mapped operators give to the others and to the caller.
    let nodes = compiled.subgraphs[0].operators.filter { compiled.name(of: $0) == "edgetpu-custom-op" }
    #expect(nodes.count == 1)
    let given = Set(nodes[0].outputs.map { compiled.subgraphs[0].tensors[$0].shape })
    let graph = original.subgraphs[0]
    var needed = Set(graph.outputs)
    for op in result.operators where op.status != .mapped { needed.formUnion(graph.operators[op.index].inputs) }
    var mapped: Set<[Int]> = []
    for op in result.operators where op.status == .mapped {
      for tensor in graph.operators[op.index].outputs where needed.contains(tensor) {
        mapped.insert(graph.tensors[tensor].shape)
      }
    }
    #expect(given == mapped)

    // The compiled file answers the same when it is checked itself.
    let again = try compiled.edgeTPUCompatibility()
    #expect(again.obstacle == .alreadyCompiled)
    #expect(again.operators.count { $0.role != .compiled } == expected.count + added.count)

    // The estimate leaves out the compiler's padding and is no more than that.
    let package = try #require(try compiled.edgeTPUPackage(of: nodes[0]))
    #expect(result.parameterByteCount <= package.cachedParameterByteCount)
    #expect(Double(result.parameterByteCount) > 0.7 * Double(package.cachedParameterByteCount))
  }
}
