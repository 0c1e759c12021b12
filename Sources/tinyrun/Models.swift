import TinyTensor

/// What all commands that load a model share.
enum Models {
  /// Options of every command that runs models.
  static let executionOptions: Set<String> = ["--device", "--threads", "--kernels"]
  /// Options of every command that loads a model.
  static let options: Set<String> = executionOptions.union(["--signature", "--shape"])
  /// Options without a value, of every command that runs models.
  static let flags: Set<String> = ["--fixed-point"]
  /// The most threads that can be asked for.
  static let mostThreads = 256

  /// What the common options ask for.
  struct Choices {
    let device: Device
    let options: ModelOptions

    /// Understands the common options.
    ///
    /// - Throws: ``Failure`` for what cannot be understood, and for devices that this version does not drive.
    init(_ arguments: Arguments) throws {
      let threads = try arguments.integer("--threads", default: 1, in: 1...Models.mostThreads)
      let kernels = try arguments.value("--kernels").map { try Models.kernels(named: $0) }
      device = try DeviceName.device(
        named: arguments.value("--device") ?? "cpu", CPUOptions(threads: threads, kernels: kernels))
      var options = ModelOptions(signature: arguments.value("--signature"))
      if arguments.has("--fixed-point") { options.fullyConnectedArithmetic = .micro }
      if let shapes = arguments.value("--shape") { options.inputShapes = try Models.shapes(shapes) }
      self.options = options
    }
  }

  /// Opens a model file, whatever it holds.
  static func open(_ path: String) throws -> ModelFile {
    // A pipe would be waited for.
    guard Files.isRegularOrMissing(path) else { throw Failure(.refused, "\(path) is not a regular file") }
    do {
      return try ModelFile(path: path)
    } catch {
      throw Failure(error).about(path)
    }
  }

  /// Opens a model and prepares it to run.
  static func load(_ path: String, _ choices: Choices) throws -> Model {
    try load(path, choices.device, choices.options)
  }

  /// Opens a model and prepares it to run on a device.
  static func load(_ path: String, _ device: Device, _ options: ModelOptions) throws -> Model {
    let file = try open(path)
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
  static func shapes(_ text: String) throws -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for part in text.split(separator: ";") {
      guard let equals = part.lastIndex(of: "="), equals > part.startIndex else { throw notAShape(part) }
      var sizes: [Int] = []
      let list = part[part.index(after: equals)...]
      for size in list.isEmpty ? [] : list.split(separator: ",", omittingEmptySubsequences: false) {
        // Files hold sizes in 32 bits.
        guard let number = Int32(size), number >= 0 else { throw notAShape(part) }
        sizes.append(Int(number))
      }
      shapes[String(part[..<equals])] = sizes
    }
    return shapes
  }

  private static func notAShape(_ text: Substring) -> Failure {
    Failure(.usage, "--shape takes NAME=1,224,224,3, several divided by semicolons, not \(text)")
  }
}

/// Devices as the command line names them: `cpu`, `edgetpu`, `edgetpu:N`, `edgetpu:usb`, `edgetpu:usb:N`,
/// `edgetpu:pci`, `edgetpu:pci:N`.
enum DeviceName {
  /// The device of a name.
  ///
  /// - Throws: ``Failure``: a usage error for what is no name of a device, a device error for an Edge TPU.
  static func device(named name: String, _ options: CPUOptions) throws -> Device {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    if parts == ["cpu"] { return .cpu(options) }
    guard parts.first == "edgetpu", isEdgeTPU(parts.dropFirst()) else {
      throw Failure(
        .usage,
        "there is no device \(name); there are cpu, edgetpu[:N], edgetpu:usb[:N] and edgetpu:pci[:N]")
    }
    throw Failure(.device, "this version does not drive the Edge TPU; use --device cpu with an uncompiled model")
  }

  private static func isEdgeTPU(_ parts: ArraySlice<Substring>) -> Bool {
    var parts = parts
    if parts.first == "usb" || parts.first == "pci" { parts = parts.dropFirst() }
    guard let number = parts.first else { return true }
    return parts.count == 1 && !number.isEmpty && number.allSatisfy { $0.isASCII && $0.isNumber }
  }
}
