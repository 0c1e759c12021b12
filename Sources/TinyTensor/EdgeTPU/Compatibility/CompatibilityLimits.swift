import FlatbufferReader

/// Limits of single operators, from Coral's table of supported operations. Each gives `nil` if the operator keeps them.
///
/// Axes are named as the compiler names them: z, x and y are the three innermost ones, what lies outside them is the
/// batch.
enum CompatibilityLimits {
  // MARK: Windows

  static func pool(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    try withoutActivation(node, table: 5, slot: 5)
  }

  static func convolution(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    let dilation = (
      x: try node.option(1, 4, default: Int32(1)), y: try node.option(1, 5, default: Int32(1))
    )
    return dilation.x == dilation.y ? nil : unequalDilation
  }

  /// The least runtime of a compiled package can be 12 though it holds dilated windows, as that of DeepLab shows; the
  /// table says 13, and the table is kept to.
  static func depthwiseConvolution(
    _ node: borrowing CompatibilityNode
  ) throws(ModelError) -> CompatibilityFinding? {
    let dilation = (
      x: try node.option(2, 5, default: Int32(1)), y: try node.option(2, 6, default: Int32(1))
    )
    if dilation.x != dilation.y { return unequalDilation }
    guard node.runtime < 13, dilation.x != 1 else { return nil }
    return .limit("a dilated window needs runtime 13", "compile for runtime 13 or later, or do not dilate")
  }

  private static let unequalDilation = CompatibilityFinding.limit(
    "dilation differs along x and y", "use the same dilation along both")

  private static func withoutActivation(
    _ node: borrowing CompatibilityNode, table: UInt8, slot: Int
  ) throws(ModelError) -> CompatibilityFinding? {
    guard try node.option(table, slot, default: Int8(0)) != 0 else { return nil }
    return .limit("it has a fused activation", "put the activation into an operator of its own")
  }

  // MARK: Layers

  static func fullyConnected(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    guard try node.option(8, 1, default: Int8(0)) == 0 else {
      return .limit("its weights are shuffled", "convert with weights in the default format")
    }
    guard let output = node.output(), !output.isOneDimensional else { return nil }
    return .limit("its output has more than one row", "use a batch of 1, or CONV_2D with a 1x1 window")
  }

  static func softmax(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    guard let input = node.input(0) else { return nil }
    guard input.isOneDimensional else {
      return .limit("its input has more than one row", "leave SOFTMAX to the CPU as the model's end")
    }
    guard let count = input.elementCount, count > 16_000 else { return nil }
    return .limit("its input has more than 16,000 elements", "use fewer classes, or leave it to the CPU")
  }

  static func prelu(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    guard let slopes = node.input(1), !slopes.isOneDimensional else { return nil }
    return .limit("its slopes differ along y or x", "share them along y and x (Keras: shared_axes=[1, 2])")
  }

  // MARK: Reductions

  static func mean(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    if let finding = try reduction(node) { return finding }
    guard let input = node.input(0), let axes = node.integers(1) else { return nil }
    guard axes.contains(where: { input.distanceFromInside(axis: $0) == 0 }) else { return nil }
    if node.runtime < 13 {
      return .limit("it reduces z, which needs runtime 13", "compile for runtime 13 or later, or reduce x and y only")
    }
    // The axis was found, so there is a last size.
    guard (input.shape.last ?? 0) % 4 != 0 else { return nil }
    return .limit("it reduces z, whose size is no multiple of 4", "make z a multiple of 4, or reduce x and y only")
  }

  static func reduction(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    guard let input = node.input(0), let axes = node.integers(1) else { return nil }
    guard axes.contains(where: { isBatch($0, of: input) }) else { return nil }
    return .limit("it reduces the batch", "reduce the 3 innermost axes only")
  }

  private static func isBatch(_ axis: Int, of tensor: ModelFile.Tensor) -> Bool {
    (tensor.distanceFromInside(axis: axis) ?? 0) >= 3
  }

  // MARK: Movement

  static func concatenation(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    if let finding = try withoutActivation(node, table: 10, slot: 1) { return finding }
    for position in node.node.inputs.indices {
      guard let tensor = node.input(position), node.isConstant(tensor) else { continue }
      guard node.node.inputs.count == 2 else {
        return .limit("an input is constant, and there are more than 2", "concatenate the constant by itself")
      }
      guard holdsZeros(node, tensor) else {
        return .limit("a constant input is not zero", "concatenate zeros only, which is padding")
      }
    }
    return nil
  }

  /// Whether a constant stands for the real number 0 everywhere.
  private static func holdsZeros(_ node: borrowing CompatibilityNode, _ tensor: ModelFile.Tensor) -> Bool {
    guard let bytes = node.constantBytes(tensor) else { return false }
    let zero = UInt8(truncatingIfNeeded: tensor.quantization?.zeroPoint ?? 0)
    for index in 0..<bytes.byteCount where UInt8.load(bytes, at: index) != zero { return false }
    return true
  }

  static func pack(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    let axis = Int(try node.option(59, 1, default: Int32(0)))
    guard let output = node.output(), isBatch(axis, of: output) else { return nil }
    return .limit("it packs along the batch", "pack along one of the 3 innermost axes")
  }

  static func split(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    guard let input = node.input(1), let axis = node.integers(0)?.first, isBatch(axis, of: input) else { return nil }
    return .limit("it splits the batch", "split one of the 3 innermost axes")
  }

  static func pad(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    guard let input = node.input(0), let sizes = node.integers(1) else { return nil }
    for axis in input.shape.indices {
      // Each axis has two sizes, what is put in front of it and what behind it.
      guard 2 * axis + 1 < sizes.count, sizes[2 * axis] != 0 || sizes[2 * axis + 1] != 0 else { continue }
      if isBatch(axis, of: input) { return .limit("it pads the batch", "pad the 3 innermost axes only") }
      if node.runtime < 13, input.distanceFromInside(axis: axis) == 0 {
        return .limit("it pads z, which needs runtime 13", "compile for runtime 13 or later, or pad x and y only")
      }
    }
    return nil
  }

  static func squeeze(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    guard node.runtime < 13, let input = node.input(0)?.shape, let output = node.output()?.shape else { return nil }
    let removed = input.count - output.count
    // Removing leading ones leaves the rest as it was.
    if removed >= 0, input.prefix(removed).allSatisfy({ $0 == 1 }), input.dropFirst(removed).elementsEqual(output) {
      return nil
    }
    return .limit(
      "it removes axes behind one that is longer than 1, which needs runtime 13",
      "compile for runtime 13 or later, or remove leading axes only")
  }

  static func stridedSlice(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    guard try node.option(32, 2, default: Int32(0)) == 0, try node.option(32, 3, default: Int32(0)) == 0 else {
      return .limit("it has an ellipsis or a new axis", "slice without them, and RESHAPE")
    }
    guard let strides = node.integers(3), strides.contains(where: { $0 != 1 }) else { return nil }
    return .limit("a stride is not 1", "use strides of 1")
  }

  // MARK: Sizes

  /// How many times as long an axis may become.
  ///
  /// Coral says that some sizes are not mapped for the loss of precision, and not which. DeepLab's compiled form leaves
  /// 33 times on the CPU; twice is mapped (google-coral/edgetpu issue 31). The number is a guess between them.
  static let mostEnlargement = 16

  /// A resized image has fewer bytes than this, another guess: google-coral/edgetpu issue 31 has one of 512 KiB that is
  /// mapped, and one of 8 MiB, the size of the chip's memory, that is not.
  static let mostResizedBytes = 8 << 20

  static func resize(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    // Version 3 came with centred pixels. Compilers before 16, which has runtime 14, refuse it (issues 396 and 420).
    if node.code.version > 2, node.runtime < 14 {
      return CompatibilityFinding(
        .versionNotSupported, "version \(node.code.version) (centred pixels) needs runtime 14",
        "compile for runtime 14, or resize without half_pixel_centers")
    }
    guard let input = node.input(0)?.shape, let output = node.output(), output.shape.count == input.count else {
      return nil
    }
    for axis in input.indices {
      // Sizes fit 32 bits, so that the product may overflow where Int has no more; what does not fit is no bound.
      let (most, overflow) = input[axis].multipliedReportingOverflow(by: mostEnlargement)
      guard overflow || output.shape[axis] <= most else {
        return .limit(
          "it enlarges \(input[axis]) to \(output.shape[axis]); beyond \(mostEnlargement) times is probably not mapped",
          "enlarge less, or move it behind all that can be mapped")
      }
    }
    guard let count = output.elementCount, count >= mostResizedBytes else { return nil }
    return .limit("its output of \(count) bytes is as large as the chip's memory", "resize smaller images")
  }
}
