/// What a plan does beyond running each operator on memory of its own.
///
/// No result depends on them: tests turn them off, and compare.
struct PlanPasses: OptionSet, Sendable, Hashable {
  let rawValue: UInt8

  /// Operators with constant inputs run once, at load. Without it only those run there whose outputs are whole numbers
  /// or truth values, since other operators ask for these as shapes.
  static let folding = PlanPasses(rawValue: 1 << 0)
  /// Inputs of a concatenation are written where its output has them.
  static let concatenationInPlace = PlanPasses(rawValue: 1 << 1)
  /// A layer takes the work of a PAD before it.
  static let paddingAbsorption = PlanPasses(rawValue: 1 << 2)
  /// An operator that only changes a shape gives a view of its input.
  static let views = PlanPasses(rawValue: 1 << 3)
  /// Tensors whose lives do not meet share memory.
  static let memorySharing = PlanPasses(rawValue: 1 << 4)
  /// Bytes that nothing writes lie before and behind everything in the arena.
  static let guards = PlanPasses(rawValue: 1 << 5)

  /// Those of a model as people run it.
  static let shipped: PlanPasses = [.folding, .concatenationInPlace, .paddingAbsorption, .views, .memorySharing]
}
