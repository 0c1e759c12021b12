import TinyTensor

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// What all commands that load a model share.
enum Models {
  /// Options of every command that runs models.
  static let executionOptions: Set<String> = ["--device", "--performance", "--threads", "--kernels"]
  /// Options of every command that loads a model.
  static let options: Set<String> = executionOptions.union(["--signature", "--shape", "--bound"])
  /// Options without a value, of every command that runs models.
  static let flags: Set<String> = ["--fixed-point", "--isolate"]
  /// The most threads that can be asked for.
  static let mostThreads = 256

  /// What the common options ask for.
  struct Choices {
    let options: ModelOptions
    /// Threads that work on one run.
    let threads: Int
    private let devices: DeviceName

    /// Understands the common options.
    ///
    /// - Throws: ``Failure`` for what cannot be understood.
    init(_ arguments: Arguments) throws {
      threads = try arguments.integer("--threads", default: 1, in: 1...Models.mostThreads)
      let kernels = try arguments.value("--kernels").map { try Models.kernels(named: $0) }
      devices = try DeviceName(arguments, CPUOptions(threads: threads, kernels: kernels))
      var options = ModelOptions(signature: arguments.value("--signature"))
      if arguments.has("--fixed-point") { options.fullyConnectedArithmetic = .micro }
      if let shapes = arguments.value("--shape") { options.inputShapes = try Models.shapes(shapes) }
      if let bounds = arguments.value("--bound") { options.bounds = try Models.shapes(bounds, of: "--bound") }
      self.options = options
    }

    /// The device for a model: the one that was asked for, or else the one that the model needs.
    func device(for file: ModelFile) -> Device {
      devices.given ?? (file.isCompiledForEdgeTPU ? devices.edgeTPU : devices.cpu)
    }

    /// The processor, as it was asked for.
    var processor: Device { devices.cpu }

    /// The device that was asked for, or else the processor.
    var deviceUnlessNeeded: Device { devices.given ?? devices.cpu }
  }

  /// Opens a model file, whatever it holds.
  static func open(_ path: String) throws -> ModelFile {
    if path.isEmpty { throw Failure(.refused, "a model file needs a name") }
    // A pipe would be waited for.
    guard Files.isRegularOrMissing(path) else { throw notAFile(path) }
    do {
      if SystemPath.isPlain(path) { return try ModelFile(path: path) }
      // The library takes paths that are text: the file is opened here, and again by its number.
      let descriptor = try Files.openForReading(path)
      defer { close(descriptor) }
      return try ModelFile(path: "/dev/fd/\(descriptor)")
    } catch {
      throw Failure(error).about(path)
    }
  }

  private static func notAFile(_ path: String) -> Failure {
    guard Files.kind(of: path) == .folder else { return Failure(.refused, "\(path) is not a regular file") }
    guard Files.exists("\(path)/saved_model.pb") else {
      return Failure(.refused, "\(path) is a folder; name the model file in it")
    }
    return Failure(.refused, "\(path) is a SavedModel of TensorFlow; convert it to TensorFlow Lite")
  }

  /// Opens a model and prepares it to run.
  static func load(_ path: String, _ choices: Choices) throws -> Model {
    let file = try open(path)
    return try load(file, path, choices.device(for: file), choices.options)
  }

  /// Opens a model and prepares it to run on a device.
  static func load(_ path: String, _ device: Device, _ options: ModelOptions) throws -> Model {
    try load(open(path), path, device, options)
  }

  /// Prepares a model that has been opened to run on a device.
  static func load(
    _ file: ModelFile, _ path: String, _ device: Device, _ options: ModelOptions
  ) throws -> Model {
    do {
      return try Model(file, device: device, options: options)
    } catch {
      throw Failure(error).about(path)
    }
  }

  /// The kernels of a name.
  static func kernels(named name: String) throws -> KernelSet {
    guard let kernels = KernelSet(rawValue: name) else {
      let names = KernelSet.allCases.map(\.rawValue).joined(separator: ", ")
      throw Failure(.usage, "there are no kernels \(name); there are \(names)")
    }
    return kernels
  }

  /// Shapes by name from `image=1,224,224,3;state=1,8`.
  static func shapes(_ text: String, of option: String = "--shape") throws -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for part in text.split(separator: ";") {
      guard let equals = part.lastIndex(of: "="), equals > part.startIndex else { throw notAShape(part, option) }
      var sizes: [Int] = []
      let list = part[part.index(after: equals)...]
      for size in list.isEmpty ? [] : list.split(separator: ",", omittingEmptySubsequences: false) {
        // Files hold sizes in 32 bits.
        guard let number = Int32(size), number >= 0 else { throw notAShape(part, option) }
        sizes.append(Int(number))
      }
      shapes[String(part[..<equals])] = sizes
    }
    return shapes
  }

  private static func notAShape(_ text: Substring, _ option: String) -> Failure {
    Failure(.usage, "\(option) takes NAME=1,224,224,3, several divided by semicolons, not \(text)")
  }
}

/// Devices as the command line names them: `cpu`, `edgetpu`, `edgetpu:N`, `edgetpu:usb`, `edgetpu:usb:N`,
/// `edgetpu:pci`, `edgetpu:pci:N`.
struct DeviceName {
  /// The device that was asked for, if one was.
  let given: Device?
  /// The processor, as the options want it.
  let cpu: Device
  /// An Edge TPU, as the options want it.
  let edgeTPU: Device

  /// Understands the options of devices.
  ///
  /// - Throws: ``Failure``: a usage error for what is no name of a device, and for options of another one.
  init(_ arguments: Arguments, _ cpu: CPUOptions) throws {
    let name = arguments.value("--device")
    let isCPU = name == "cpu"
    var options = EdgeTPUOptions()
    if let name, !isCPU {
      guard let device = Self.edgeTPU(name) else {
        throw Failure(
          .usage, "there is no device \(name); there are cpu, edgetpu[:N], edgetpu:usb[:N] and edgetpu:pci[:N]")
      }
      options.device = device
    }
    if let word = arguments.value("--performance") {
      guard let performance = EdgeTPUOptions.Performance.allCases.first(where: { $0.rawValue.lowercased() == word })
      else { throw Failure(.usage, "--performance takes low, medium, high or max, not \(word)") }
      options.performance = performance
    }
    if arguments.has("--isolate") { options.isolation = .helperProcess(executable: nil) }
    for option in ["--isolate", "--performance"] where isCPU {
      if arguments.has(option) || arguments.value(option) != nil {
        throw Failure(.usage, "\(option) is for the Edge TPU, not for --device cpu")
      }
    }
    self.cpu = .cpu(cpu)
    edgeTPU = .edgeTPU(options, cpu: cpu)
    given = name == nil ? nil : isCPU ? self.cpu : edgeTPU
  }

  /// The Edge TPU of a name that begins with `edgetpu`.
  private static func edgeTPU(_ name: String) -> EdgeTPUName? {
    let prefix = "edgetpu"
    guard name.hasPrefix(prefix) else { return nil }
    let rest = name.dropFirst(prefix.count)
    if rest.isEmpty { return .any }
    guard rest.first == ":" else { return nil }
    // A number alone keeps its colon: edgetpu:1 is the device :1.
    let own = rest.dropFirst()
    guard let first = own.first else { return nil }
    return EdgeTPUName(first.isNumber ? String(rest) : String(own))
  }
}
