import FlatbufferReader

/// A FlexBuffers value as text: what a reader sees, types included.
///
/// Signed integers have a sign, unsigned ones end in `u`, floating-point numbers have a point; what is stored
/// indirectly has a `*`; keys are in single and strings in double quotes; typed vectors begin with their type.
func flexText(_ value: borrowing FlexValue, _ budget: inout ReadBudget) throws(ReadError) -> String {
  switch value.kind {
  case .null: return "null"
  case .bool: return try value.bool() ? "true" : "false"
  case .int: return signed(try value.int(Int64.self))
  case .indirectInt: return "*" + signed(try value.int(Int64.self))
  case .uint: return "\(try value.int(UInt64.self))u"
  case .indirectUInt: return "*\(try value.int(UInt64.self))u"
  case .float: return "\(try value.double())"
  case .indirectFloat: return "*\(try value.double())"
  case .key: return "'\(try value.string(&budget).text(&budget))'"
  case .string: return "\"\(try value.string(&budget).text(&budget))\""
  case .blob:
    let blob = try value.blob()
    var bytes: [String] = []
    for index in 0..<blob.byteCount { bytes.append("\(UInt8.load(blob, at: index))") }
    return "<\(bytes.joined(separator: " "))>"
  case .map:
    let map = try value.map(&budget)
    var entries: [String] = []
    for index in 0..<map.count {
      let key = try map.key(at: index, &budget).text(&budget)
      let entry = try map.value(at: index, &budget)
      entries.append("\(key): \(try flexText(entry, &budget))")
    }
    return "{\(entries.joined(separator: ", "))}"
  default:
    let vector = try value.vector(&budget)
    var elements: [String] = []
    for index in 0..<vector.count {
      let element = try vector.value(at: index, &budget)
      elements.append(try flexText(element, &budget))
    }
    let prefix = value.kind == .vector ? "" : "\(value.kind)"
    return "\(prefix)[\(elements.joined(separator: ", "))]"
  }
}

private func signed(_ number: Int64) -> String { number < 0 ? "\(number)" : "+\(number)" }
