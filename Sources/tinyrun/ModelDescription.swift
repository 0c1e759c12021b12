import TinyTensor

/// What a model says of itself: its metadata, and the files behind it.
struct ModelDescription {
  let metadata: ModelMetadata?
  private let file: ModelFile
  private let path: String

  /// - Throws: ``Failure`` when the metadata are damaged.
  init(_ file: ModelFile, path: String) throws {
    self.file = file
    self.path = path
    do {
      metadata = try file.modelMetadata()
    } catch {
      throw Failure(error).about(path)
    }
  }

  /// What is said of an output.
  func output(_ index: Int) -> ModelMetadata.Tensor? { Self.element(metadata?.outputs, index) }

  private static func element<Element>(_ list: [Element]?, _ index: Int) -> Element? {
    guard let list, list.indices.contains(index) else { return nil }
    return list[index]
  }

  /// Labels of the classes along an output's last axis, or of the values of its elements; `nil` where there are none.
  ///
  /// - Throws: ``Failure`` when metadata name a file that is not there, or cannot be read.
  func labels(ofOutput index: Int) throws -> Labels? {
    guard let named = output(index)?.files.first(where: { $0.kind == .axisLabels || $0.kind == .valueLabels }) else {
      return nil
    }
    return try labels(named.name)
  }

  private func labels(_ name: String) throws -> Labels {
    let files: [AttachedFile]
    do {
      files = try file.attachedFiles()
    } catch {
      throw Failure(error).about(path)
    }
    guard let attached = files.first(where: { $0.name == name }) else {
      throw Failure(.refused, "\(path): its metadata name the labels \(name), which are not in the file; use --labels")
    }
    do {
      return try Labels(bytes: try file.contents(of: attached), name: "\(path): \(name)")
    } catch let error as ModelError {
      throw Failure(.refused, "\(path): \(error.message); use --labels")
    }
  }

  /// How pixels become an input's values: as the metadata say, or else so that they fill what the input can hold.
  ///
  /// - Parameters:
  ///   - input: the first input of the model.
  ///   - channels: how many it has.
  /// - Throws: ``Failure`` where neither says it.
  func mapping(for input: TensorInfo, channels: Int) throws -> PictureMapping {
    // With a value for each channel, or one for all.
    if let normalization = Self.element(metadata?.inputs, 0)?.normalization,
      [1, channels].contains(normalization.means.count), let mapping = PictureMapping(normalization)
    {
      return mapping
    }
    do {
      return try MappingName.choice(for: input)
    } catch {
      throw Failure(error).about(path)
    }
  }
}
