import TinyTensor

/// An option as help lists it: its name, what its value is called, and what it means.
struct OptionHelp {
  /// With its dashes.
  let name: String
  /// What the value is called; `nil` for options that take none.
  let value: String?
  let meaning: String

  /// The options of a table whose rows are `--name VALUE` and a meaning; a row without a name goes on with the meaning
  /// of the one before.
  static func list(_ rows: [(String, String)]) -> [OptionHelp] {
    var list: [OptionHelp] = []
    for (head, meaning) in rows {
      if head.isEmpty, let last = list.popLast() {
        list.append(OptionHelp(name: last.name, value: last.value, meaning: "\(last.meaning) \(meaning)"))
        continue
      }
      let words = head.split(separator: " ", maxSplits: 1).map(String.init)
      list.append(OptionHelp(name: words[0], value: words.count > 1 ? words[1] : nil, meaning: meaning))
    }
    return list
  }

  /// What a shell can offer as a value.
  enum Values {
    case words([String])
    case files
    case folders
    /// Numbers and names that nobody knows beforehand.
    case anything
  }

  /// What a shell can offer behind the option.
  var values: Values {
    switch name {
    case "--kernels": return .words(KernelSet.allCases.map(\.rawValue))
    case "--device": return .words(["cpu", "edgetpu", "edgetpu:usb", "edgetpu:pci"])
    case "--performance": return .words(["low", "medium", "high", "max"])
    case "--mapping": return .words(["unit", "centred", "raw"])
    case "--fit": return .words(["stretch", "pad", "crop"])
    case "--by": return .words(["op", "type", "kernel"])
    case "--order": return .words(["graph", "worst"])
    case "--against": return .files
    default: break
    }
    switch value {
    case "FILE", "FILE.png", "IDX": return .files
    case "FOLDER", "DIR": return .folders
    default: return .anything
    }
  }
}
