#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// Reading and writing whole files, with errors that name them. `-` is standard input.
enum Files {
  /// A file's bytes.
  ///
  /// - Throws: ``Failure`` when it cannot be read. Devices are refused: they may have no end.
  static func read(_ path: String) throws -> [UInt8] {
    if path.isEmpty { throw Failure(.refused, "cannot read a file without a name") }
    if path == "-" { return try readAll(STDIN_FILENO, "standard input") }
    switch kind(of: path) {
    case .folder: throw Failure(.refused, "cannot read \(path): it is a folder")
    case .device: throw Failure(.refused, "cannot read \(path): it is a device, not a file")
    case .regular, .other, nil: break
    }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(.refused, "cannot read \(path): \(lastReason)") }
    defer { close(descriptor) }
    return try readAll(descriptor, path)
  }

  private static func readAll(_ descriptor: Int32, _ name: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var status = stat()
    if unsafe fstat(descriptor, &status) == 0, status.st_size > 0 { bytes.reserveCapacity(Int(status.st_size) + 1) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let size = buffer.count
      // Sound: the buffer has this many bytes.
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe systemRead(descriptor, $0.baseAddress, size) }
      if count > 0 {
        bytes += buffer[..<count]
      } else if count == 0 {
        return bytes
      } else if errno != EINTR {
        throw Failure(.refused, "cannot read \(name): \(lastReason)")
      }
    }
  }

  /// Writes a file anew.
  ///
  /// A regular file is replaced in one step, never shortened in place: it may be the model that is mapped and in use.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let replaces = kind(of: path) == .regular
    let target = replaces ? "\(path).\(getpid()).tmp" : path
    let descriptor = unsafe open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Failure(.refused, "cannot write \(path): \(lastReason)") }
    var reason = writeAll(bytes, to: descriptor) ? nil : lastReason
    if close(descriptor) != 0, reason == nil { reason = lastReason }
    if replaces, reason == nil, unsafe rename(target, path) != 0 { reason = lastReason }
    if let reason {
      if replaces { unsafe unlink(target) }
      throw Failure(.refused, "cannot write \(path): \(reason)")
    }
  }

  /// Writes all bytes; returns whether that went well, else `errno` says why.
  static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    // Sound: what is written lies inside the array.
    unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = unsafe systemWrite(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
        if count >= 0 {
          done += count
        } else if errno != EINTR {
          return false
        }
      }
      return true
    }
  }

  static func makeFolder(_ path: String) throws {
    if kind(of: path) == .folder { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeFolder(String(path[..<slash])) }
    guard unsafe path.hasSuffix("/") || mkdir(path, 0o777) == 0 || kind(of: path) == .folder else {
      throw Failure(.refused, "cannot make the folder \(path): \(lastReason)")
    }
  }

  /// The names of what is in a folder, in no order.
  static func names(inFolder path: String) throws -> [String] {
    guard let folder = unsafe opendir(path) else {
      throw Failure(.refused, "cannot read the folder \(path): \(lastReason)")
    }
    defer { unsafe _ = closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      // Sound: the name is characters, and the system ends it with a zero inside the entry.
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { start in
        unsafe String(cString: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// What tells a file from all others, whatever path leads to it.
  struct Identity: Hashable {
    let device: UInt64
    let number: UInt64
  }

  /// What tells the file at a path from all others; `nil` if there is none.
  static func identity(of path: String) -> Identity? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(truncatingIfNeeded: status.st_ino))
  }

  /// What a path leads to.
  enum Kind {
    case regular
    case folder
    case device
    case other
  }

  /// What a path leads to; `nil` if it leads nowhere.
  static func kind(of path: String) -> Kind? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .regular
    case S_IFDIR: return .folder
    case S_IFCHR, S_IFBLK, S_IFSOCK: return .device
    default: return .other
    }
  }

  /// Whether nothing but a regular file is found at a path.
  static func isRegularOrMissing(_ path: String) -> Bool {
    let kind = kind(of: path)
    return kind == nil || kind == .regular
  }

  /// Whether two paths lead to the same file.
  static func areSame(_ one: String, _ other: String) -> Bool {
    guard let first = identity(of: one) else { return false }
    return first == identity(of: other)
  }

  /// Whether anything is found at a path.
  static func exists(_ path: String) -> Bool { kind(of: path) != nil }

  /// What the system says of the call that failed last.
  static var lastReason: String {
    guard let text = unsafe strerror(errno) else { return "error \(errno)" }
    return unsafe String(cString: text)
  }
}

// The names are those of this file's own functions too.

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  unsafe read(descriptor, buffer, count)
}

private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, buffer, count)
}
