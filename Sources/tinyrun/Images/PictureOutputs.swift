/// Files that are written for pictures, one for each: what `--output FILE.png` or `--output FOLDER/` asks for.
struct PictureOutputs {
  /// In the order of the pictures.
  let paths: [String]

  /// - Parameters:
  ///   - value: the option's value.
  ///   - option: its name.
  ///   - names: the names of the pictures that are read, which are not written over.
  /// - Throws: ``Failure``: a usage error where the value does not name as many files.
  init(_ value: String, option: String, for names: [String]) throws {
    let identities = Set(names.compactMap { Files.identity(of: $0) })
    func isTaken(_ path: String) -> Bool { Files.identity(of: path).map { identities.contains($0) } ?? false }
    let isFolder = value.hasSuffix("/") || Files.kind(of: value) == .folder
    guard isFolder else {
      guard names.count == 1 else {
        throw Failure(
          .usage,
          "\(option) \(value) is one file for \(names.count) pictures; name a folder, as in \(option) \(value)/")
      }
      guard value.lowercased().hasSuffix(".png") else {
        throw Failure(
          .usage, "\(option) writes PNG files; let its name end in .png, or in / for a folder, not \(value)")
      }
      guard !isTaken(value) else {
        throw Failure(.usage, "\(option) \(value) is the picture itself; give the drawing another name")
      }
      paths = [value]
      return
    }
    try Files.makeFolder(value)
    let folder = value.hasSuffix("/") ? value : value + "/"
    // Not every system tells letters from capitals.
    var used: Set<String> = []
    paths = names.map { name in
      let base = PictureFiles.base(name)
      var path = "\(folder)\(base).png"
      var number = 2
      while isTaken(path) || !used.insert(path.lowercased()).inserted {
        path = "\(folder)\(base)-\(number).png"
        number += 1
      }
      return path
    }
  }
}
