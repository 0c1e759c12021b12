/// How the bytes of an image become input values.
public struct PixelMapping: Sendable, Hashable, CaseIterable {
  /// Index of its table among those of an input; `nil` for a mapping without one.
  let index: Int?
  /// Of each channel, or one for all: what is subtracted, and what that is divided by then. None of a mapping with a table.
  private let means: [Float]
  private let deviations: [Float]

  private init(index: Int) {
    self.index = index
    means = []
    deviations = []
  }

  /// `(v - mean) / deviation`, in single precision: pixels as a network saw them in its training.
  ///
  /// With values between 0 and 255: what is often written as `(v / 255 - 0.485) / 0.229` has the mean 123.675 and the
  /// deviation 58.395.
  ///
  /// - Parameters:
  ///   - means: one for each channel, or one for all.
  ///   - deviations: one for each channel, or one for all.
  /// - Returns: `nil` where there is none of one of them, where there are several of both but not as many, where a
  ///   deviation is 0, or where one of them is not finite.
  public init?(means: [Float], deviations: [Float]) {
    let count = max(means.count, deviations.count)
    guard count > 0, [1, count].contains(means.count), [1, count].contains(deviations.count),
      means.allSatisfy({ $0.isFinite }), deviations.allSatisfy({ $0.isFinite && $0 != 0 })
    else { return nil }
    index = nil
    self.means = means.count == count ? means : [Float](repeating: means[0], count: count)
    self.deviations = deviations.count == count ? deviations : [Float](repeating: deviations[0], count: count)
  }

  /// From 0 to 1: `v / 255`.
  public static let unit = PixelMapping(index: 0)
  /// From -1 to 1: `v / 127.5 - 1`.
  public static let centred = PixelMapping(index: 1)
  /// From 0 to 255: `v`.
  public static let raw = PixelMapping(index: 2)

  /// The mappings that have names.
  public static var allCases: [PixelMapping] { [.unit, .centred, .raw] }

  /// How many channels it has values for; 1 where they are the same for all.
  public var channels: Int { max(1, means.count) }

  /// The real value of a byte of the first channel, in single precision.
  ///
  /// - Parameter byte: the byte.
  public func real(_ byte: UInt8) -> Float { real(byte, channel: 0) }

  /// The real value of a byte, in single precision.
  ///
  /// - Parameters:
  ///   - byte: the byte.
  ///   - channel: the byte's channel, from 0; any number where all are the same.
  public func real(_ byte: UInt8, channel: Int) -> Float {
    switch index {
    case 0: return Float(byte) / 255
    case 1: return Float(byte) / 127.5 - 1
    case 2: return Float(byte)
    default:
      let place = means.count == 1 ? 0 : channel
      return (Float(byte) - means[place]) / deviations[place]
    }
  }
}
