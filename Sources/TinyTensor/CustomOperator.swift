/// A custom operator that a program brings along, by name.
///
/// It is given to a model in ``ModelOptions/customOperators`` and takes the place of an operator of the same name that
/// the library has.
///
/// ```swift
/// let double = CustomOperator(name: "Double") { node throws(ModelError) in
///   guard let input = node.inputs.first ?? nil, input.elementType == .float32 else {
///     throw ModelError(customOperator: "Double takes one float32 tensor")
///   }
///   return CustomOperator.Plan(outputShapes: [input.shape]) { memory throws(SessionError) in
///     let values = try memory.input(0, as: Float.self)
///     var results = try memory.output(0, as: Float.self)
///     for index in values.indices { results[index] = 2 * values[index] }
///   }
/// }
/// let model = try Model(path: "model.tflite", options: ModelOptions(customOperators: [double]))
/// ```
public struct CustomOperator: Sendable {
  /// The name by which models refer to it.
  public let name: String

  let prepare: @Sendable (Node) throws(ModelError) -> Plan

  /// - Parameters:
  ///   - name: the name by which models refer to it.
  ///   - prepare: checks a use of the operator when a model is loaded, and says what shapes its outputs have and how it
  ///     runs. Everything that can be wrong should be found here.
  public init(name: String, prepare: @escaping @Sendable (Node) throws(ModelError) -> Plan) {
    self.name = name
    self.prepare = prepare
  }

  /// A use of the operator in a graph.
  public struct Node: Sendable {
    /// What it reads; `nil` where an optional input is left out. Shapes are those of the run.
    public let inputs: [TensorInfo?]
    /// What it writes, as the file describes it; shapes are the operator's to say.
    public let outputs: [TensorInfo]
    /// Its options, as the file holds them; often a FlexBuffers map.
    public let options: [UInt8]
    /// The bytes of inputs that are constant; `nil` for others.
    public let constants: [[UInt8]?]
  }

  /// How a use of the operator runs.
  public struct Plan: Sendable {
    /// One shape an output.
    public var outputShapes: [[Int]]
    /// Bytes of memory that a run needs for itself.
    public var scratchByteCount: Int
    /// Multiplications that are added to a sum in one run, for profiles.
    public var multiplyAccumulates: Int

    let run: @Sendable (borrowing Memory) throws(SessionError) -> Void

    /// - Parameters:
    ///   - outputShapes: one shape an output.
    ///   - scratchByteCount: bytes of memory that a run needs for itself.
    ///   - multiplyAccumulates: multiplications that are added to a sum in one run, for profiles.
    ///   - run: does the work. It must write all elements of all outputs, and keep no span.
    public init(
      outputShapes: [[Int]], scratchByteCount: Int = 0, multiplyAccumulates: Int = 0,
      run: @escaping @Sendable (borrowing Memory) throws(SessionError) -> Void
    ) {
      self.outputShapes = outputShapes
      self.scratchByteCount = scratchByteCount
      self.multiplyAccumulates = multiplyAccumulates
      self.run = run
    }
  }

  /// The operands of a run.
  public struct Memory: ~Escapable {
    let memory: OperatorMemory
    let shape: OperandList

    @_lifetime(immortal)
    init(_ memory: OperatorMemory, _ shape: OperandList) {
      self.memory = memory
      self.shape = shape
    }

    /// An input's elements.
    ///
    /// - Parameters:
    ///   - index: its place among the operator's inputs.
    ///   - type: the Swift type of its elements.
    /// - Throws: ``SessionError`` when there is no such input or it has another type.
    @_lifetime(borrow self)
    public func input<Element: TensorScalar>(
      _ index: Int, as type: Element.Type = Element.self
    ) throws(SessionError) -> Span<Element> {
      memory.read(try shape.input(index, Element.elementType), as: Element.self)
    }

    /// An output's elements, to be written.
    ///
    /// - Parameters:
    ///   - index: its place among the operator's outputs.
    ///   - type: the Swift type of its elements.
    /// - Throws: ``SessionError`` when there is no such output or it has another type.
    @_lifetime(borrow self)
    public func output<Element: TensorScalar>(
      _ index: Int, as type: Element.Type = Element.self
    ) throws(SessionError) -> MutableSpan<Element> {
      memory.write(try shape.output(index, Element.elementType), as: Element.self)
    }

    /// The bytes that the plan asked for; what they hold is left from other operators.
    ///
    /// - Throws: ``SessionError`` when it asked for none.
    @_lifetime(borrow self)
    public func scratch() throws(SessionError) -> MutableRawSpan {
      guard let scratch = shape.scratch else {
        throw SessionError(customOperator: "no scratch memory was asked for")
      }
      return memory.writeBytes(scratch)
    }
  }

  /// Where the operands of a use are, and their types.
  struct OperandList: Sendable {
    var inputs: [(slot: ReadSlot, type: ElementType)?]
    var outputs: [(slot: WriteSlot, type: ElementType)]
    var scratch: WriteSlot?

    func input(_ index: Int, _ type: ElementType) throws(SessionError) -> ReadSlot {
      guard inputs.indices.contains(index), let input = inputs[index] else {
        throw SessionError(customOperator: "there is no input \(index)")
      }
      guard input.type == type else {
        throw SessionError(customOperator: "input \(index) is \(input.type), not \(type)")
      }
      return input.slot
    }

    func output(_ index: Int, _ type: ElementType) throws(SessionError) -> WriteSlot {
      guard outputs.indices.contains(index) else {
        throw SessionError(customOperator: "there is no output \(index)")
      }
      guard outputs[index].type == type else {
        throw SessionError(customOperator: "output \(index) is \(outputs[index].type), not \(type)")
      }
      return outputs[index].slot
    }
  }
}

extension ModelError {
  /// A custom operator's own refusal of a model.
  ///
  /// - Parameter message: one sentence that says what is wrong.
  public init(customOperator message: String) {
    self.init(.invalidOperator, message)
  }
}

extension SessionError {
  /// A custom operator's own refusal of what arrived in a run.
  ///
  /// - Parameter message: one sentence that says what is wrong.
  public init(customOperator message: String) {
    self.init(.invalidData, message)
  }
}
