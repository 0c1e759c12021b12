#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// The machine and the process that measurements are made on and by.
enum Machine {
  /// The processor's name, or the architecture's where the system does not tell.
  static var processor: String {
    #if canImport(Darwin)
      var size = 0
      if unsafe sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0, size > 0 {
        var name = [UInt8](repeating: 0, count: size)
        if unsafe sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 {
          return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        }
      }
    #else
      if let bytes = try? Files.read("/proc/cpuinfo") {
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasPrefix("model name") {
          if let colon = line.firstIndex(of: ":") {
            return String(line[line.index(after: colon)...].drop { $0 == " " })
          }
        }
      }
    #endif
    return architecture
  }

  static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown architecture"
    #endif
  }

  /// Processors that this process may use.
  static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Processes that have wanted to run at a time, on the average of the last minute, or `nil` if nobody counts them.
  static var loadAverage: Double? {
    var average = 0.0
    return unsafe getloadavg(&average, 1) == 1 ? average : nil
  }

  /// The most memory that the process has had at a time, in bytes.
  static var peakResidentBytes: Int {
    var usage = rusage()
    #if canImport(Glibc)
      unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    #else
      unsafe getrusage(RUSAGE_SELF, &usage)
    #endif
    #if canImport(Darwin)
      return Int(usage.ru_maxrss)
    #else
      return Int(usage.ru_maxrss) * 1024
    #endif
  }
}
