import TinyTensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Tensors of a run in files, with a list of them: what `run --dump-tensors` writes.
struct ExpectedFolder {
  /// A line of the list.
  private struct Entry: Decodable {
    let tensor: Int
    let name: String
    let type: String
    let shape: [Int]
    let file: String
  }

  let path: String
  /// Paths of the files, by tensor.
  private let files: [Int: String]

  /// Reads a folder's list.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - model: the model whose tensors they must be.
  /// - Throws: ``Failure`` when there is no list, or it is not that of this model.
  init(_ path: String, of model: Model) throws {
    let list = "\(path)/tensors.json"
    let entries: [Entry]
    do {
      entries = try JSONDecoder().decode([Entry].self, from: Data(try Files.read(list)))
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.refused, "\(list) is no list of tensors; make the folder with tinyrun run --dump-tensors")
    }
    var files: [Int: String] = [:]
    for entry in entries {
      guard model.tensors.indices.contains(entry.tensor) else {
        throw Failure(
          .refused, "\(list) has tensor \(entry.tensor); the model has \(model.tensors.count): it is another one")
      }
      let info = model.tensors[entry.tensor]
      guard entry.name == info.name, entry.type == info.elementType.name, entry.shape == info.shape else {
        throw Failure(
          .refused,
          "\(list): tensor \(entry.tensor) is \(entry.name), \(entry.type) \(Text.shape(entry.shape)); in the model it "
            + "is \(info.name), \(info.elementType) \(Text.shape(info.shape)): the folder is another model's")
      }
      // A list may name its own folder's files alone.
      guard !entry.file.isEmpty, entry.file != "-", !entry.file.contains("/"), entry.file != ".." else {
        throw Failure(.refused, "\(list): \(entry.file) is not the name of a file beside it")
      }
      files[entry.tensor] = "\(path)/\(entry.file)"
    }
    self.path = path
    self.files = files
  }

  /// The tensors that it has.
  var tensors: Set<Int> { Set(files.keys) }

  /// A tensor's bytes; `nil` if it has none.
  ///
  /// - Throws: ``Failure`` when the file cannot be read, or does not hold as many bytes as the tensor.
  func bytes(_ info: TensorInfo) throws -> [UInt8]? {
    guard let file = files[info.tensor] else { return nil }
    // A pipe would be waited for.
    guard Files.isRegularOrMissing(file) else { throw Failure(.refused, "\(file) is not a regular file") }
    return try TensorFile.read(file, for: info, as: "tensor")
  }

  /// Whether a folder has the list that makes it one of these.
  static func isOne(_ path: String) -> Bool { Files.exists("\(path)/tensors.json") }
}
