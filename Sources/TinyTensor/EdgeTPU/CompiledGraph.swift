/// A graph whose compiled operators a device runs.
final class CompiledGraph: Sendable {
  private let shape: CompiledGraphShape

  #if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
    enum Place: Sendable {
      case here(HostGraph)
      case helper(RemoteGraph)
    }

    private let place: Place

    init(_ place: Place, _ shape: CompiledGraphShape) {
      self.place = place
      self.shape = shape
    }

    /// Has the device take an operator.
    ///
    /// - Parameters:
    ///   - index: the operator.
    ///   - operands: its tensors.
    /// - Returns: the outputs' sizes.
    func prepare(_ index: Int, _ operands: CompiledOperands) throws(ModelError) -> [[Int]] {
      switch place {
      case .here(let graph): try graph.prepare(index, operands)
      case .helper(let graph): try graph.prepare(index, operands)
      }
    }

    /// Runs an operator.
    ///
    /// - Parameters:
    ///   - index: the operator.
    ///   - memory: where its tensors lie.
    ///   - slots: their places in it.
    /// - Complexity: allocates nothing here; sessions of one model take turns.
    func run(_ index: Int, _ memory: OperatorMemory, _ slots: CompiledSlots) throws(SessionError) {
      let node = shape.nodes[index]
      switch place {
      case .here(let graph):
        try graph.invoke(index) {
          // Sound: tensors of the plan, which live for the run, and of which no input is a part of the file.
          for (place, slot) in slots.inputs.enumerated() {
            let address = unsafe UnsafeMutableRawPointer(mutating: memory.pointer(slot))
            unsafe graph.setData(address, ofTensor: node.inputs[place])
          }
          for (place, slot) in slots.outputs.enumerated() {
            unsafe graph.setData(memory.pointer(slot), ofTensor: node.outputs[place])
          }
        }
      case .helper(let graph):
        func piece(_ slot: ReadSlot) -> HelperProcess.Piece {
          let address = unsafe UnsafeMutableRawPointer(mutating: memory.pointer(slot))
          return unsafe HelperProcess.Piece(address: address, byteCount: memory.readBytes(slot).byteCount)
        }
        try graph.invoke(
          index, inputs: { $0 < slots.inputs.count ? piece(slots.inputs[$0]) : nil },
          results: { place in
            if place < slots.outputs.count {
              let slot = slots.outputs[place]
              return unsafe HelperProcess.Piece(
                address: memory.pointer(slot), byteCount: memory.writeBytes(slot).byteCount)
            }
            let state = place - slots.outputs.count
            return state < slots.states.count ? piece(slots.states[state]) : nil
          })
      }
    }
  #else
    init(_ shape: CompiledGraphShape) { self.shape = shape }

    func prepare(_ index: Int, _ operands: CompiledOperands) throws(ModelError) -> [[Int]] { [] }

    func run(_ index: Int, _ memory: OperatorMemory, _ slots: CompiledSlots) throws(SessionError) {}
  #endif
}

/// Where the tensors of a compiled operator are among the operands of its step.
struct CompiledSlots: Sendable {
  var inputs: [ReadSlot] = []
  var outputs: [WriteSlot] = []
  /// Those of the inputs that the device writes new states to.
  var states: [ReadSlot] = []
}
