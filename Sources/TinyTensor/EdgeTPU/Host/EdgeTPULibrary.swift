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

  /// libedgetpu, the driver of the Edge TPU, loaded at run time.
  ///
  /// It stays in the process: it has threads and objects of its own, and cannot be taken out.
  @safe
  public struct EdgeTPULibrary: @unchecked Sendable {
    /// Where it was found.
    public let path: String
    /// What it says of itself, such as `BuildLabel(...), RuntimeVersion(14)`.
    public let version: String
    /// The version of its interface to compiled packages; `nil` if ``version`` has none.
    public let runtimeVersion: Int?

    /// Its functions; pointers into code that is never unloaded.
    let functions: Functions

    /// The least runtime version that can be driven: of those before it some lay tensors out differently.
    public static let oldestRuntimeVersion = 14
    /// What to do where it is missing, for the end of a sentence.
    static let advice =
      "install it (on Debian the package libedgetpu1-std from Coral's repository), or name its file in "
      + "TINYTENSOR_EDGETPU_LIB"

    /// The functions of its C interface.
    @safe
    struct Functions {
      typealias ListDevices = @convention(c) (UnsafeMutablePointer<Int>) -> UnsafeMutableRawPointer?
      typealias FreeDevices = @convention(c) (UnsafeMutableRawPointer?) -> Void
      typealias CreateDelegate =
        @convention(c) (Int32, UnsafePointer<CChar>?, UnsafeRawPointer?, Int) -> UnsafeMutableRawPointer?
      typealias FreeDelegate = @convention(c) (UnsafeMutableRawPointer?) -> Void
      typealias Verbosity = @convention(c) (Int32) -> Void
      typealias Version = @convention(c) () -> UnsafePointer<CChar>?
      typealias RegisterCustomOperator = @convention(c) () -> UnsafeRawPointer?

      let listDevices: ListDevices
      let freeDevices: FreeDevices
      let createDelegate: CreateDelegate
      let freeDelegate: FreeDelegate
      let verbosity: Verbosity
      /// `edgetpu::RegisterCustomOp()`, which every build has exported, though it is not of the C interface.
      let registerCustomOperator: RegisterCustomOperator?
    }

    /// Loads the library.
    ///
    /// Whether it is new enough is another question: see ``requireUsable()``.
    ///
    /// - Parameter path: its file; `nil` takes what the environment variable `TINYTENSOR_EDGETPU_LIB` names, or else
    ///   what the system finds as `libedgetpu.so.1`.
    /// - Throws: ``ModelError`` when it is not there, or cannot be loaded, or lacks a function.
    public init(path: String? = nil) throws(ModelError) {
      let (handle, name) = try unsafe Self.load(path ?? Self.pathInEnvironment)
      // Sound: each symbol is the function of that name in libedgetpu's C interface, edgetpu_c.h.
      func address(_ symbol: String) throws(ModelError) -> UnsafeMutableRawPointer {
        if let address = unsafe dlsym(handle, symbol) { return unsafe address }
        throw ModelError(
          .libraryUnusable, "\(name) has no function \(symbol), so it is no libedgetpu; \(Self.advice)")
      }
      let version = unsafe unsafeBitCast(try address("edgetpu_version"), to: Functions.Version.self)
      unsafe functions = Functions(
        listDevices: unsafeBitCast(try address("edgetpu_list_devices"), to: Functions.ListDevices.self),
        freeDevices: unsafeBitCast(try address("edgetpu_free_devices"), to: Functions.FreeDevices.self),
        createDelegate: unsafeBitCast(try address("edgetpu_create_delegate"), to: Functions.CreateDelegate.self),
        freeDelegate: unsafeBitCast(try address("edgetpu_free_delegate"), to: Functions.FreeDelegate.self),
        verbosity: unsafeBitCast(try address("edgetpu_verbosity"), to: Functions.Verbosity.self),
        registerCustomOperator: dlsym(handle, "_ZN7edgetpu16RegisterCustomOpEv").map {
          unsafe unsafeBitCast($0, to: Functions.RegisterCustomOperator.self)
        })
      self.path = unsafe Self.file(of: try address("edgetpu_version")) ?? name
      self.version = unsafe version().map { unsafe String(cString: $0) } ?? ""
      runtimeVersion = Self.runtimeVersion(in: self.version)
    }

    /// Refuses a library that cannot be driven.
    ///
    /// - Throws: ``ModelError`` when its runtime version is too old, or not known.
    public func requireUsable() throws(ModelError) {
      guard let runtimeVersion else {
        throw ModelError(
          .libraryTooOld,
          "\(path) does not say its runtime version (\"\(version)\"); runtime version \(Self.oldestRuntimeVersion) or "
            + "later is needed: install libedgetpu 16.0 or later")
      }
      guard runtimeVersion >= Self.oldestRuntimeVersion else {
        throw ModelError(
          .libraryTooOld,
          "\(path) has runtime version \(runtimeVersion); \(Self.oldestRuntimeVersion) or later is needed, since older "
            + "ones differ in the layout of tensors: install libedgetpu 16.0 or later")
      }
    }

    /// The Edge TPUs that are there, in the library's order. None is opened.
    ///
    /// - Complexity: asks the system's buses; some milliseconds.
    public var devices: [EdgeTPUDevice] {
      var count = 0
      // Sound: a block with that many records, whose paths lie in it; it is freed when they have been copied.
      guard let records = unsafe functions.listDevices(&count) else { return [] }
      var devices: [EdgeTPUDevice] = []
      var counts: [Int32: Int] = [:]
      for index in 0..<max(0, count) {
        let record = unsafe records + index * HostLayout.Device.stride
        let type = unsafe record.load(fromByteOffset: HostLayout.Device.type, as: Int32.self)
        let path = unsafe record.load(fromByteOffset: HostLayout.Device.path, as: UnsafePointer<CChar>?.self)
        let place = counts[type, default: 0]
        counts[type] = place + 1
        devices.append(
          EdgeTPUDevice(type: type, path: unsafe path.map { unsafe String(cString: $0) } ?? "", index: place))
      }
      unsafe functions.freeDevices(records)
      return devices
    }
  }

  extension EdgeTPULibrary {
    private static var pathInEnvironment: String? {
      // Sound: a string that ends with a zero, which nobody changes while it is read.
      guard let text = unsafe getenv("TINYTENSOR_EDGETPU_LIB").map({ unsafe String(cString: $0) }) else { return nil }
      return text.isEmpty ? nil : text
    }

    #if canImport(Darwin)
      private static let names = ["libedgetpu.1.dylib", "libedgetpu.1.0.dylib"]
    #else
      private static let names = ["libedgetpu.so.1", "libedgetpu.so.1.0"]
    #endif

    /// The loaded library, and the name that it was found by.
    private static func load(_ path: String?) throws(ModelError) -> (UnsafeMutableRawPointer, String) {
      var reason = ""
      for name in path.map({ [$0] }) ?? names {
        // Local, since it may define operators of C++ that nobody else should get. Never closed.
        if let handle = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) { return unsafe (handle, name) }
        let text = unsafe dlerror().map { unsafe String(cString: $0) } ?? "no reason given"
        // The loader's own sentence names what is missing: the library itself, or one that it needs.
        if !isAbsence(of: name, text) {
          throw ModelError(.libraryUnusable, "libedgetpu cannot be loaded: \(text); \(advice)")
        }
        if reason.isEmpty { reason = path.map { "there is no \($0)" } ?? "libedgetpu is not installed (no \(name))" }
      }
      throw ModelError(
        .libraryNotFound, "no Edge TPU: \(reason); \(advice), or run the uncompiled model on the CPU")
    }

    /// Whether the loader's message says that the library itself is not there, and not one that it needs.
    static func isAbsence(of name: String, _ message: String) -> Bool {
      #if canImport(Darwin)
        message.contains("\(name), ") && message.contains("no such file") && !message.contains("Library not loaded")
      #else
        message.utf8.starts(with: name.utf8) && message.contains("No such file or directory")
      #endif
    }

    private static func file(of address: UnsafeRawPointer) -> String? {
      // Some C libraries hide its declaration: `int dladdr(const void *, Dl_info *)`, with a record of four pointers of
      // which the first is the file's name.
      typealias Find = @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer) -> Int32
      guard let find = unsafe dlsym(dlopen(nil, RTLD_NOW), "dladdr") else { return nil }
      let record = UnsafeMutableRawPointer.allocate(byteCount: 32, alignment: 8)
      defer { unsafe record.deallocate() }
      guard unsafe unsafeBitCast(find, to: Find.self)(address, record) != 0,
        let name = unsafe record.load(as: UnsafePointer<CChar>?.self)
      else { return nil }
      return unsafe String(cString: name)
    }

    /// The number in `RuntimeVersion(14)`.
    static func runtimeVersion(in text: String) -> Int? {
      let wanted = Array("RuntimeVersion(".utf8)
      let bytes = Array(text.utf8)
      guard bytes.count >= wanted.count else { return nil }
      for start in 0...(bytes.count - wanted.count) where bytes[start...].starts(with: wanted) {
        let digits = bytes[(start + wanted.count)...].prefix { (48...57).contains($0) }
        let end = start + wanted.count + digits.count
        guard digits.count <= 9, end < bytes.count, bytes[end] == 41 else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
      }
      return nil
    }
  }
#endif

/// An Edge TPU that libedgetpu has found.
public struct EdgeTPUDevice: Sendable, Hashable {
  /// How it is connected; `nil` for a kind that this version does not know.
  public let connection: EdgeTPUConnection?
  /// Where the system has it, such as `/dev/apex_0` or `/sys/bus/usb/devices/2-1`.
  public let path: String
  /// The name that means it alone, such as `usb:0`; `nil` for a kind that this version does not know.
  public let name: EdgeTPUName?

  /// - Parameters:
  ///   - type: as libedgetpu numbers it.
  ///   - path: where the system has it.
  ///   - index: its number among those of its type.
  init(type: Int32, path: String, index: Int = 0) {
    switch type {
    case EdgeTPUConnection.pci.number: connection = .pci
    case EdgeTPUConnection.usb.number: connection = .usb
    default: connection = nil
    }
    name = connection.map { EdgeTPUName(connection: $0, index: index) }
    self.path = path
  }
}
