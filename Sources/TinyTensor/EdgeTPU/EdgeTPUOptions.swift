/// Which Edge TPU runs a model's compiled operators, and how.
public struct EdgeTPUOptions: Sendable, Hashable {
  /// Which of the Edge TPUs that are there.
  public var device: EdgeTPUName
  /// The chip's clock; `nil` leaves the choice to libedgetpu, which takes the highest.
  public var performance: Performance?
  /// Whether a USB device gets its firmware anew each time it is opened; `nil` leaves the choice to libedgetpu.
  public var alwaysLoadsFirmware: Bool?
  /// How many transfers from a USB device may be under way, from 0 to 256; `nil` leaves the choice to libedgetpu.
  public var transferQueueLength: Int?
  /// How much libedgetpu writes to standard error, from 0 to 10; `nil` leaves that as it is. It holds for the process.
  public var verbosity: Int?
  /// The library's file; `nil` takes what the environment variable `TINYTENSOR_EDGETPU_LIB` names, or else what the
  /// system finds as `libedgetpu.so.1`.
  public var libraryPath: String?
  /// Whether the library runs in a process of its own.
  public var isolation: Isolation
  /// How kernels are handed over.
  var route = HostRoute.standard

  /// The clock of the chip. Higher is faster and warmer.
  public enum Performance: String, Sendable, Hashable, CaseIterable {
    /// The lowest clock.
    case low = "Low"
    /// Above ``low``.
    case medium = "Medium"
    /// Above ``medium``.
    case high = "High"
    /// The highest clock, which libedgetpu takes unless it is told otherwise.
    case max = "Max"
  }

  /// Where the library runs.
  public enum Isolation: Sendable, Hashable {
    /// In this process, which libedgetpu ends (`abort`) when a USB device is pulled.
    case none
    /// In a helper process; its end is an error of the run. All isolated models of this process that are on one
    /// device share one helper.
    ///
    /// - Parameter executable: the program to start, which must call ``EdgeTPUHelper/serveIfAsked()`` first of all, as
    ///   `tinyrun` does; `nil` is the program that runs now.
    case helperProcess(executable: String?)
  }

  /// Which Edge TPU runs a model's compiled operators, and how.
  ///
  /// libedgetpu opens a device once: a model that shares a device with another one shares its ``performance``,
  /// ``alwaysLoadsFirmware`` and ``transferQueueLength`` too, whatever it asks for.
  ///
  /// - Parameters:
  ///   - device: which of those that are there.
  ///   - performance: the chip's clock.
  ///   - alwaysLoadsFirmware: whether a USB device gets its firmware each time.
  ///   - transferQueueLength: transfers from a USB device that may be under way, from 0 to 256.
  ///   - verbosity: how much libedgetpu writes to standard error, from 0 to 10.
  ///   - libraryPath: the library's file.
  ///   - isolation: whether the library runs in a process of its own.
  public init(
    device: EdgeTPUName = .any, performance: Performance? = nil, alwaysLoadsFirmware: Bool? = nil,
    transferQueueLength: Int? = nil, verbosity: Int? = nil, libraryPath: String? = nil, isolation: Isolation = .none
  ) {
    self.device = device
    self.performance = performance
    self.alwaysLoadsFirmware = alwaysLoadsFirmware
    self.transferQueueLength = transferQueueLength
    self.verbosity = verbosity
    self.libraryPath = libraryPath
    self.isolation = isolation
  }
}

extension EdgeTPUOptions {
  /// A name and a value, as `edgetpu_create_delegate` takes them.
  struct Setting: Sendable, Hashable {
    var name: String
    var value: String
  }

  /// What is not left to libedgetpu.
  ///
  /// - Throws: ``ModelError`` for a length or verbosity out of range, which libedgetpu would refuse or ignore.
  func settings() throws(ModelError) -> [Setting] {
    var settings: [Setting] = []
    if let performance { settings.append(Setting(name: "Performance", value: performance.rawValue)) }
    if let alwaysLoadsFirmware {
      settings.append(Setting(name: "Usb.AlwaysDfu", value: alwaysLoadsFirmware ? "True" : "False"))
    }
    if let transferQueueLength {
      guard (0...256).contains(transferQueueLength) else {
        throw ModelError(
          .invalidOption, "the Edge TPU's transfer queue has a length from 0 to 256, not \(transferQueueLength)")
      }
      settings.append(Setting(name: "Usb.MaxBulkInQueueLength", value: String(transferQueueLength)))
    }
    if let verbosity, !(0...10).contains(verbosity) {
      throw ModelError(.invalidOption, "the verbosity of libedgetpu is from 0 to 10, not \(verbosity)")
    }
    return settings
  }
}

/// An Edge TPU among those that are there, as pycoral names them: the empty string, `:N`, `usb`, `usb:N`, `pci`, `pci:N`.
public struct EdgeTPUName: Sendable, Hashable {
  /// How it is connected; `nil` for either way.
  public var connection: EdgeTPUConnection?
  /// Its number among those that are connected so, from 0; `nil` leaves the choice to libedgetpu, which takes one that
  /// is not in use, if there is one.
  public var index: Int?

  /// An Edge TPU among those that are there.
  ///
  /// - Parameters:
  ///   - connection: how it is connected, or `nil` for either way.
  ///   - index: its number, from 0, or `nil` for any.
  public init(connection: EdgeTPUConnection? = nil, index: Int? = nil) {
    self.connection = connection
    self.index = index
  }

  /// Any Edge TPU.
  public static let any = EdgeTPUName()
  /// Any Edge TPU on USB.
  public static let usb = EdgeTPUName(connection: .usb)
  /// Any Edge TPU on PCI Express.
  public static let pci = EdgeTPUName(connection: .pci)
}

extension EdgeTPUName: LosslessStringConvertible {
  /// The Edge TPU of a name.
  ///
  /// - Parameter description: the empty string, `:N`, `usb`, `usb:N`, `pci` or `pci:N`; `nil` comes of others.
  public init?(_ description: String) {
    let parts = description.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.first else { return nil }
    switch name {
    case "": connection = nil
    case "usb": connection = .usb
    case "pci": connection = .pci
    default: return nil
    }
    index = nil
    guard parts.count == 2 else { return }
    guard let digits = parts.last, !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }),
      let number = Int(digits)
    else { return nil }
    index = number
  }

  /// The name.
  public var description: String {
    let name: String
    switch connection {
    case .usb: name = "usb"
    case .pci: name = "pci"
    case nil: name = ""
    }
    return index.map { "\(name):\($0)" } ?? name
  }
}

/// How an Edge TPU is connected.
public enum EdgeTPUConnection: Sendable, Hashable {
  /// PCI Express, also as M.2 and on boards.
  case pci
  /// USB.
  case usb

  /// As libedgetpu numbers them.
  var number: Int32 {
    switch self {
    case .pci: 0
    case .usb: 1
    }
  }
}
