import FlatbufferReader
import TinyTensorKernels

/// RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL and MULTINOMIAL: numbers drawn by the seeds of the options, or by others where
/// these are 0.
///
/// A session begins at the beginning of the sequence and goes on from run to run; ``Session/reset()`` goes back.
struct Random: Sendable {
  enum Kind: Sendable {
    case uniform
    case normal
    case classes(batches: Int, classes: Int, samples: Int, isWide: Bool, logits: ReadSlot, sums: WriteSlot)
  }

  let kind: Kind
  let key: UInt64
  /// What is added to the counter that the session keeps: the second seed.
  let start: UInt64
  /// A variable: the counter, as a number of four words.
  let counter: WriteSlot
  let output: WriteSlot
  /// Elements of the output.
  let count: Int
}

extension Random {
  static func translateUniform(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .uniform)
  }

  static func translateNormal(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .normal)
  }

  /// The shape is constant.
  private static func translate(_ graph: inout GraphBuilder, _ kind: Kind) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let sizes = try graph.input(0, .int32)
    guard sizes.shape.rank == 1 else {
      throw graph.error(.invalidOperator, "its shape is \(sizes.shape) instead of a list of sizes")
    }
    _ = try graph.outputType(0, .float32)
    // Its counter is a variable, which lasts longer than what a run translates.
    guard sizes.constant != nil else {
      throw graph.error(.invalidOperator, "the shape (\(sizes.name)) must be constant")
    }
    let shape = try graph.outputShape(graph.constantIntegers(sizes, what: "the shape"))
    return try make(&graph, kind, shape)
  }

  /// MULTINOMIAL: classes drawn by their logits; how many is constant.
  static func translateClasses(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let logits = try graph.input(0, .float32)
    let count = try graph.input(1, .int32)
    let samples = try graph.constantInteger(count, what: "the count of samples")
    let type = try graph.outputType(0, .int32, .int64)
    guard logits.shape.rank == 2, logits.shape[1] > 0, count.shape.rank == 0, samples >= 0 else {
      throw graph.error(
        .invalidOperator, "it cannot draw \(samples) samples from logits \(logits.shape): [batches, classes] are needed"
      )
    }
    let shape = try graph.outputShape([logits.shape[0], samples])
    let kind = Kind.classes(
      batches: logits.shape[0], classes: logits.shape[1], samples: samples, isWide: type == .int64,
      logits: try graph.bind(logits), sums: try graph.bindScratch(count: logits.shape[1], of: Double.self))
    return try make(&graph, kind, shape)
  }

  private static func make(
    _ graph: inout GraphBuilder, _ kind: Kind, _ shape: Shape
  ) throws(ModelError) -> Operation? {
    // The reference keeps the low 32 bits of each, with their sign.
    func seed(_ stored: Int64) -> UInt64 { UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: stored))) }
    let seeds = try graph.options(114) { (table) throws(ReadError) in
      (key: seed(try table.scalar(0, default: Int64(0))), start: seed(try table.scalar(1, default: Int64(0))))
    }
    let (key, start) = try drawnSeeds(graph, seeds?.key ?? 0, seeds?.start ?? 0)
    guard let words = Shape([4]) else { return nil }
    let output = try graph.bindOutput(shape: shape)
    let counter = try graph.context.addVariable(
      name: "counter of operator \(graph.operatorIndex)", elementType: .uint32, shape: words, initialByte: 0)
    return try graph.operation(
      Operation.random,
      Random(
        kind: kind, key: key, start: start,
        counter: WriteSlot(index: graph.addOperand(.variable(counter))), output: output, count: shape.count))
  }

  /// Seeds that are both 0 ask for others each time; these are drawn when the model is loaded.
  private static func drawnSeeds(
    _ graph: GraphBuilder, _ key: UInt64, _ start: UInt64
  ) throws(ModelError) -> (UInt64, UInt64) {
    guard key == 0, start == 0 else { return (key, start) }
    #if hasFeature(Embedded)
      throw graph.error(
        .unsupportedOperator, "both its seeds are 0, and there is nothing here to draw others from; give one a value")
    #else
      var generator = SystemRandomNumberGenerator()
      return (generator.next(), generator.next())
    #endif
  }

  func run(_ memory: OperatorMemory) {
    var counter = memory.write(counter, as: UInt32.self)
    // The second seed is the high half; nothing carries into it before 2^64 counts.
    var generator = PhiloxGenerator(
      key: key,
      counter: SIMD4(
        counter[0], counter[1], counter[2] &+ UInt32(truncatingIfNeeded: start),
        counter[3] &+ UInt32(truncatingIfNeeded: start &>> 32)))
    switch kind {
    case .uniform:
      var output = memory.write(output, as: Float.self)
      generator.fillUniform(&output)
    case .normal:
      var output = memory.write(output, as: Float.self)
      generator.fillNormal(&output)
    case .classes(let batches, let classes, let samples, let isWide, let logits, let sums):
      // Each run takes its numbers from a part of the sequence of its own, of a fixed length, as in the reference.
      var part = generator
      let rounded = UInt64(truncatingIfNeeded: (samples &+ 3) / 4 &* 4)
      generator.skip(UInt64(truncatingIfNeeded: batches) &* rounded &* 512)
      var sums = memory.write(sums, as: Double.self)
      let logits = memory.read(logits, as: Float.self)
      if isWide {
        var output = memory.write(output, as: Int64.self)
        part.fillClasses(
          batches: batches, classes: classes, samples: samples, logits: logits, sums: &sums, output: &output)
      } else {
        var output = memory.write(output, as: Int32.self)
        part.fillClasses(
          batches: batches, classes: classes, samples: samples, logits: logits, sums: &sums, output: &output)
      }
    }
    counter[0] = generator.counter[0]
    counter[1] = generator.counter[1]
    counter[2] = generator.counter[2] &- UInt32(truncatingIfNeeded: start)
    counter[3] = generator.counter[3] &- UInt32(truncatingIfNeeded: start &>> 32)
  }

  var facts: OperatorFacts {
    switch kind {
    case .uniform: OperatorFacts(kernel: "random_uniform.reference", furtherSteps: OperatorFacts.product(8, count))
    case .normal:
      OperatorFacts(
        kernel: "random_standard_normal.reference",
        furtherSteps: OperatorFacts.product(OperatorFacts.functionSteps, count))
    case .classes(let batches, let classes, _, _, _, _):
      // A function for each logit, and a search for each sample: sizes of tensors, whose sum fits.
      OperatorFacts(
        kernel: "multinomial.reference",
        furtherSteps: OperatorFacts.product(OperatorFacts.functionSteps, batches * classes + count))
    }
  }
}
