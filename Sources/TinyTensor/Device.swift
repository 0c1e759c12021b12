/// What runs a model.
///
/// A model's operators are divided among devices when it is loaded: an accelerator takes the operators that were
/// compiled for it, the CPU takes all the rest.
public struct Device: Sendable, Hashable {
  enum Kind: Hashable {
    case cpu
    case edgeTPU(EdgeTPUOptions)
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

  /// An Edge TPU, for the operators that were compiled for it; the processor runs all others.
  ///
  /// A model without such operators is refused: nothing of it would run on the device.
  ///
  /// - Parameters:
  ///   - options: which Edge TPU, and how.
  ///   - cpu: how the processor does its part.
  public static func edgeTPU(
    _ options: EdgeTPUOptions = EdgeTPUOptions(), cpu: CPUOptions = CPUOptions()
  ) -> Device {
    Device(kind: .edgeTPU(options), cpuOptions: cpu)
  }

  /// Whether there is no accelerator.
  var isCPU: Bool {
    if case .cpu = kind { return true }
    return false
  }

  /// Whether this device, and not the CPU, runs an operator of that code.
  func claims(_ code: ModelFile.OperatorCode) -> Bool {
    switch kind {
    case .cpu: false
    case .edgeTPU: code.isCompiledForEdgeTPU
    }
  }
}

extension Device: CustomStringConvertible {
  /// The device's name as `tinyrun --device` takes it.
  public var description: String {
    switch kind {
    case .cpu: return "cpu"
    case .edgeTPU(let options):
      let name = options.device.description
      // Of any connection the number alone is the name, with its colon.
      return "edgetpu" + (name.isEmpty || options.device.connection == nil ? name : ":" + name)
    }
  }
}

#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  extension Device {
    /// What can run models here: the processor, and each Edge TPU that libedgetpu finds.
    ///
    /// Where it is missing or too old there is the processor alone; ``EdgeTPULibrary`` says why.
    ///
    /// - Complexity: loads libedgetpu, and asks the system's buses.
    public static var available: [Device] {
      var devices: [Device] = [.cpu]
      do throws(ModelError) {
        let library = try EdgeTPULibrary()
        try library.requireUsable()
        devices += library.devices.compactMap(\.name).map { .edgeTPU(EdgeTPUOptions(device: $0)) }
      } catch {
        // Said above.
      }
      return devices
    }
  }
#endif

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
