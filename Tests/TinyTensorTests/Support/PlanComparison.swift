import Testing

@testable import TinyTensor

/// Compares a model as it is shipped with itself planned without any pass, on the reference kernels.
enum PlanComparison {
  /// The outputs of runs that follow each other in one session.
  ///
  /// With guards and without shared memory nothing may be written outside of what lies in the arena.
  static func outputs(
    _ bytes: [UInt8], _ runs: [[[UInt8]]], _ cpu: CPUOptions, _ passes: PlanPasses, poison: UInt8
  ) throws -> [[[UInt8]]] {
    var options = ModelOptions()
    options.passes = passes
    let model = try Model(bytes: bytes, device: .cpu(cpu), options: options)
    var session = try model.makeSession()
    session.poison(poison)
    var results: [[[UInt8]]] = []
    for inputs in runs {
      for (index, input) in inputs.enumerated() {
        try session.setInput(model.input(at: index), bytes: input.span)
      }
      try session.run()
      var outputs: [[UInt8]] = []
      for index in model.outputs.indices { outputs.append(try session.outputArray(model.output(at: index))) }
      results.append(outputs)
    }
    if passes.contains(.guards), !passes.contains(.memorySharing) {
      let damage = session.firstDamage(poison)
      #expect(damage == nil, "byte \(damage ?? 0) of the arena belongs to nothing and was written")
    }
    return results
  }

  /// - Parameter runs: for each run the bytes of all inputs.
  static func check(_ bytes: [UInt8], _ runs: [[[UInt8]]], _ name: String = "") throws {
    let wanted = try outputs(
      bytes, runs, CPUOptions(threads: 1, kernels: .reference), .guards, poison: 0xA5)
    for kernels in KernelSet.allCases where kernels.isAvailable {
      for threads in [1, 2] {
        let cpu = CPUOptions(threads: threads, kernels: kernels)
        let text: Comment = "\(name), kernels \(kernels.rawValue), threads \(threads)"
        #expect(try outputs(bytes, runs, cpu, .shipped, poison: 0x5A) == wanted, text)
        let guarded = PlanPasses.shipped.subtracting(.memorySharing).union(.guards)
        #expect(try outputs(bytes, runs, cpu, guarded, poison: 0x3C) == wanted, text)
      }
    }
  }
}
