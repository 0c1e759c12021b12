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
    let descriptor = try openForReading(path)
    defer { close(descriptor) }
    return try readAll(descriptor, path)
  }

  /// A file that is open; the caller closes it.
  static func openForReading(_ path: String) throws -> Int32 {
    let descriptor = unsafe SystemPath.withCString(path) { unsafe open($0, O_RDONLY | O_CLOEXEC) }
    let number = errno
    guard descriptor >= 0 else { throw Failure(.refused, "cannot read \(path): \(reason(number))") }
    return descriptor
  }

  /// The most bytes of a file that is read as a whole: twice those of the largest tensor, unless limits are changed.
  private static let mostBytes = 1 << 31

  private static func tooLarge(_ name: String) -> Failure {
    Failure(.refused, "\(name) has more than \(mostBytes) bytes, more than any tensor, picture or list takes")
  }

  private static func readAll(_ descriptor: Int32, _ name: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var status = stat()
    if unsafe fstat(descriptor, &status) == 0, status.st_size > 0 {
      guard status.st_size <= mostBytes else { throw tooLarge(name) }
      bytes.reserveCapacity(Int(status.st_size) + 1)
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let size = buffer.count
      // Sound: the buffer has this many bytes.
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe systemRead(descriptor, $0.baseAddress, size) }
      let number = errno
      if count > 0 {
        guard bytes.count + count <= mostBytes else { throw tooLarge(name) }
        bytes += buffer[..<count]
      } else if count == 0 {
        return bytes
      } else if number != EINTR {
        throw Failure(.refused, "cannot read \(name): \(reason(number))")
      }
    }
  }

  /// Writes a file anew.
  ///
  /// A regular file is replaced in one step, never shortened in place: it may be the model that is mapped and in use. So
  /// a file that could not be written whole is not there, or as it was.
  static func write(_ bytes: [UInt8], to path: String) throws {
    func failure(_ number: Int32) -> Failure { Failure(.refused, "cannot write \(path): \(reason(number))") }
    if path.isEmpty { throw Failure(.refused, "cannot write a file without a name") }
    let kind = kind(of: path)
    guard kind == .regular || kind == nil && !isLink(path) else {
      // A pipe, a terminal, or a link to a file that is not there yet.
      let descriptor = unsafe SystemPath.withCString(path) {
        unsafe open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      }
      let number = errno
      guard descriptor >= 0 else { throw failure(number) }
      let writing = writeAll(bytes, to: descriptor)
      let closing = close(descriptor) == 0 ? nil : errno
      if let number = writing ?? closing { throw failure(number) }
      return
    }
    // The file that a link leads to is replaced, not the link.
    let target = kind == nil ? path : resolved(path)
    if kind != nil, unsafe SystemPath.withCString(target, { unsafe access($0, W_OK) }) != 0 { throw failure(errno) }
    let (descriptor, temporary) = try openTemporary(beside: target, failure)
    var number = writeAll(bytes, to: descriptor)
    if number == nil, let mode = permissions(of: target), fchmod(descriptor, mode) != 0 { number = errno }
    if close(descriptor) != 0, number == nil { number = errno }
    if number == nil {
      let status = unsafe SystemPath.withCString(temporary) { from in
        unsafe SystemPath.withCString(target) { to in unsafe rename(from, to) }
      }
      if status != 0 { number = errno }
    }
    if let number {
      _ = unsafe SystemPath.withCString(temporary) { unsafe unlink($0) }
      throw failure(number)
    }
  }

  /// Opens a new file in a file's folder. Nobody else can have put it there, as a link to a file of ours.
  private static func openTemporary(
    beside target: String, _ failure: (Int32) -> Failure
  ) throws -> (descriptor: Int32, path: String) {
    let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? ""
    var number: Int32 = 0
    for attempt in 0..<100 {
      let path = "\(folder).tinyrun-\(getpid())-\(attempt).tmp"
      let descriptor = unsafe SystemPath.withCString(path) {
        unsafe open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
      }
      number = errno
      if descriptor >= 0 { return (descriptor, path) }
      guard number == EEXIST else { break }
    }
    throw failure(number)
  }

  /// The path of the file that a path leads to, without links.
  private static func resolved(_ path: String) -> String {
    guard let real = unsafe SystemPath.withCString(path, { unsafe realpath($0, nil) }) else { return path }
    defer { unsafe free(real) }
    // Sound: the system ends the path with a zero.
    return unsafe SystemPath.text(UnsafeRawBufferPointer(start: real, count: strlen(real)))
  }

  private static func isLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe SystemPath.withCString(path) { unsafe lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// What a file's owner, group and others may do with it; `nil` where there is no file.
  private static func permissions(of path: String) -> mode_t? {
    status(of: path).map { $0.st_mode & 0o777 }
  }

  /// Writes all bytes.
  ///
  /// - Returns: the number of the error that kept it from that; `nil` if that went well.
  static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    // Sound: what is written lies inside the array.
    unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = unsafe systemWrite(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
        let number = errno
        if count >= 0 {
          done += count
        } else if number != EINTR {
          return number
        }
      }
      return nil
    }
  }

  static func makeFolder(_ path: String) throws {
    if path.isEmpty { throw Failure(.usage, "a folder needs a name") }
    if kind(of: path) == .folder { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeFolder(String(path[..<slash])) }
    if path.hasSuffix("/") { return }
    let status = unsafe SystemPath.withCString(path) { unsafe mkdir($0, 0o777) }
    let number = errno
    guard status == 0 || kind(of: path) == .folder else {
      throw Failure(.refused, "cannot make the folder \(path): \(reason(number))")
    }
  }

  /// The names of what is in a folder, in no order.
  static func names(inFolder path: String) throws -> [String] {
    guard let folder = unsafe SystemPath.withCString(path, { unsafe opendir($0) }) else {
      let number = errno
      throw Failure(.refused, "cannot read the folder \(path): \(reason(number))")
    }
    defer { unsafe _ = closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      // Sound: the name is characters, and the system ends it with a zero inside the entry.
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { start in
        let text = unsafe UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
        return unsafe SystemPath.text(UnsafeRawBufferPointer(start: text, count: strlen(text)))
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
    status(of: path).map { status in
      Identity(device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(truncatingIfNeeded: status.st_ino))
    }
  }

  private static func status(of path: String) -> stat? {
    var status = stat()
    return unsafe SystemPath.withCString(path) { unsafe stat($0, &status) } == 0 ? status : nil
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
    guard let status = status(of: path) else { return nil }
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

  /// What the system says of an error.
  static func reason(_ number: Int32) -> String {
    guard let text = unsafe strerror(number) else { return "error \(number)" }
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
