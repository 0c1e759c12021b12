@testable import TinyTensor

/// A model of random operators, and what is known of its inputs and outputs.
struct RandomModel {
  /// The main graph first.
  var graphs: [TestModel]
  /// Where the elements of the main graph's inputs lie; `nil` for all values.
  var inputRanges: [ClosedRange<Double>?]
  /// Whether another implementation may round an output's numbers otherwise.
  var roundedOutputs: [Bool]
  /// Whether inputs take few values only.
  var isCoarse: Bool

  var bytes: [UInt8] { TestModel.file(graphs) }

  var operatorCount: Int { graphs.reduce(0) { $0 + $1.operators.count } }

  /// Inputs for a run, which follow from a seed.
  func inputs(seed: UInt64) -> [[UInt8]] {
    var random = SeededRandom(seed ^ 0x5bd1_e995, isCoarse: isCoarse)
    let main = graphs[0]
    return main.inputs.enumerated().map { place, index in
      let tensor = main.tensors[Int(index)]
      // A mutant's may have no size, and more inputs.
      var count = 1
      for size in tensor.shape { count = size < 0 ? 0 : min(count * Int(size), 1 << 20) }
      return random.bytes(tensor.type, count: count, in: place < inputRanges.count ? inputRanges[place] : nil)
    }
  }

  /// Graphs that the main one, or one that it calls, calls; and the main one.
  var reachedGraphs: Set<Int> {
    var reached: Set<Int> = []
    var open = [0]
    while let number = open.popLast() {
      guard reached.insert(number).inserted else { continue }
      for operation in graphs[number].operators {
        switch operation.code {
        case .call, .callOnce, .if, .while:
          for field in (operation.options?.table.fields ?? [:]).values {
            switch field {
            case .int32(let index): open.append(Int(index))
            case .uint32(let index): open.append(Int(index))
            default: break
            }
          }
        default: break
        }
      }
    }
    return reached
  }

  // MARK: Listing

  /// The model as text: a line for each operator.
  var listing: String {
    var lines: [String] = []
    let reached = reachedGraphs
    for (number, graph) in graphs.enumerated() where reached.contains(number) {
      if graphs.count > 1 { lines.append("graph \(number)") }
      func describe(_ index: Int32) -> String { index < 0 ? "-" : graph.describe(Int(index)) }
      lines.append("  inputs   " + graph.inputs.map(describe).joined(separator: ", "))
      for (index, operation) in graph.operators.enumerated() {
        let fields = operation.options?.table.fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } ?? []
        lines.append(
          "  \(index)  \(operation.code.name) (" + operation.inputs.map(describe).joined(separator: ", ") + ") -> "
            + operation.outputs.map(describe).joined(separator: ", ")
            + (fields.isEmpty ? "" : "  {\(fields.joined(separator: ", "))}"))
      }
      lines.append("  outputs  " + graph.outputs.map { "t\($0)" }.joined(separator: ", "))
    }
    return lines.joined(separator: "\n")
  }
}

extension TestModel {
  /// A tensor's number, type, shape and quantization, and its elements if they are a few integers.
  fileprivate func describe(_ index: Int) -> String {
    let tensor = tensors[index]
    var text = "t\(index) \(tensor.type)\(tensor.shape)"
    if let scales = tensor.scales {
      text += scales.count == 1 ? " x\(scales[0])\(tensor.zeroPoints.first.map { "-\($0)" } ?? "")" : " per channel"
    }
    if tensor.isVariable { text += " variable" }
    guard let data = tensor.data else { return text }
    if tensor.type == .int32, data.count <= 64 { return "\(text) = \(integers(data, as: Int32.self))" }
    return text + " constant"
  }
}
