import ImageFiles

/// Reads pictures by name: `FILE`, or `FILE:N` for the N-th image of an IDX file, which is kept for the next one.
struct PictureFiles {
  private var path: String?
  private var images: IDXImages?
  /// A picture that was read before its turn.
  private var kept: (name: String, picture: Picture)?

  /// Ends of the names of pictures in folders.
  private static let extensions = ["png", "jpg", "jpeg", "bmp", "ppm", "pgm", "pnm"]

  mutating func read(_ name: String) throws -> Picture {
    if let kept, kept.name == name {
      self.kept = nil
      return kept.picture
    }
    if !Files.exists(name), let colon = name.lastIndex(of: ":"), let row = Int(name[name.index(after: colon)...]) {
      let file = String(name[..<colon])
      if path != file || images == nil {
        images = try IDXImages(path: file)
        path = file
      }
      guard let images, (0..<images.count).contains(row) else {
        throw Failure(.refused, "\(file) has \(images?.count ?? 0) images; there is no image \(row)")
      }
      return Picture(images, row: row)
    }
    return try Picture.decode(try Files.read(name), path: name)
  }

  /// The first picture that can be read, and its name. It is kept until it is read in its turn.
  ///
  /// - Parameter names: at least one.
  /// - Throws: ``Failure`` of the first one, where none can be read.
  mutating func first(of names: [String]) throws -> (name: String, picture: Picture) {
    var failure: (any Error)?
    for name in names {
      do {
        let found = (name: name, picture: try read(name))
        kept = found
        return found
      } catch {
        failure = failure ?? error
      }
    }
    throw failure ?? Failure(.usage, "there are no pictures")
  }

  /// The names of pictures that a command line's words stand for: a folder is all pictures in it, in the order of their
  /// names.
  ///
  /// - Throws: ``Failure`` for a folder that cannot be read, or has no pictures, and for standard input named twice.
  static func names(_ words: [String]) throws -> [String] {
    guard words.count(where: { $0 == "-" }) <= 1 else { throw Failure(.usage, "standard input, -, can be read once") }
    var names: [String] = []
    for word in words {
      guard Files.kind(of: word) == .folder else {
        names.append(word)
        continue
      }
      let folder = word.hasSuffix("/") ? word : word + "/"
      let found = try Files.names(inFolder: word).filter { !$0.hasPrefix(".") && isPicture($0) }.sorted()
        .map { folder + $0 }.filter { Files.kind(of: $0) == .regular }
      guard !found.isEmpty else {
        throw Failure(
          .refused, "\(word) has no pictures in it: no \(extensions.map { ".\($0)" }.joined(separator: ", "))")
      }
      names += found
    }
    return names
  }

  /// Whether a name ends as a picture's does.
  private static func isPicture(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }

  /// A picture's name without its folders, and without the end that tells a picture's format.
  static func base(_ name: String) -> String {
    if name == "-" { return "standard-input" }
    let last = String(name.split(separator: "/").last ?? "picture")
    let base = isPicture(last) ? String(last[..<(last.lastIndex(of: ".") ?? last.endIndex)]) : last
    // The colon of FILE:N, which not every system allows in names.
    return base.isEmpty ? "picture" : String(base.map { $0 == ":" ? "-" : $0 })
  }
}
