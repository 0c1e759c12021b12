#if !hasFeature(Embedded)
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Android)
    import Android
  #elseif canImport(Darwin)
    import Darwin
  #endif
#endif

/// What the processor offers beyond its architecture's baseline, and the operating system lets programs use.
struct ProcessorFeatures: Sendable, Hashable {
  var hasAVX2 = false
  var hasAVXVNNI = false
  /// AVX-512 with F, BW, VL, DQ and VNNI.
  var hasAVX512VNNI = false

  /// Those of the processor that runs this.
  static let current = ProcessorFeatures.detect()

  #if arch(x86_64) && !hasFeature(Embedded) && (canImport(Glibc) || canImport(Musl) || canImport(Android))
    private static func detect() -> ProcessorFeatures {
      active() ?? listed()
    }

    /// As the C library found them: glibc 2.33 and later.
    private static func active() -> ProcessorFeatures? {
      typealias Leaf = @convention(c) (UInt32) -> UnsafePointer<UInt32>?
      // Sound: the symbol's contract, in glibc's <sys/platform/x86.h>, is this type; 8 words: 4 of cpuid, 4 of what
      // the system lets programs use.
      guard let symbol = unsafe dlsym(nil, "__x86_get_cpuid_feature_leaf") else { return nil }
      let leaf = unsafe unsafeBitCast(symbol, to: Leaf.self)
      guard let seven = unsafe leaf(1), let sevenOne = unsafe leaf(6) else { return nil }
      let (ebx, ecx, eax) = unsafe (seven[5], seven[6], sevenOne[4])
      func bit(_ word: UInt32, _ number: UInt32) -> Bool { word >> number & 1 == 1 }
      return ProcessorFeatures(
        hasAVX2: bit(ebx, 5), hasAVXVNNI: bit(ebx, 5) && bit(eax, 4),
        hasAVX512VNNI: bit(ebx, 16) && bit(ebx, 17) && bit(ebx, 30) && bit(ebx, 31) && bit(ecx, 11))
    }

    /// As the kernel lists them.
    private static func listed() -> ProcessorFeatures {
      guard let file = unsafe fopen("/proc/cpuinfo", "r") else { return ProcessorFeatures() }
      defer { unsafe fclose(file) }
      let size = 1 << 14
      let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
      defer { unsafe buffer.deallocate() }
      // Sound: the buffer has this many bytes, and fgets ends what it reads with a zero.
      while unsafe fgets(buffer, Int32(size), file) != nil {
        let line = unsafe String(cString: buffer)
        guard line.hasPrefix("flags") else { continue }
        let flags = Set(line.split { $0 == " " || $0 == "\n" || $0 == "\t" })
        let wide: [Substring] = ["avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"]
        return ProcessorFeatures(
          hasAVX2: flags.contains("avx2"), hasAVXVNNI: flags.contains("avx2") && flags.contains("avx_vnni"),
          hasAVX512VNNI: wide.allSatisfy { flags.contains($0) })
      }
      return ProcessorFeatures()
    }
  #elseif arch(x86_64) && canImport(Darwin)
    private static func detect() -> ProcessorFeatures {
      func has(_ name: String) -> Bool {
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        // Sound: the value has this size.
        return unsafe sysctlbyname(name, &value, &size, nil, 0) == 0 && value == 1
      }
      let wide = ["avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512vnni"]
      return ProcessorFeatures(
        hasAVX2: has("hw.optional.avx2_0"), hasAVXVNNI: false,
        hasAVX512VNNI: wide.allSatisfy { has("hw.optional." + $0) })
    }
  #else
    private static func detect() -> ProcessorFeatures { ProcessorFeatures() }
  #endif
}

extension KernelSet {
  /// Whether this processor can run the set.
  public var isAvailable: Bool {
    switch self {
    case .reference, .portable: true
    case .avx2: ProcessorFeatures.current.hasAVX2
    case .avxvnni: ProcessorFeatures.current.hasAVXVNNI
    case .avx512vnni: ProcessorFeatures.current.hasAVX512VNNI
    }
  }

  /// The fastest set that this processor can run.
  public static var fastest: KernelSet {
    allCases.last { $0.isAvailable } ?? .reference
  }

  /// What the environment variable `TINYTENSOR_KERNELS` names; `nil` where it is not set.
  static func named(inEnvironment variable: String = "TINYTENSOR_KERNELS") throws(ModelError) -> KernelSet? {
    #if hasFeature(Embedded) || os(Windows)
      return nil
    #else
      // Sound: a string that ends with a zero, which nobody changes while it is read.
      guard let text = unsafe getenv(variable).map({ unsafe String(cString: $0) }), !text.isEmpty else { return nil }
      if let set = KernelSet(rawValue: text) { return set }
      throw ModelError(
        .unknownName, "there are no kernels named \(text), which \(variable) asks for; there are \(Self.names)")
    #endif
  }

  /// The names of all sets.
  static var names: String {
    var text = ""
    for set in allCases { text += (text.isEmpty ? "" : ", ") + set.rawValue }
    return text
  }
}

extension CPUOptions {
  /// The kernels that these options choose on this processor: ``kernels``, or else what the environment variable
  /// `TINYTENSOR_KERNELS` names, or else the fastest.
  ///
  /// - Throws: ``ModelError`` when there are no kernels of that name, or this processor cannot run them.
  public func chosenKernels() throws(ModelError) -> KernelSet {
    var chosen = kernels
    if chosen == nil { chosen = try KernelSet.named() }
    guard let set = chosen else { return .fastest }
    guard set.isAvailable else {
      throw ModelError(
        .deviceUnavailable,
        "this processor cannot run the \(set.rawValue) kernels; its fastest are those named "
          + KernelSet.fastest.rawValue)
    }
    return set
  }
}
