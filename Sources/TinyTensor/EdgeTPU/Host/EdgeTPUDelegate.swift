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

  /// An Edge TPU that libedgetpu has opened: its `TfLiteDelegate`. The last one on a device closes it.
  @safe
  final class EdgeTPUDelegate: @unchecked Sendable {
    let library: EdgeTPULibrary
    /// Valid as long as the object lives.
    let pointer: UnsafeMutableRawPointer

    /// Opens a device, or shares one that this process has open.
    ///
    /// - Parameters:
    ///   - library: which has been found usable.
    ///   - choice: which device.
    ///   - options: how it shall run.
    /// - Throws: ``ModelError`` when it cannot be opened.
    /// - Complexity: seconds, where a USB device gets its firmware.
    init(
      _ library: EdgeTPULibrary, _ choice: DeviceChoice, _ options: EdgeTPUOptions
    ) throws(ModelError) {
      let settings = try options.settings()
      self.library = library
      if let verbosity = options.verbosity { library.functions.verbosity(Int32(verbosity)) }
      // With options there must be a name; the empty one means any device of that type.
      let name = choice.path ?? (settings.isEmpty ? nil : "")
      guard let pointer = unsafe Self.create(library, choice.type, name, settings) else {
        throw choice.openError()
      }
      unsafe self.pointer = pointer
    }

    deinit { unsafe library.functions.freeDelegate(pointer) }

    private static func create(
      _ library: EdgeTPULibrary, _ type: Int32, _ name: String?, _ settings: [EdgeTPUOptions.Setting]
    ) -> UnsafeMutableRawPointer? {
      // Sound: the strings and records live until the call has returned, and are copied in it.
      var texts: [UnsafeMutablePointer<CChar>?] = unsafe settings.flatMap {
        unsafe [strdup($0.name), strdup($0.value)]
      }
      defer { while let text = unsafe texts.popLast() { unsafe free(text) } }
      return unsafe texts.withUnsafeBytes { records in
        // An array of pointers is an array of records of two pointers.
        let first = settings.isEmpty ? nil : records.baseAddress
        guard let name else { return unsafe library.functions.createDelegate(type, nil, first, settings.count) }
        return unsafe name.withCString { name in
          unsafe library.functions.createDelegate(type, name, first, settings.count)
        }
      }
    }
  }
#endif

/// A device as libedgetpu is asked for it.
struct DeviceChoice: Sendable, Hashable {
  /// How it is connected, as libedgetpu numbers it.
  var type: Int32
  /// Where the system has it; `nil` leaves it to libedgetpu which of that type it is.
  var path: String?
  /// The devices that may be meant.
  var candidates: [EdgeTPUDevice]

  /// - Parameters:
  ///   - name: which device.
  ///   - devices: those that are there.
  /// - Throws: ``ModelError`` when there is none of that name.
  init(_ name: EdgeTPUName, among devices: [EdgeTPUDevice]) throws(ModelError) {
    let known = devices.filter { $0.connection != nil }
    guard !known.isEmpty else {
      throw ModelError(
        .deviceUnavailable,
        "no Edge TPU is connected: plug one in (for USB, lsusb shows 1a6e:089a or 18d1:9302; for PCI Express there is "
          + "/dev/apex_0), or run the uncompiled model on the CPU")
    }
    let meant = known.filter { name.connection == nil || $0.connection == name.connection }
    func refuse() -> ModelError {
      let paths = known.map(\.path).joined(separator: ", ")
      return ModelError(
        .deviceUnavailable, "there is no Edge TPU \"\(name)\"; those that are connected are \(paths)")
    }
    guard let first = meant.first, let connection = first.connection else { throw refuse() }
    guard let index = name.index else {
      type = connection.number
      path = nil
      candidates = meant.filter { $0.connection == connection }
      return
    }
    guard meant.indices.contains(index), let own = meant[index].connection else { throw refuse() }
    type = own.number
    path = meant[index].path
    candidates = [meant[index]]
  }
}
