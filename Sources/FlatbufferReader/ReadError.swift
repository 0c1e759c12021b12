/// Why bytes could not be read as FlatBuffers or FlexBuffers data.
///
/// The reader never traps on the bytes it is given: whatever they hold, a read ends in a value or in this error.
public struct ReadError: Error, Sendable, Hashable {
  /// The kinds of error. More may be added in later versions.
  public struct Code: Sendable, Hashable {
    let number: UInt8

    /// An offset, a count or a size leads outside the bytes.
    public static let outOfBounds = Code(number: 0)
    /// The bytes do not begin with the file identifier that was asked for.
    public static let wrongIdentifier = Code(number: 1)
    /// A table, its vtable or a map stands at a position, or has a size, that the format does not allow.
    public static let malformedTable = Code(number: 2)
    /// A field that the caller requires is absent.
    public static let missingField = Code(number: 3)
    /// Tables or FlexBuffers vectors are nested deeper than ``ReadLimits/maximumDepth``.
    public static let tooDeep = Code(number: 4)
    /// The bytes ask for more tables and elements than ``ReadLimits/maximumWork``.
    public static let tooMuchWork = Code(number: 5)
    /// A FlexBuffers value has another type than the one that was asked for, or a type or a width that the format does
    /// not know.
    public static let wrongType = Code(number: 6)
    /// An index is not inside its vector.
    public static let indexOutOfRange = Code(number: 7)
    /// A FlexBuffers number cannot be converted to the type that was asked for without changing its value.
    public static let notRepresentable = Code(number: 8)
  }

  /// What kind of error it is.
  public var code: Code
  /// Where in the bytes, counted from their beginning.
  public var position: Int
  /// What was expected at that place.
  public var message: String

  /// An error of the caller's own, for formats that are built on these.
  ///
  /// - Parameters:
  ///   - code: what kind of error it is.
  ///   - position: where in the bytes.
  ///   - message: what was expected at that place.
  public init(_ code: Code, at position: Int, _ message: String) {
    self.code = code
    self.position = position
    self.message = message
  }
}

extension ReadError: CustomStringConvertible {
  /// The place and what was expected there.
  public var description: String { "byte \(position): \(message)" }
}
