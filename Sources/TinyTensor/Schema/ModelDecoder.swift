import FlatbufferReader

/// Decodes the tables of the schema into descriptions.
///
/// Slots are those of LiteRT's schema, revision 3d. Names and small lists are copied, constant data is not.
///
/// The budget counts the bytes that parts take in a file at least, each time they are reached: a file without shared
/// parts spends no more than it has, and the memory of the descriptions is a small multiple of that.
struct ModelDecoder {
  /// What a file holds.
  struct Contents {
    var version = 0
    var description = ""
    var operatorCodes: [ModelFile.OperatorCode] = []
    var subgraphs: [ModelFile.Subgraph] = []
    var buffers: [ModelFile.Buffer] = []
    var signatures: [ModelFile.Signature] = []
    var metadata: [ModelFile.Metadata] = []
    var externalBufferGroups: [String] = []
    var externalBuffers: [ModelFile.ExternalBuffer] = []
  }

  private var budget: ReadBudget
  private var tensorCount = 0
  private var operatorCount = 0
  private var nameCount = 0
  private var entryCount = 0

  init(byteCount: Int) {
    budget = ReadBudget(ReadLimits(forByteCount: byteCount))
  }

  /// How many tensors, operators, names of signatures, and signatures and metadata a file may describe, each.
  static let mostDescriptions = 1 << 18

  /// Bytes that a table in a vector takes at least: an offset to it, and its own to the vtable.
  private static let tableBytes = 8

  /// Pays for a table in a vector, beside the 1 that the reader takes.
  private mutating func pay(at position: Int) throws(ReadError) {
    try budget.spend(Self.tableBytes - 1, at: position)
  }

  /// Counts descriptions of which a file has a limited number.
  private static func count(
    _ added: Int, _ what: String, _ total: inout Int, at position: Int
  ) throws(ReadError) {
    guard added <= mostDescriptions - total else {
      throw ReadError(
        .tooMuchWork, at: position, "the file describes more than \(mostDescriptions) \(what)")
    }
    total += added
  }

  mutating func decode(_ bytes: RawSpan) throws(ReadError) -> Contents {
    let model = try FlatBuffer(bytes).root(identifier: "TFL3", &budget)
    var contents = Contents()
    contents.version = Int(try model.scalar(0, default: UInt32(0)))
    if contents.version != 3 { return contents }
    contents.description = try text(model, 3)
    if let codes = try model.tables(1) {
      for index in 0..<codes.count {
        try pay(at: model.position)
        contents.operatorCodes.append(try operatorCode(codes.table(at: index, &budget)))
      }
    }
    if let subgraphs = try model.tables(2) {
      for index in 0..<subgraphs.count {
        try pay(at: model.position)
        contents.subgraphs.append(try subgraph(subgraphs.table(at: index, &budget), fileSize: bytes.byteCount))
      }
    }
    if let buffers = try model.tables(4) {
      contents.buffers.reserveCapacity(buffers.count)
      for index in 0..<buffers.count {
        try pay(at: model.position)
        contents.buffers.append(try buffer(buffers.table(at: index, &budget), fileSize: bytes.byteCount))
      }
    }
    if let entries = try model.tables(6) {
      try Self.count(entries.count, "signatures and metadata", &entryCount, at: model.position)
      for index in 0..<entries.count {
        try pay(at: model.position)
        let entry = try entries.table(at: index, &budget)
        contents.metadata.append(
          .init(name: try text(entry, 0), buffer: Int(clamping: try entry.scalar(1, default: UInt32(0)))))
      }
    }
    if let signatures = try model.tables(7) {
      try Self.count(signatures.count, "signatures and metadata", &entryCount, at: model.position)
      for index in 0..<signatures.count {
        try pay(at: model.position)
        contents.signatures.append(try signature(signatures.table(at: index, &budget)))
      }
    }
    if let groups = try model.tables(8) {
      for index in 0..<groups.count {
        try pay(at: model.position)
        contents.externalBufferGroups.append(try text(groups.table(at: index, &budget), 0))
      }
    }
    if let parts = try model.tables(9) {
      for index in 0..<parts.count {
        try pay(at: model.position)
        let part = try parts.table(at: index, &budget)
        contents.externalBuffers.append(
          .init(
            id: Int(clamping: try part.scalar(0, default: UInt32(0))),
            group: Int(clamping: try part.scalar(1, default: UInt32(0))),
            offset: try part.scalar(2, default: UInt64(0)), length: try part.scalar(3, default: UInt64(0))))
      }
    }
    return contents
  }

  // MARK: Tables

  /// Files from before operator 127 have the byte alone; later ones hold 127 in it for the newer operators.
  private mutating func operatorCode(_ table: borrowing Table) throws(ReadError) -> ModelFile.OperatorCode {
    let byte = Int32(try table.scalar(0, default: Int8(0)))
    let word = try table.scalar(3, default: Int32(0))
    return ModelFile.OperatorCode(
      builtin: BuiltinOperator(rawValue: word < 0 ? word : max(byte, word)),
      customName: try optionalText(table, 1),
      version: Int(try table.scalar(2, default: Int32(1))))
  }

  private mutating func subgraph(_ table: borrowing Table, fileSize: Int) throws(ReadError) -> ModelFile.Subgraph {
    var tensors: [ModelFile.Tensor] = []
    if let tables = try table.tables(0) {
      try Self.count(tables.count, "tensors", &tensorCount, at: table.position)
      tensors.reserveCapacity(tables.count)
      for index in 0..<tables.count {
        try pay(at: table.position)
        tensors.append(try tensor(tables.table(at: index, &budget)))
      }
    }
    var operators: [ModelFile.Operator] = []
    if let tables = try table.tables(3) {
      try Self.count(tables.count, "operators", &operatorCount, at: table.position)
      operators.reserveCapacity(tables.count)
      for index in 0..<tables.count {
        try pay(at: table.position)
        operators.append(try operation(tables.table(at: index, &budget), fileSize: fileSize))
      }
    }
    return ModelFile.Subgraph(
      name: try text(table, 4), tensors: tensors, inputs: try integers(table, 1), outputs: try integers(table, 2),
      operators: operators)
  }

  private mutating func tensor(_ table: borrowing Table) throws(ReadError) -> ModelFile.Tensor {
    ModelFile.Tensor(
      name: try text(table, 3),
      elementType: ElementType(rawValue: try table.scalar(1, default: Int8(0))),
      shape: try integers(table, 0),
      shapeSignature: try integers(table, 7),
      hasRank: try table.scalar(8, default: false),
      buffer: Int(clamping: try table.scalar(2, default: UInt32(0))),
      externalBuffer: Int(clamping: try table.scalar(10, default: UInt32(0))),
      quantization: try quantization(table),
      isVariable: try table.scalar(5, default: false),
      sparsity: try sparsity(table))
  }

  private mutating func quantization(_ tensor: borrowing Table) throws(ReadError) -> Quantization? {
    guard let table = try tensor.table(4, &budget) else { return nil }
    var details: Quantization.Details?
    let detailsType = try table.scalar(4, default: UInt8(0))
    if detailsType != 0 {
      // Some converters write the type of a custom scheme and no table; it has no bytes then.
      details = detailsType == 1 ? .custom(byteCount: 0) : .unknown(type: detailsType)
      if try table.unverifiedTablePosition(5) != nil, let union = try table.union(4, &budget) {
        details = try quantizationDetails(detailsType, union.table)
      }
    }
    let quantization = Quantization(
      scales: try numbers(table, 2, of: Float.self), zeroPoints: try numbers(table, 3, of: Int64.self),
      axis: Int(try table.scalar(6, default: Int32(0))),
      minimum: try numbers(table, 0, of: Float.self), maximum: try numbers(table, 1, of: Float.self),
      details: details)
    return quantization
  }

  private mutating func quantizationDetails(
    _ type: UInt8, _ table: borrowing Table
  ) throws(ReadError) -> Quantization.Details {
    switch type {
    case 1:
      return .custom(byteCount: try table.vector(0, of: UInt8.self)?.count ?? 0)
    case 2:
      return .blockwise(
        scales: Int(try table.scalar(0, default: Int32(0))), zeroPoints: Int(try table.scalar(1, default: Int32(0))),
        blockSize: Int(try table.scalar(2, default: Int32(0))))
    case 3:
      return .multiAxis(
        scales: Int(try table.scalar(0, default: Int32(0))), zeroPoints: Int(try table.scalar(1, default: Int32(0))),
        blockSize: Int(try table.scalar(2, default: Int32(0))), axes: try integers(table, 3))
    default:
      return .unknown(type: type)
    }
  }

  private mutating func sparsity(_ tensor: borrowing Table) throws(ReadError) -> ModelFile.Sparsity? {
    guard let table = try tensor.table(6, &budget) else { return nil }
    var isSparse: [Bool] = []
    if let axes = try table.tables(2) {
      for index in 0..<axes.count {
        try pay(at: table.position)
        isSparse.append(try axes.table(at: index, &budget).scalar(0, default: Int8(0)) != 0)
      }
    }
    return ModelFile.Sparsity(
      traversalOrder: try integers(table, 0), blockMap: try integers(table, 1), isSparse: isSparse,
      position: table.position)
  }

  private mutating func operation(_ table: borrowing Table, fileSize: Int) throws(ReadError) -> ModelFile.Operator {
    var custom: Range<Int>?
    if let bytes = try table.vector(5, of: UInt8.self) {
      custom = bytes.position..<(bytes.position + bytes.count)
    } else {
      custom = try range(
        offset: table.scalar(9, default: UInt64(0)), size: table.scalar(10, default: UInt64(0)),
        fileSize: fileSize, of: "custom options", at: table.position)
    }
    return ModelFile.Operator(
      codeIndex: Int(clamping: try table.scalar(0, default: UInt32(0))),
      inputs: try integers(table, 1),
      outputs: try integers(table, 2),
      intermediates: try integers(table, 8),
      mutatingVariableInputs: try table.vector(7, of: Bool.self)?.array(&budget) ?? [],
      options: try options(table, slot: 3),
      options2: try options(table, slot: 11),
      customOptions: custom)
  }

  /// Where a union's table stands; it is not looked into, so that an operator with damaged options can still be listed.
  private func options(_ table: borrowing Table, slot: Int) throws(ReadError) -> ModelFile.OptionsTable? {
    let type = try table.scalar(slot, default: UInt8(0))
    if type == 0 { return nil }
    return ModelFile.OptionsTable(type: type, position: try table.unverifiedTablePosition(slot + 1))
  }

  private func buffer(_ table: borrowing Table, fileSize: Int) throws(ReadError) -> ModelFile.Buffer {
    if let data = try table.vector(0, of: UInt8.self), data.count > 0 {
      return ModelFile.Buffer(range: data.position..<(data.position + data.count))
    }
    return ModelFile.Buffer(
      range: try range(
        offset: table.scalar(1, default: UInt64(0)), size: table.scalar(2, default: UInt64(0)), fileSize: fileSize,
        of: "a buffer", at: table.position))
  }

  private mutating func signature(_ table: borrowing Table) throws(ReadError) -> ModelFile.Signature {
    ModelFile.Signature(
      key: try text(table, 2), subgraph: Int(clamping: try table.scalar(4, default: UInt32(0))),
      inputs: try namedTensors(table, 0), outputs: try namedTensors(table, 1))
  }

  private mutating func namedTensors(
    _ table: borrowing Table, _ slot: Int
  ) throws(ReadError) -> [ModelFile.NamedTensor] {
    var names: [ModelFile.NamedTensor] = []
    guard let maps = try table.tables(slot) else { return names }
    try Self.count(maps.count, "names of signatures", &nameCount, at: table.position)
    for index in 0..<maps.count {
      try pay(at: table.position)
      let map = try maps.table(at: index, &budget)
      names.append(
        .init(name: try text(map, 0), tensor: Int(clamping: try map.scalar(1, default: UInt32(0)))))
    }
    return names
  }

  // MARK: Fields

  /// Data behind the FlatBuffer, counted from the beginning of the file. Offsets 0 and 1 mean that there is none.
  private func range(
    offset: UInt64, size: UInt64, fileSize: Int, of what: String, at position: Int
  ) throws(ReadError) -> Range<Int>? {
    guard offset > 1, size > 0 else { return nil }
    guard offset <= UInt64(fileSize), size <= UInt64(fileSize) - offset else {
      throw ReadError(
        .outOfBounds, at: position, "\(what) of \(size) bytes at \(offset) lies behind the end of the file")
    }
    return Int(offset)..<Int(offset + size)
  }

  private mutating func integers(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> [Int] {
    guard let vector = try table.vector(slot, of: Int32.self) else { return [] }
    try budget.spend(vector.count * MemoryLayout<Int32>.size, at: vector.position)
    var integers: [Int] = []
    integers.reserveCapacity(vector.count)
    for index in 0..<vector.count { integers.append(Int(vector[index])) }
    return integers
  }

  private mutating func numbers<Number: FlatScalar>(
    _ table: borrowing Table, _ slot: Int, of type: Number.Type
  ) throws(ReadError) -> [Number] {
    guard let vector = try table.vector(slot, of: type) else { return [] }
    try budget.spend(vector.count * (MemoryLayout<Number>.size - 1), at: vector.position)
    return try vector.array(&budget)
  }

  private mutating func text(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> String {
    try optionalText(table, slot) ?? ""
  }

  private mutating func optionalText(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> String? {
    guard let string = try table.string(slot) else { return nil }
    return try string.text(&budget)
  }
}
