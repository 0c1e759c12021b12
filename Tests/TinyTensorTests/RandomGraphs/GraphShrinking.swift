@testable import TinyTensor

// Makes a graph with a fault as small as it goes, while the fault stays.

extension RandomModel {
  /// The smallest graph that is found by leaving out outputs and operators, having operators read inputs in place of what
  /// others compute, and making axes shorter.
  ///
  /// - Parameter isFaulty: whether a graph still has the fault.
  func shrunk(where isFaulty: (RandomModel) -> Bool) -> RandomModel {
    var best = self
    var isSmaller = true
    var attempts = 0
    while isSmaller, attempts < 4000 {
      isSmaller = false
      for change in best.changes() {
        attempts += 1
        guard let candidate = change(best), candidate != best, isFaulty(candidate) else { continue }
        best = candidate
        isSmaller = true
        // Indices of other changes may be those of operators that are gone: they are listed again.
        break
      }
    }
    return best.tidied()
  }

  private typealias Change = (RandomModel) -> RandomModel?

  private func changes() -> [Change] {
    var changes: [Change] = []
    let main = graphs[0]
    for index in main.operators.indices {
      for place in main.operators[index].outputs.indices { changes.append { $0.ending(after: index, place) } }
    }
    if main.outputs.count > 1 {
      for place in main.outputs.indices { changes.append { $0.keepingOutput(place) } }
      for place in main.outputs.indices { changes.append { $0.removingOutput(place) } }
    }
    for graph in graphs.indices {
      for index in graphs[graph].operators.indices.reversed() {
        changes.append { $0.removingOperator(index, in: graph) }
        for place in graphs[graph].operators[index].inputs.indices {
          changes.append { $0.bypassing(index, in: graph, by: place) }
        }
      }
    }
    var sizes = Set<Int32>()
    for graph in graphs { for tensor in graph.tensors { sizes.formUnion(tensor.shape.filter { $0 > 1 }) } }
    for size in sizes.sorted(by: >) {
      for smaller in Set([1, 2, size / 2, size - 1]).sorted() where smaller > 0 && smaller < size {
        changes.append { $0.replacingSize(size, by: smaller) }
      }
    }
    return changes
  }

  /// Gives what an operator writes in place of all outputs.
  private func ending(after index: Int, _ place: Int) -> RandomModel? {
    let output = graphs[0].operators[index].outputs[place]
    guard graphs[0].outputs != [output], graphs[0].tensors[Int(output)].type != .resource else { return nil }
    var model = self
    model.graphs[0].outputs = [output]
    return model.withoutUnread()
  }

  private func keepingOutput(_ place: Int) -> RandomModel {
    var model = self
    model.graphs[0].outputs = [graphs[0].outputs[place]]
    return model.withoutUnread()
  }

  private func removingOutput(_ place: Int) -> RandomModel {
    var model = self
    model.graphs[0].outputs.remove(at: place)
    return model.withoutUnread()
  }

  /// Takes an operator of a graph away; what others read of it becomes an input of the main graph.
  private func removingOperator(_ index: Int, in number: Int) -> RandomModel? {
    var model = self
    let operation = model.graphs[number].operators.remove(at: index)
    let rest = model.graphs[number]
    for output in operation.outputs {
      let isRead = rest.operators.contains { $0.inputs.contains(output) }
      if rest.outputs.contains(output), !isRead, rest.outputs.count > 1, number == 0 {
        model.graphs[0].outputs.removeAll { $0 == output }
      } else if isRead || rest.outputs.contains(output) {
        guard number == 0, rest.tensors[Int(output)].type != .resource else { return nil }
        model.graphs[0].inputs.append(output)
        let type = rest.tensors[Int(output)].type
        // Whatever reads integers as indices finds small ones.
        model.inputRanges.append(type == .int32 || type == .int64 ? 0...0 : nil)
      }
    }
    return model.withoutUnread()
  }

  /// Has everything that reads an operator's output read one of its inputs, which looks the same.
  private func bypassing(_ index: Int, in number: Int, by place: Int) -> RandomModel? {
    var model = self
    let operation = graphs[number].operators[index]
    let input = operation.inputs[place]
    guard operation.outputs.count == 1, input >= 0 else { return nil }
    let output = operation.outputs[0]
    let (from, to) = (graphs[number].tensors[Int(output)], graphs[number].tensors[Int(input)])
    guard from.shape == to.shape, from.type == to.type, from.scales == to.scales, from.zeroPoints == to.zeroPoints
    else { return nil }
    model.graphs[number].operators.remove(at: index)
    for other in model.graphs[number].operators.indices {
      model.graphs[number].operators[other].inputs = model.graphs[number].operators[other].inputs.map {
        $0 == output ? input : $0
      }
    }
    model.graphs[number].outputs = model.graphs[number].outputs.map { $0 == output ? input : $0 }
    var seen = Set<Int32>()
    if number == 0 { model.graphs[0].outputs = model.graphs[0].outputs.filter { seen.insert($0).inserted } }
    return model.withoutUnread()
  }

  /// Replaces a size by a smaller one wherever it occurs: in shapes, lists of integers and options.
  private func replacingSize(_ size: Int32, by smaller: Int32) -> RandomModel {
    var model = self
    for number in graphs.indices {
      for index in graphs[number].tensors.indices {
        var tensor = graphs[number].tensors[index]
        let before = tensor.shape
        tensor.shape = tensor.shape.map { $0 == size ? smaller : $0 }
        if var data = tensor.data {
          let oldCount = before.reduce(1) { $0 * Int($1) }
          let newCount = tensor.shape.reduce(1) { $0 * Int($1) }
          if oldCount > 0 { data = Array(data.prefix(data.count / oldCount * newCount)) }
          if tensor.type == .int32, data.count <= 64 {
            data = storedBytes(of: integers(data, as: Int32.self).map { $0 == size ? smaller : $0 })
          }
          tensor.data = data
        }
        if let scales = tensor.scales, scales.count == Int(size) {
          tensor.scales = Array(scales.prefix(Int(smaller)))
          tensor.zeroPoints = Array(tensor.zeroPoints.prefix(Int(smaller)))
        }
        model.graphs[number].tensors[index] = tensor
      }
      for index in graphs[number].operators.indices {
        guard let options = graphs[number].operators[index].options else { continue }
        for (slot, value) in options.table.fields {
          guard case .int32s(let sizes) = value else { continue }
          model.graphs[number].operators[index].options?.table[slot] = .int32s(sizes.map { $0 == size ? smaller : $0 })
        }
      }
    }
    return model
  }

  /// Takes away what leads to no output, and inputs that nothing reads.
  private func withoutUnread() -> RandomModel {
    var model = self
    var graph = model.graphs[0]
    var needed = Set(graph.outputs)
    for index in graph.operators.indices.reversed() {
      let operation = graph.operators[index]
      // Operators without outputs have an effect.
      if operation.outputs.isEmpty || operation.outputs.contains(where: { needed.contains($0) }) {
        needed.formUnion(operation.inputs)
      } else {
        graph.operators.remove(at: index)
      }
    }
    for place in graph.inputs.indices.reversed() where !needed.contains(graph.inputs[place]) {
      graph.inputs.remove(at: place)
      model.inputRanges.remove(at: place)
    }
    model.graphs[0] = graph
    return model
  }

  /// Without the data of tensors that no operator reads any more.
  private func tidied() -> RandomModel {
    var model = self
    let reached = reachedGraphs
    for number in graphs.indices where !reached.contains(number) { model.graphs[number] = TestModel() }
    for number in reached {
      var read = Set<Int32>(graphs[number].outputs)
      for operation in graphs[number].operators { read.formUnion(operation.inputs) }
      for index in graphs[number].tensors.indices where !read.contains(Int32(index)) {
        if model.graphs[number].tensors[index].data != nil { model.graphs[number].tensors[index].data = [] }
      }
    }
    return model
  }
}

extension RandomModel {
  /// Whether two models have the same operators and shapes.
  fileprivate static func != (lhs: RandomModel, rhs: RandomModel) -> Bool {
    lhs.listing != rhs.listing
  }
}
