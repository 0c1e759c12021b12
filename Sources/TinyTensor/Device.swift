/// What runs a model.
///
/// A model's operators are divided among devices when it is loaded: an accelerator takes the operators that were
/// compiled for it, the CPU takes all the rest.
public struct Device: Sendable, Hashable {
  enum Kind: Hashable {
    case cpu
  }

  let kind: Kind
  /// How the processor does its part.
  let cpuOptions: CPUOptions

  /// The processor, on one thread, with the fastest kernels that it can run.
  public static let cpu = Device.cpu(CPUOptions())

  /// The processor.
  ///
  /// - Parameter options: threads and kernels.
  public static func cpu(_ options: CPUOptions) -> Device {
    Device(kind: .cpu, cpuOptions: options)
  }

  /// Whether this device, and not the CPU, runs an operator of that code.
  func claims(_ code: ModelFile.OperatorCode) -> Bool {
    switch kind {
    case .cpu: false
    }
  }
}

extension Device: CustomStringConvertible {
  /// The device's name as `tinyrun --device` takes it.
  public var description: String {
    switch kind {
    case .cpu: "cpu"
    }
  }
}

/// How the processor runs a model.
public struct CPUOptions: Sendable, Hashable {
  /// Threads that work on one run, the caller's among them; at least 1. Results do not depend on it.
  public var threads: Int
  /// The kernels to use; `nil` takes what the environment variable `TINYTENSOR_KERNELS` names, or else the fastest
  /// that this processor can run. Results do not depend on it.
  public var kernels: KernelSet?

  /// How the processor runs a model.
  ///
  /// - Parameters:
  ///   - threads: threads that work on one run.
  ///   - kernels: the kernels to use, or `nil` for the fastest.
  public init(threads: Int = 1, kernels: KernelSet? = nil) {
    self.threads = threads
    self.kernels = kernels
  }
}

/// The sets of kernels, each for what a kind of processor offers.
public enum KernelSet: String, Sendable, Hashable, CaseIterable {
  /// The plain definition of every operator, which all other sets equal bit for bit.
  case reference
  /// Vectors of 128 bits, as every x86-64 and arm64 processor has them.
  case portable
  /// x86-64 with AVX2.
  case avx2
  /// x86-64 with AVX2 and its dot products of bytes (AVX-VNNI).
  case avxvnni
  /// x86-64 with AVX-512 and its dot products of bytes (VNNI).
  case avx512vnni
}
