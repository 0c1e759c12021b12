@testable import TinyTensor

/// What an operator that was compiled for the Edge TPU carries, written as the compiler does.
struct CompiledPackage {
  struct Layer {
    var name: String
    var sizes: [Int32]
    /// As the executable numbers types: 0 uint8, 8 int8, 9 int16.
    var type: Int16 = 0
    var byteCount: Int32?
    var zeroPoint: Int32 = 0
    var scale: Float = 1
    var executions: Int32?
  }

  var identifier = "DWN1"
  var runtimeVersion: Int32 = 12
  var inputs: [Layer]
  var outputs: [Layer]
  /// Changes the package's table before it is written.
  var edit: (inout FlatTable) -> Void = { _ in }

  /// The custom options, with two executables, as for a model whose parameters fit the chip.
  var customOptions: [UInt8] {
    let token: UInt64 = 0xbdd2_8bde_bd94_4998
    let main = FlatTable([
      1: .string("model"), 3: .int32(1),
      5: .tables([
        FlatTable([0: .bytes([1, 2, 3]), 1: .tables([FlatTable(), FlatTable()])]), FlatTable([0: .bytes([4])]),
      ]),
      7: .table(FlatTable([0: .tables([FlatTable(), FlatTable(), FlatTable()]), 1: .bool(true)])),
      8: .tables(inputs.map(Self.table)), 9: .tables(outputs.map(Self.table)), 10: .string("beagle"), 12: .int32(99552),
      13: .int16(2), 14: .uint64(token), 16: .uint64(458040),
    ])
    let caching = FlatTable([
      1: .string("Unknown"), 3: .int32(1), 5: .tables([FlatTable([0: .bytes([9, 9])])]),
      6: .bytes([UInt8](repeating: 7, count: 48)), 10: .string("beagle"), 13: .int16(1), 14: .uint64(token),
    ])
    let executables = FlatTable([
      0: .strings([
        FlatWriter.file(main, identifier: "\0\0\0\0"), FlatWriter.file(caching, identifier: "\0\0\0\0"),
      ])
    ])
    var package = FlatTable([
      0: .int32(runtimeVersion), 1: .bytes(FlatWriter.file(executables, identifier: "\0\0\0\0")), 4: .string("cl/"),
      7: .string("mine"),
    ])
    edit(&package)
    return Self.options(package: FlatWriter.file(package, identifier: identifier))
  }

  private static func table(_ layer: Layer) -> FlatTable {
    var table = FlatTable([
      0: .string(layer.name), 1: .int32(layer.byteCount ?? layer.sizes.reduce(1, *)), 2: .int32(layer.sizes[0]),
      3: .int32(layer.sizes[1]), 4: .int32(layer.sizes[2]),
      5: .table(FlatTable([0: .int32(layer.zeroPoint), 1: .float(layer.scale)])), 6: .int16(layer.type),
    ])
    if let executions = layer.executions { table[9] = .int32(executions) }
    return table
  }

  /// The FlexBuffers map `{"1": 0, "4": package, "5": -1}`, with 4 bytes a value.
  static func options(package: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = Array("1\u{0}4\u{0}5\u{0}".utf8)
    while bytes.count % 4 != 0 { bytes.append(0) }
    func word(_ value: Int) {
      let number = UInt32(truncatingIfNeeded: value)
      for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(8 * index))) }
    }
    word(package.count)
    let string = bytes.count
    bytes += package + [0]
    while bytes.count % 4 != 0 { bytes.append(0) }
    // Keys, sorted: offsets go backwards from where they stand.
    word(3)
    let keys = bytes.count
    for key in [0, 2, 4] { word(bytes.count - key) }
    word(bytes.count - keys)
    word(4)
    word(3)
    let values = bytes.count
    word(0)
    word(bytes.count - string)
    word(-1)
    // Types: int, string and int of 4 bytes each.
    bytes += [1 << 2 | 2, 5 << 2 | 2, 1 << 2 | 2]
    // The root: an offset of 1 byte to a map with values of 4 bytes.
    bytes.append(UInt8(bytes.count - values))
    bytes += [9 << 2 | 2, 1]
    return bytes
  }
}

extension CompiledPackage {
  /// The package for tensors of these sizes, of bytes.
  static func bytes(inputs: [[Int]], outputs: [[Int]], runtimeVersion: Int32 = 12) -> CompiledPackage {
    func layer(_ sizes: [Int], _ name: String) -> Layer {
      // Without the batch, height, width and channels; those that are left out are 1.
      let inner = sizes.dropFirst().map { Int32($0) }
      return Layer(name: name, sizes: [Int32](repeating: 1, count: 3 - inner.count) + inner)
    }
    return CompiledPackage(
      runtimeVersion: runtimeVersion, inputs: inputs.map { layer($0, "in") }, outputs: outputs.map { layer($0, "out") })
  }
}

extension TestModel {
  /// Adds an operator that was compiled for the Edge TPU.
  mutating func addCompiled(_ inputs: [Int32], _ outputs: [Int32], _ package: CompiledPackage) {
    operators.append(
      Operator(
        code: .custom, customName: "edgetpu-custom-op", inputs: inputs, outputs: outputs,
        customOptions: package.customOptions))
  }

  /// A model of one compiled operator: uint8 [batch,4,5,3] to uint8 [batch,10].
  static func compiled(batch: Int = 1, runtimeVersion: Int32 = 12) -> TestModel {
    var model = TestModel()
    let input = model.input([batch, 4, 5, 3], .uint8, scale: 0.5, zeroPoint: 3)
    let output = model.output([batch, 10], .uint8, scale: 0.25, zeroPoint: 4)
    model.addCompiled(
      [input], [output],
      .bytes(inputs: [[1, 4, 5, 3]], outputs: [[1, 10]], runtimeVersion: runtimeVersion))
    return model
  }

  /// What the fake library's function gives for an output.
  static func faked(_ input: [UInt8], output index: Int = 0, count: Int) -> [UInt8] {
    (0..<count).map { input[$0 % input.count] &+ UInt8(truncatingIfNeeded: 3 * $0 + index) }
  }
}
