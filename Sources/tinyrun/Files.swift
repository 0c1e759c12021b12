import Foundation

/// Reading and writing whole files, with errors that name them. `-` is standard input.
enum Files {
  /// A file's bytes.
  ///
  /// - Throws: ``Failure`` when it cannot be read. Devices are refused: they may have no end.
  static func read(_ path: String) throws -> [UInt8] {
    if path.isEmpty { throw Failure(.refused, "cannot read a file without a name") }
    let isStandardInput = path == "-"
    do {
      if !isStandardInput {
        switch kind(of: path) {
        case .typeDirectory: throw Failure(.refused, "cannot read \(path): it is a folder")
        case .typeCharacterSpecial, .typeBlockSpecial, .typeSocket:
          throw Failure(.refused, "cannot read \(path): it is a device, not a file")
        default: break
        }
      }
      let handle =
        isStandardInput ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      return [UInt8](try handle.readToEnd() ?? Data())
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.refused, "cannot read \(isStandardInput ? "standard input" : path): \(reason(error))")
    }
  }

  /// Writes a file anew.
  ///
  /// A regular file is replaced in one step, never shortened in place: it may be the model that is mapped and in use.
  static func write(_ bytes: [UInt8], to path: String) throws {
    do {
      let replaces = kind(of: path) == .typeRegular
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: replaces ? .atomic : [])
    } catch {
      throw Failure(.refused, "cannot write \(path): \(reason(error))")
    }
  }

  static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure(.refused, "cannot make the folder \(path): \(reason(error))")
    }
  }

  /// What a path leads to, or `nil` if that cannot be found out.
  static func kind(of path: String) -> FileAttributeType? {
    // Foundation's attributes would look up the owner's name, which takes a millisecond.
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .typeRegular
    case S_IFDIR: return .typeDirectory
    case S_IFCHR: return .typeCharacterSpecial
    case S_IFBLK: return .typeBlockSpecial
    case S_IFSOCK: return .typeSocket
    default: return .typeUnknown
    }
  }

  /// Whether nothing but a regular file is found at a path.
  static func isRegularOrMissing(_ path: String) -> Bool {
    let kind = kind(of: path)
    return kind == nil || kind == .typeRegular
  }

  /// Whether anything is found at a path.
  static func exists(_ path: String) -> Bool { kind(of: path) != nil }

  /// The system's words for an error, where it has any.
  static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
    let system = (underlying ?? error) as NSError
    let number = system.domain == NSPOSIXErrorDomain ? system.code : nil
    if let number, let text = unsafe strerror(Int32(clamping: number)) { return unsafe String(cString: text) }
    return error.localizedDescription
  }
}
