import Testing

@testable import TinyTensor

/// A run of a model with one input and one output, all memory around the tensors watched.
struct GuardedRun {
  let output: [UInt8]
  /// The first operator's kernel, as `tinyrun inspect` names it.
  let kernel: String
  /// Whether something was written that is neither the output nor scratch memory.
  let writesBeyond: Bool

  /// - Parameters:
  ///   - model: a file with one input and one output.
  ///   - input: the input's bytes.
  ///   - kernels: the set to run.
  ///   - threads: threads of the run.
  ///   - filler: what all memory holds before the run.
  init(_ model: [UInt8], _ input: [UInt8], _ kernels: KernelSet, threads: Int = 1, filler: UInt8) throws {
    let model = try Model(bytes: model, device: .cpu(CPUOptions(threads: threads, kernels: kernels)))
    var session = try model.makeSession()
    guard case .arena(let inputOffset)? = model.plan.inputs.first?.place,
      case .arena(let outputOffset)? = model.plan.outputs.first?.place
    else { throw ModelError(.invalidGraph, "an input or output outside the arena") }
    let size = model.plan.arenaByteCount + AlignedMemory.slack
    var isTensor = [Bool](repeating: false, count: size)
    for entry in model.plan.entries where entry.offset != inputOffset {
      for place in entry.offset..<(entry.offset + entry.byteCount) { isTensor[place] = true }
    }
    let outputInfo = try model.output(at: 0)
    // Sound: the arena has this many bytes, and lives as long as the session.
    let arena = try unsafe #require(
      session.outputBytes(outputInfo).withUnsafeBytes { bytes in
        unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress).map { unsafe $0 - outputOffset }
      })
    unsafe arena.initializeMemory(as: UInt8.self, repeating: filler, count: size)
    try session.setInput(model.input(at: 0), bytes: input.span)
    var before: [UInt8] = []
    for place in 0..<size { before.append(unsafe arena.load(fromByteOffset: place, as: UInt8.self)) }
    try session.run()
    var writesBeyond = false
    for place in 0..<size where !isTensor[place] {
      if unsafe arena.load(fromByteOffset: place, as: UInt8.self) != before[place] { writesBeyond = true }
    }
    output = try session.outputArray(outputInfo)
    kernel = model.operators[0].kernel
    self.writesBeyond = writesBeyond
  }
}
