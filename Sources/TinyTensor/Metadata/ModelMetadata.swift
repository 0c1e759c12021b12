/// What the makers of a model say of it, beyond what is needed to run it: TensorFlow Lite's metadata.
public struct ModelMetadata: Sendable, Hashable {
  /// The model's name.
  public let name: String
  /// What it does.
  public let description: String
  /// Its version, as its makers count.
  public let version: String
  /// Who made it.
  public let author: String
  /// The conditions under which it may be used.
  public let license: String
  /// Inputs of the first graph, in the graph's order.
  public let inputs: [Tensor]
  /// Outputs of the first graph, in the graph's order.
  public let outputs: [Tensor]
  /// Files that belong to the model as a whole.
  public let files: [File]

  /// What is said of an input or output.
  public struct Tensor: Sendable, Hashable {
    /// Its name for people.
    public let name: String
    /// What it holds.
    public let description: String
    /// The kind of its contents.
    public let content: Content
    /// How pixels or other values become the model's: `(value - mean) / deviation`.
    public let normalization: Normalization?
    /// The least score that counts, for an output of scores.
    public let scoreThreshold: Float?
    /// The least values, one or one a channel; empty where nothing is said.
    public let minima: [Float]
    /// The largest values, one or one a channel; empty where nothing is said.
    public let maxima: [Float]
    /// Files that belong to it, such as labels.
    public let files: [File]
  }

  /// The kind of a tensor's contents.
  public enum Content: Sendable, Hashable {
    /// Nothing is said.
    case unknown
    /// Numbers, such as scores.
    case feature
    /// A picture.
    case image(ColorSpace)
    /// Boxes; `corners` lists, for left, top, right and bottom, their place in a box.
    case boundingBoxes(corners: [Int])
    /// Samples of sound.
    case audio
  }

  /// The colours of a picture.
  public enum ColorSpace: Sendable, Hashable {
    /// Nothing is said, or something that this version does not know.
    case unknown
    /// Red, green and blue.
    case rgb
    /// Grey.
    case grayscale
  }

  /// How values become the model's: `(value - mean) / deviation`, with one of each or one a channel.
  public struct Normalization: Sendable, Hashable {
    /// Subtracted first.
    public let means: [Float]
    /// Divided by then; none of them is 0.
    public let deviations: [Float]
  }

  /// A file that belongs to a model; ``ModelFile/attachedFiles()`` has its bytes, if it lies behind the model.
  public struct File: Sendable, Hashable {
    /// The name that it has there.
    public let name: String
    /// What is in it.
    public let description: String
    /// What it is for.
    public let kind: Kind
    /// The language of its contents, such as `en`; empty where nothing is said.
    public let locale: String
  }

  /// What a file is for.
  public enum Kind: Sendable, Hashable {
    /// Nothing is said, or something that this version does not know.
    case unknown
    /// Words for people.
    case descriptions
    /// A label a line, for the places along a tensor's last axis.
    case axisLabels
    /// A label a line, for the values of a tensor's elements.
    case valueLabels
    /// A calibration of scores a line.
    case scoreCalibration
    /// Words or pieces of words.
    case vocabulary
  }
}
