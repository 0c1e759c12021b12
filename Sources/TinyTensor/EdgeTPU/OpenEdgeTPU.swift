/// An Edge TPU that was opened for a model, here or in a helper process.
final class OpenEdgeTPU: Sendable {
  #if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
    private enum Place: Sendable {
      case here(EdgeTPUDelegate)
      case helper(RemoteEdgeTPU)
    }

    private let place: Place
    private let route: HostRoute
    /// The library's file.
    let libraryPath: String
    /// The library's runtime version.
    let runtimeVersion: Int

    /// Opens a device.
    ///
    /// - Parameters:
    ///   - options: which device, and how.
    ///   - runtimeVersion: the least version that the model needs.
    /// - Throws: ``ModelError`` with the step that failed.
    init(_ options: EdgeTPUOptions, needing runtimeVersion: Int) throws(ModelError) {
      let library = try EdgeTPULibrary(path: options.libraryPath)
      try library.requireUsable()
      libraryPath = library.path
      route = options.route
      self.runtimeVersion = library.runtimeVersion ?? 0
      try Self.require(runtimeVersion, of: library.runtimeVersion ?? 0, library.path)
      let choice = try DeviceChoice(options.device, among: library.devices)
      switch options.isolation {
      case .none: place = .here(try EdgeTPUDelegate(library, choice, options))
      case .helperProcess(let executable):
        place = .helper(try RemoteEdgeTPU(library: library.path, choice, options, executable: executable))
      }
    }

    /// Hands over a graph.
    ///
    /// - Parameters:
    ///   - shape: the graph.
    ///   - bytes: where custom options lie.
    func graph(_ shape: CompiledGraphShape, in bytes: FileBytes) throws(ModelError) -> CompiledGraph {
      switch place {
      case .here(let delegate): CompiledGraph(.here(try HostGraph(delegate, shape, in: bytes, route: route)), shape)
      case .helper(let device): CompiledGraph(.helper(try RemoteGraph(device, shape, in: bytes)), shape)
      }
    }

    /// Refuses a model that needs a newer library.
    func require(_ version: Int) throws(ModelError) { try Self.require(version, of: runtimeVersion, libraryPath) }

    private static func require(_ version: Int, of own: Int, _ path: String) throws(ModelError) {
      guard version <= own else {
        throw ModelError(
          .packageTooNew,
          "it was compiled for runtime version \(version) or later; \(path) has version \(own): install a newer "
            + "libedgetpu, or compile the model with --min_runtime_version \(own)")
      }
    }
  #else
    init(_ options: EdgeTPUOptions, needing runtimeVersion: Int) throws(ModelError) {
      throw ModelError(
        .deviceUnavailable, "the Edge TPU cannot be driven on this platform; run the uncompiled model on the CPU")
    }

    func graph(_ shape: CompiledGraphShape, in bytes: FileBytes) throws(ModelError) -> CompiledGraph {
      CompiledGraph(shape)
    }

    func require(_ version: Int) throws(ModelError) {}
  #endif
}
