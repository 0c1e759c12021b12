import ImageFiles
import TinyTensor

/// What a model wants of a picture, for its only input.
struct PictureInput {
  let width: Int
  let height: Int
  let channels: Int
  /// How channels and pixels lie.
  private let layout: Layout

  private enum Layout {
    /// `[1, height, width, channels]`, or `[1, height, width]` for grey.
    case channelsLast
    /// `[1, channels, height, width]`, as PyTorch has them.
    case channelsFirst
    /// A plain list of pixels, whose sides nobody knows.
    case flat
  }

  /// - Parameters:
  ///   - model: the model.
  ///   - path: its file, for errors.
  ///   - command: the command that wants it, for errors.
  ///   - hasSides: whether the input's sides were chosen by somebody, whatever they are.
  /// - Throws: ``Failure`` when the model does not take a picture.
  init(_ model: Model, path: String, command: String, hasSides: Bool) throws {
    guard model.inputs.count == 1 else {
      throw Failure(.refused, "\(path): \(command) wants a model with one input, not \(model.inputs.count)")
    }
    let shape = model.inputs[0].shape
    guard shape.first == 1, (2...4).contains(shape.count), shape.allSatisfy({ $0 > 0 }) else {
      throw Failure(
        .refused, "\(path): \(command) wants an input of shape [1, height, width, channels], not \(Text.shape(shape))")
    }
    if !hasSides, let free = FreeSides(model.file, signature: model.signature?.key) {
      throw Failure(
        .refused,
        "\(path): the height and width of its input are free; give them, as in --shape \(free.option(height: 224, width: 224))"
      )
    }
    let isPlanar = shape.count == 4 && Self.isChannelsFirst(shape, free: [])
    layout = shape.count == 2 ? .flat : isPlanar ? .channelsFirst : .channelsLast
    switch layout {
    case .flat: (height, width, channels) = (1, shape[1], 1)
    case .channelsLast: (height, width, channels) = (shape[1], shape[2], shape.count == 4 ? shape[3] : 1)
    case .channelsFirst: (height, width, channels) = (shape[2], shape[3], shape[1])
    }
    guard [1, 3, 4].contains(channels) else {
      throw Failure(.refused, "\(path): \(command) wants an input of 1, 3 or 4 channels, not \(channels)")
    }
  }

  /// Whether the channels of an input of four axes come before its sides: where the last axis cannot be channels and the
  /// second can, or where the file leaves the last two axes free.
  ///
  /// - Parameters:
  ///   - shape: its four sizes.
  ///   - free: axes whose sizes are free.
  static func isChannelsFirst(_ shape: [Int], free: Set<Int>) -> Bool {
    guard [1, 3, 4].contains(shape[1]), !free.contains(1) else { return false }
    return free.contains(3) || ![1, 3, 4].contains(shape[3])
  }

  /// Pixels of a channel where channels are outermost; `nil` where they are innermost.
  var planeCount: Int? { layout == .channelsFirst ? width * height : nil }

  /// A picture as the input's bytes, made to fit its size, and where it lies there.
  func pixels(of picture: Picture, name: String, fit: PictureFit) throws -> ([UInt8], Placement) {
    if layout != .flat {
      let fitted = fit.fitted(picture, width: width, height: height)
      let pixels = fitted.picture.converted(toChannels: channels).pixels
      return (layout == .channelsFirst ? planes(pixels) : pixels, fitted.placement)
    }
    guard picture.width * picture.height == width else {
      throw Failure(
        .refused,
        "\(name) has \(picture.width) x \(picture.height) pixels; the model takes \(width) pixels in a row, "
          + "and a picture of other sizes cannot be made to fit")
    }
    let placement = Placement(
      across: AxisPlacement(picture: picture.width, input: picture.width),
      down: AxisPlacement(picture: picture.height, input: picture.height))
    return (picture.converted(toChannels: 1).pixels, placement)
  }

  /// The same pixels, those of a channel together.
  private func planes(_ pixels: [UInt8]) -> [UInt8] {
    var planes: [UInt8] = []
    planes.reserveCapacity(pixels.count)
    for channel in 0..<channels {
      for pixel in stride(from: channel, to: pixels.count, by: channels) { planes.append(pixels[pixel]) }
    }
    return planes
  }
}

/// An input of a file whose height and width are free: a file has 1 there, and says -1 in its signature of shapes, or
/// nothing where it is of an old converter.
struct FreeSides {
  /// The tensor's name.
  let name: String
  private let shape: [Int]
  private let heightAxis: Int
  /// Which of both are free.
  private let free: Set<Int>

  /// - Parameters:
  ///   - file: the file.
  ///   - signature: the signature that is asked for.
  /// - Returns: `nil` where the file's only input does not take pictures of free sides.
  init?(_ file: ModelFile, signature key: String?) {
    let signature = key.map { key in file.signatures.first { $0.key == key } } ?? file.defaultSignature
    let subgraph = signature?.subgraph ?? 0
    guard file.subgraphs.indices.contains(subgraph) else { return nil }
    let graph = file.subgraphs[subgraph]
    let inputs = signature?.inputs.map(\.tensor) ?? graph.inputs
    guard inputs.count == 1, graph.tensors.indices.contains(inputs[0]) else { return nil }
    let tensor = graph.tensors[inputs[0]]
    guard [3, 4].contains(tensor.shape.count), tensor.shape[0] <= 1 else { return nil }
    let says = tensor.shapeSignature.count == tensor.shape.count
    var free = Set(tensor.shape.indices.filter { says && tensor.shapeSignature[$0] == -1 && tensor.shape[$0] <= 1 })
    let isPlanar = tensor.shape.count == 4 && PictureInput.isChannelsFirst(tensor.shape, free: free)
    heightAxis = isPlanar ? 2 : 1
    let sides: Set<Int> = [heightAxis, heightAxis + 1]
    if !says, sides.allSatisfy({ tensor.shape[$0] <= 1 }) { free = sides }
    free.formIntersection(sides)
    guard !free.isEmpty, !graph.tensors[inputs[0]].name.isEmpty || signature != nil else { return nil }
    self.free = free
    shape = [1] + tensor.shape.dropFirst()
    name = signature?.inputs[0].name ?? tensor.name
  }

  /// The input's shape with sides where they are free.
  func shape(height: Int, width: Int) -> [Int] {
    var shape = shape
    if free.contains(heightAxis) { shape[heightAxis] = height }
    if free.contains(heightAxis + 1) { shape[heightAxis + 1] = width }
    return shape
  }

  /// The same as the value of `--shape`.
  func option(height: Int, width: Int) -> String {
    "\(name)=\(shape(height: height, width: width).map(String.init).joined(separator: ","))"
  }
}
