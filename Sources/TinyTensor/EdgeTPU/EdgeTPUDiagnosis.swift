#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Android)
    import Android
  #elseif canImport(Darwin)
    import Darwin
  #endif

  extension DeviceChoice {
    /// A device that the system has at a path.
    init(type: Int32, path: String) {
      self.type = type
      self.path = path
      candidates = [EdgeTPUDevice(type: type, path: path)]
    }

    /// Why libedgetpu has opened no device, as far as that can be found out: it does not say.
    ///
    /// - Parameter isBarred: whether a file is there that this user may not read and write.
    func openError(isBarred: (String) -> Bool = Self.isBarred) -> ModelError {
      for candidate in candidates {
        guard let file = candidate.deviceFile, isBarred(file) else { continue }
        return ModelError(
          .deviceNotPermitted,
          "this user may not use the Edge TPU \(candidate.path): \(file) cannot be read and written; add the user to "
            + "the group that owns it (\(candidate.connection == .pci ? "apex" : "plugdev") as a rule, by the rules that "
            + "libedgetpu1-std installs), then log in again")
      }
      let name = path ?? candidates.map(\.path).joined(separator: ", ")
      return ModelError(
        .deviceNotOpened,
        "libedgetpu cannot open the Edge TPU \(name); another process may have it, or it must be unplugged and plugged "
          + "in again; libedgetpu says more on standard error at verbosity 10")
    }

    private static func isBarred(_ file: String) -> Bool {
      unsafe access(file, F_OK) == 0 && access(file, R_OK | W_OK) != 0
    }
  }

  extension EdgeTPUDevice {
    /// The file that is opened to reach the device; `nil` where it cannot be found.
    var deviceFile: String? { deviceFile { Self.number(in: $0) } }

    /// - Parameter number: the number that a file of the system's holds.
    func deviceFile(_ number: (String) -> Int?) -> String? {
      switch connection {
      case .pci: return path
      case .usb:
        guard let bus = number(path + "/busnum"), let device = number(path + "/devnum") else { return nil }
        func padded(_ number: Int) -> String {
          let digits = String(number)
          return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        }
        return "/dev/bus/usb/\(padded(bus))/\(padded(device))"
      case nil: return nil
      }
    }

    private static func number(in path: String) -> Int? {
      let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return nil }
      defer { close(file) }
      var bytes = [UInt8](repeating: 0, count: 16)
      // Sound: the array has room for so many bytes.
      let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      let digits = bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }
      return Int(String(decoding: digits, as: UTF8.self))
    }
  }
#endif
