import TinyTensor

/// What there is of the Edge TPU on this machine: libedgetpu, and the devices that it finds. Nothing is opened.
struct EdgeTPUStatus {
  /// An Edge TPU by the name that `--device` takes.
  struct Connected {
    let name: String
    let path: String
  }

  /// Where the library is and what it says of itself; `nil` if it cannot be loaded.
  let path: String?
  let version: String?
  let runtimeVersion: Int?
  /// The devices, in the library's order.
  let devices: [Connected]
  /// Why no model can run on an Edge TPU, if none can.
  let reason: String?

  #if !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
    init() {
      do {
        let library = try EdgeTPULibrary()
        path = library.path
        version = library.version
        runtimeVersion = library.runtimeVersion
        var connected: [Connected] = []
        var refusal: String?
        do {
          try library.requireUsable()
          connected = library.devices.compactMap { device in
            device.name.map { Connected(name: "edgetpu:\($0)", path: device.path) }
          }
          if connected.isEmpty { refusal = "no Edge TPU is connected" }
        } catch {
          refusal = error.message
        }
        devices = connected
        reason = refusal
      } catch {
        path = nil
        version = nil
        runtimeVersion = nil
        devices = []
        reason = error.message
      }
    }
  #else
    init() {
      path = nil
      version = nil
      runtimeVersion = nil
      devices = []
      reason = "the Edge TPU cannot be driven on this platform"
    }
  #endif

  /// Whether a package can run here, as the end of a sentence.
  func verdict(on package: EdgeTPUPackage) -> String {
    guard let path, let runtimeVersion else { return "cannot run here: \(reason ?? "there is no libedgetpu")" }
    guard package.minimumRuntimeVersion <= runtimeVersion else {
      return "cannot run here: \(path) has runtime version \(runtimeVersion)"
    }
    if let reason { return "cannot run here now: \(reason)" }
    return "can run here: \(path), runtime version \(runtimeVersion), \(devices.map(\.name).joined(separator: ", "))"
  }

  // MARK: Text and JSON

  var lines: [String] {
    var lines: [String] = []
    if let path {
      lines.append("library \(Text.printable(path)), \(runtimeVersion.map { "runtime version \($0)" } ?? "no version")")
      lines.append(Text.printable(version ?? ""))
    }
    lines += devices.map { "\(Text.padded($0.name, 14))  \(Text.printable($0.path))" }
    if let reason { lines.append(Text.printable(reason)) }
    return lines.enumerated().map { ($0 == 0 ? "edgetpu  " : "         ") + $1 }
  }

  var json: JSON {
    .object([
      ("device", .string("edgetpu")), ("available", .bool(reason == nil)), ("reason", .optional(reason)),
      ("library", .optional(path)), ("library_version", .optional(version)),
      ("runtime_version", runtimeVersion.map { .number($0) } ?? .null),
      (
        "connected",
        .array(devices.map { .object([("device", .string($0.name)), ("path", .string($0.path))]) })
      ),
    ])
  }
}
