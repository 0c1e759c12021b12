/// A model's bytes, with single fields of its tables changed.
///
/// Follows the FlatBuffers format: a table begins with the distance back to its list of field offsets.
struct PatchedModel {
  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private func number(_ at: Int, _ size: Int) -> Int {
    (0..<size).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
  }

  private func field(_ table: Int, _ slot: Int) -> Int? {
    let list = table - Int(Int32(truncatingIfNeeded: number(table, 4)))
    guard 4 + 2 * slot < number(list, 2) else { return nil }
    let offset = number(list + 4 + 2 * slot, 2)
    return offset == 0 ? nil : table + offset
  }

  private func target(_ at: Int?) -> Int? { at.map { $0 + number($0, 4) } }

  private func vector(_ table: Int, _ slot: Int) -> [Int] {
    guard let start = target(field(table, slot)) else { return [] }
    return (0..<number(start, 4)).map { start + 4 + 4 * $0 }
  }

  private var model: Int { number(0, 4) }
  private func tables(_ table: Int, _ slot: Int) -> [Int] { vector(table, slot).compactMap { target($0) } }
  private var graph: Int? { tables(model, 2).first }

  private mutating func set(_ at: Int?, _ value: UInt32, size: Int) -> Bool {
    guard let at else { return false }
    for index in 0..<size { bytes[at + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    return true
  }

  // Each of these tells whether the field was there: fields that have their default value are often left out.

  /// Makes another operator of one with a number below 128, wherever it is used.
  mutating func replaceOperator(_ old: UInt8, by new: UInt32) -> Bool {
    for code in tables(model, 1) {
      guard let byte = field(code, 0), bytes[byte] == old else { continue }
      return set(byte, min(new, 127), size: 1) && set(field(code, 3), new, size: 4)
    }
    return false
  }

  mutating func setVersion(ofCode index: Int, _ version: UInt32) -> Bool {
    set(field(tables(model, 1)[index], 2), version, size: 4)
  }

  mutating func setInput(_ input: Int, ofOperator index: Int, _ tensor: UInt32) -> Bool {
    guard let graph else { return false }
    return set(vector(tables(graph, 3)[index], 1)[input], tensor, size: 4)
  }

  mutating func setOutput(_ output: Int, ofOperator index: Int, _ tensor: UInt32) -> Bool {
    guard let graph else { return false }
    return set(vector(tables(graph, 3)[index], 2)[output], tensor, size: 4)
  }

  mutating func setCode(ofOperator index: Int, _ code: UInt32) -> Bool {
    guard let graph else { return false }
    return set(field(tables(graph, 3)[index], 0), code, size: 4)
  }

  mutating func setBuffer(ofTensor index: Int, _ buffer: UInt32) -> Bool {
    guard let graph else { return false }
    return set(field(tables(graph, 0)[index], 2), buffer, size: 4)
  }

  mutating func setSignatureOutput(_ tensor: UInt32) -> Bool {
    guard let map = tables(model, 7).first.map({ tables($0, 1) })?.first else { return false }
    return set(field(map, 1), tensor, size: 4)
  }

  /// Gives all tensors of one scale another.
  mutating func replaceScales(by scale: Float) -> Bool {
    guard let graph else { return false }
    var replaced = false
    for tensor in tables(graph, 0) {
      guard let quantization = target(field(tensor, 4)), vector(quantization, 2).count == 1 else { continue }
      replaced = set(vector(quantization, 2)[0], scale.bitPattern, size: 4)
    }
    return replaced
  }

  /// Replaces the first character of a tensor's name.
  mutating func setName(ofTensor index: Int, firstByte: UInt8) -> Bool {
    guard let graph, let name = target(field(tables(graph, 0)[index], 3)) else { return false }
    return set(name + 4, UInt32(firstByte), size: 1)
  }
}
