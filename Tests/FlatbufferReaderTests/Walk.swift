import FlatbufferReader

/// Goes through all that data refers to, and past errors to what is still readable.
struct Walk {
  var budget: ReadBudget
  /// How many tables, elements and values were seen, counted apart from the budget.
  private(set) var visits = 0
  /// How many reads ended in an error.
  private(set) var errors = 0
  /// The codes of the errors.
  private(set) var codes: Set<ReadError.Code> = []

  init(_ limits: ReadLimits) {
    budget = ReadBudget(limits)
  }

  private mutating func note(_ error: ReadError) {
    errors += 1
    codes.insert(error.code)
  }

  // MARK: - FlatBuffers

  /// The data as a file of Goldens; its name says how to read it.
  mutating func file(_ name: String, _ bytes: RawSpan) {
    do {
      if name.hasPrefix("flex") {
        let value = try FlexValue(root: bytes, &budget)
        flex(value)
      } else if name == "monster-sized.bin" {
        let buffer = try FlatBuffer(sizePrefixed: bytes)
        let root = try buffer.root(identifier: "MONS", &budget)
        monster(root)
      } else {
        let root = try FlatBuffer(bytes).root(&budget)
        if name == Goldens.zoo { zoo(root) } else { monster(root) }
      }
    } catch {
      note(error)
    }
  }

  private mutating func monster(_ table: borrowing Table) {
    visits += 1
    do { _ = try table.structure(0, size: 12)?.scalar(at: 8, as: Float.self) } catch { note(error) }
    do { _ = try table.scalar(1, default: Int16(150)) } catch { note(error) }
    do { _ = try table.scalar(2, default: Int16(100)) } catch { note(error) }
    string(table, 3)
    numbers(table, 5, of: UInt8.self)
    do { _ = try table.scalar(6, default: Int8(2)) } catch { note(error) }
    do {
      if let weapons = try table.tables(7) {
        for index in 0..<weapons.count {
          let weapon = try weapons.table(at: index, &budget)
          self.weapon(weapon)
        }
      }
    } catch { note(error) }
    do {
      if let equipped = try table.union(8, &budget) { weapon(equipped.table) }
    } catch { note(error) }
    do {
      if let path = try table.structures(10, size: 12) {
        for index in 0..<path.count { _ = try path.structure(at: index).scalar(at: 8, as: Float.self) }
      }
    } catch { note(error) }
  }

  private mutating func weapon(_ table: borrowing Table) {
    visits += 1
    string(table, 0)
    do { _ = try table.scalar(1, default: Int16(0)) } catch { note(error) }
  }

  private mutating func zoo(_ table: borrowing Table) {
    visits += 1
    do { _ = try table.scalar(0, as: Int8.self) } catch { note(error) }
    do { _ = try table.scalar(3, as: UInt16.self) } catch { note(error) }
    do { _ = try table.scalar(4, as: Int32.self) } catch { note(error) }
    do { _ = try table.scalar(7, as: UInt64.self) } catch { note(error) }
    do { _ = try table.scalar(8, as: Float.self) } catch { note(error) }
    do { _ = try table.scalar(9, as: Double.self) } catch { note(error) }
    do { _ = try table.scalar(10, as: Bool.self) } catch { note(error) }
    strings(table, 11)
    numbers(table, 12, of: Double.self)
    numbers(table, 13, of: Int64.self)
    numbers(table, 14, of: Bool.self)
    do {
      if let child = try table.table(15, &budget) { zoo(child) }
    } catch { note(error) }
    numbers(table, 16, of: Int16.self)
    numbers(table, 17, of: Float.self)
    string(table, 18)
  }

  /// Reads each slot as all that a slot can be, right or wrong.
  mutating func everything(_ table: borrowing Table) {
    visits += 1
    for slot in 0..<20 {
      do { _ = try table.scalar(slot, as: Bool.self) } catch { note(error) }
      do { _ = try table.scalar(slot, as: Int16.self) } catch { note(error) }
      do { _ = try table.scalar(slot, as: Float.self) } catch { note(error) }
      do { _ = try table.scalar(slot, as: UInt64.self) } catch { note(error) }
      do { _ = try table.structure(slot, size: 12)?.scalar(at: 4, as: Double.self) } catch { note(error) }
      string(table, slot)
      strings(table, slot)
      numbers(table, slot, of: Int8.self)
      numbers(table, slot, of: Double.self)
      do {
        if let structures = try table.structures(slot, size: 5), structures.count > 0 {
          _ = try structures.structure(at: structures.count - 1).scalar(at: 1, as: Int32.self)
        }
      } catch { note(error) }
      do {
        if let child = try table.table(slot, &budget) { everything(child) }
      } catch { note(error) }
      do {
        if let union = try table.union(slot, &budget) { everything(union.table) }
      } catch { note(error) }
      do {
        if let tables = try table.tables(slot) {
          for index in 0..<tables.count {
            let child = try tables.table(at: index, &budget)
            everything(child)
          }
        }
      } catch { note(error) }
    }
  }

  private mutating func string(_ table: borrowing Table, _ slot: Int) {
    do { _ = try table.string(slot)?.text(&budget) } catch { note(error) }
  }

  private mutating func strings(_ table: borrowing Table, _ slot: Int) {
    do {
      if let strings = try table.strings(slot) {
        for index in 0..<strings.count {
          let string = try strings.string(at: index, &budget)
          visits += 1
          _ = try string.text(&budget)
        }
      }
    } catch { note(error) }
  }

  private mutating func numbers<Scalar: FlatScalar>(_ table: borrowing Table, _ slot: Int, of type: Scalar.Type) {
    do {
      if let vector = try table.vector(slot, of: type) { visits += try vector.array(&budget).count }
    } catch { note(error) }
  }

  // MARK: - FlexBuffers

  /// The value and all that stands in it.
  mutating func flex(_ value: borrowing FlexValue) {
    visits += 1
    do {
      switch value.kind {
      case .null, .int, .uint, .float, .bool, .indirectInt, .indirectUInt, .indirectFloat:
        _ = try value.double()
        _ = try value.int(Int64.self)
      case .key, .string:
        _ = try value.string(&budget).text(&budget)
      case .blob:
        _ = try value.blob()
      case .map:
        let map = try value.map(&budget)
        _ = try map.value(forKey: "nested", &budget)
        for index in 0..<map.count {
          visits += 1
          _ = try map.key(at: index, &budget).text(&budget)
          let element = try map.value(at: index, &budget)
          flex(element)
        }
      default:
        let vector = try value.vector(&budget)
        for index in 0..<vector.count {
          let element = try vector.value(at: index, &budget)
          flex(element)
        }
      }
    } catch { note(error) }
  }
}
