import FlatbufferReader
import TinyTensor

/// An operator's options as names and values, as far as they are known; a damaged table has none.
///
/// Slots, defaults and names are those of the schema's option tables.
enum OperatorOptions {
  private enum Kind {
    case flag
    case int(Int32)
    case real
    case whole
    case text
    /// A list of sizes.
    case numbers
    /// A list of real numbers.
    case reals
    case activation
    case padding
    case elementType
    /// A byte that chooses one of these.
    case choice([String])
  }

  private struct Field {
    let name: String
    let slot: Int
    let kind: Kind

    init(_ name: String, _ slot: Int, _ kind: Kind) {
      self.name = name
      self.slot = slot
      self.kind = kind
    }
  }

  static func pairs(of node: ModelFile.Operator, in file: ModelFile) -> [(name: String, value: String)] {
    pairs(of: node.options, fields, in: file) + pairs(of: node.options2, secondFields, in: file)
  }

  private static func pairs(
    of table: ModelFile.OptionsTable?, _ known: [UInt8: [Field]], in file: ModelFile
  ) -> [(name: String, value: String)] {
    guard let table, let position = table.position, let fields = known[table.type] else { return [] }
    do throws(ReadError) {
      var budget = ReadBudget(ReadLimits(maximumWork: 1000))
      let options = try Table(revisiting: file.bytes, at: position, &budget)
      var pairs: [(name: String, value: String)] = []
      for field in fields { pairs.append((field.name, try value(field, options, &budget))) }
      return pairs
    } catch {
      return [("options", "cannot be read: \(error.message)")]
    }
  }

  private static func value(
    _ field: Field, _ options: borrowing Table, _ budget: inout ReadBudget
  ) throws(ReadError) -> String {
    switch field.kind {
    case .flag: return try options.scalar(field.slot, default: UInt8(0)) == 0 ? "no" : "yes"
    case .int(let usual): return "\(try options.scalar(field.slot, default: usual))"
    case .real: return Text.significant(try options.scalar(field.slot, default: Float(0)), 7)
    case .whole: return "\(try options.scalar(field.slot, default: Int64(0)))"
    case .text:
      guard let text = try options.string(field.slot) else { return "none" }
      return try text.text(&budget)
    case .reals:
      guard let list = try options.vector(field.slot, of: Float.self) else { return "none" }
      let shown = (0..<min(list.count, 16)).map { Text.significant(list[$0], 7) }.joined(separator: " ")
      return shown + (list.count > 16 ? " …" : "")
    case .numbers:
      guard let list = try options.vector(field.slot, of: Int32.self) else { return "none" }
      return Text.shape((0..<min(list.count, 16)).map { Int(list[$0]) }) + (list.count > 16 ? " …" : "")
    case .activation: return try name(["none", "ReLU", "ReLU -1..1", "ReLU6", "tanh", "sign bit"], options, field.slot)
    case .padding: return try name(["same", "valid"], options, field.slot)
    case .elementType: return ElementType(rawValue: try options.scalar(field.slot, default: Int8(0))).name
    case .choice(let names): return try name(names, options, field.slot)
    }
  }

  private static func name(_ names: [String], _ options: borrowing Table, _ slot: Int) throws(ReadError) -> String {
    let number = Int(try options.scalar(slot, default: UInt8(0)))
    return names.indices.contains(number) ? names[number] : "unknown (\(number))"
  }

  // MARK: The schema's tables

  private static let activation = "activation"

  /// By the table's number in the schema's union.
  private static let fields: [UInt8: [Field]] = {
    let asymmetric = "asymmetric inputs"
    func activated(_ slot: Int) -> Field { Field(activation, slot, .activation) }
    func window(_ rest: [Field]) -> [Field] {
      [Field("padding", 0, .padding), Field("stride, height", 2, .int(0)), Field("stride, width", 1, .int(0))] + rest
    }
    func dilation(_ slot: Int) -> [Field] {
      [Field("dilation, height", slot + 1, .int(1)), Field("dilation, width", slot, .int(1))]
    }
    let corners = ["align corners", "half-pixel centres"]
    return [
      1: window([activated(3)] + dilation(4)),
      2: window([Field("depth multiplier", 3, .int(0)), activated(4)] + dilation(5)),
      5: window([Field("filter, height", 4, .int(0)), Field("filter, width", 3, .int(0)), activated(5)]),
      6: [Field("rank", 0, .int(0)), activated(1), Field(asymmetric, 2, .flag)],
      7: [activated(0), Field(asymmetric, 1, .flag)],
      8: [
        activated(0), Field("weights", 1, .choice(["as they are", "shuffled 4×16"])),
        Field("keeps dimensions", 2, .flag), Field(asymmetric, 3, .flag),
      ],
      9: [Field("beta", 0, .real)],
      10: [Field("axis", 0, .int(0)), activated(1)],
      11: [activated(0)], 12: [activated(0)], 21: [activated(0)], 28: [activated(0)], 29: [activated(0)],
      14: [
        activated(0), Field("cell clip", 1, .real), Field("projection clip", 2, .real),
        Field("kernel", 3, .choice(["full", "basic"])), Field(asymmetric, 4, .flag),
      ],
      15: [Field(corners[0], 2, .flag), Field(corners[1], 3, .flag)],
      16: [Field("subgraph", 0, .int(0))],
      17: [Field("new shape", 0, .numbers)],
      19: [Field("block size", 0, .int(0))],
      23: [Field("axis", 0, .int(0)), Field("batch axes", 1, .int(0))],
      27: [Field("keeps dimensions", 0, .flag)],
      30: [Field("axes", 0, .numbers)],
      32: [
        Field("begin mask", 0, .int(0)), Field("end mask", 1, .int(0)), Field("ellipsis mask", 2, .int(0)),
        Field("new axis mask", 3, .int(0)), Field("shrink axis mask", 4, .int(0)), Field("end is offset", 5, .flag),
      ],
      35: [Field("parts", 0, .int(0))],
      37: [Field("from", 0, .elementType), Field("to", 1, .elementType)],
      40: [Field("output type", 0, .elementType)],
      49: window([activated(3)]),
      55: [Field("output type", 0, .elementType)],
      57: [Field("output type", 0, .elementType)],
      58: [
        Field("smallest", 0, .real), Field("largest", 1, .real), Field("bits", 2, .int(0)),
        Field("narrow range", 3, .flag),
      ],
      59: [Field("values", 0, .int(0)), Field("axis", 1, .int(0))],
      61: [Field("axis", 0, .int(0))],
      64: [Field("values", 0, .int(0)), Field("axis", 1, .int(0))],
      69: [
        activated(0), Field("cell clip", 1, .real), Field("projection clip", 2, .real),
        Field("merges outputs", 3, .flag),
      ],
      71: [
        activated(0), Field("cell clip", 1, .real), Field("projection clip", 2, .real), Field("time first", 3, .flag),
        Field(asymmetric, 4, .flag), Field("diagonal recurrence", 5, .flag),
      ],
      74: [Field(corners[0], 0, .flag), Field(corners[1], 1, .flag)],
      75: [Field("slope", 0, .real)],
      77: [Field("mode", 0, .choice(["reflect", "symmetric"]))],
      79: [Field("parts", 0, .int(0))],
      87: [Field("axis of sequences", 0, .int(0)), Field("batch axis", 1, .int(0))],
      92: [Field("then subgraph", 0, .int(0)), Field("else subgraph", 1, .int(0))],
      93: [Field("condition subgraph", 0, .int(0)), Field("body subgraph", 1, .int(0))],
      94: [Field("block size", 0, .int(0))],
      101: [
        Field("transposes first", 0, .flag), Field("transposes second", 1, .flag), Field(asymmetric, 2, .flag),
      ],
      102: [Field("exclusive", 0, .flag), Field("reverse", 1, .flag)],
      103: [Field("subgraph", 0, .int(0))],
      106: [
        Field("padding", 0, .padding), Field("stride, depth", 1, .int(0)), Field("stride, height", 3, .int(0)),
        Field("stride, width", 2, .int(0)), activated(4), Field("dilation, depth", 5, .int(1)),
        Field("dilation, height", 7, .int(1)), Field("dilation, width", 6, .int(1)),
      ],
      114: [Field("seed", 0, .whole), Field("second seed", 1, .whole)],
      115: [Field("limits", 0, .reals)],
      116: [Field("approximate", 0, .flag)],
    ]
  }()

  /// The same of the schema's second union.
  private static let secondFields: [UInt8: [Field]] = [
    21: [Field("name", 0, .text), Field("subgraph", 1, .int(0)), Field("version", 4, .int(0))]
  ]
}
