import FlatbufferReader
import TinyTensorKernels

// A PAD of zeros in front of a convolution: the convolution sees the image without it, and its windows reach over the
// edges.

extension GraphBuilder {
  /// How often operators read each tensor of a graph whose indices have been checked.
  static func readCounts(_ subgraph: ModelFile.Subgraph) -> [Int] {
    var counts = [Int](repeating: 0, count: subgraph.tensors.count)
    for node in subgraph.operators {
      for tensor in node.inputs where tensor >= 0 { counts[tensor] += 1 }
    }
    return counts
  }

  /// Takes the padding of an image of bytes into the window of the current operator, if a PAD that nothing else needs
  /// has made it.
  ///
  /// The sizes of the output stay those that follow from the padded image.
  ///
  /// - Parameters:
  ///   - options: how the window moves.
  ///   - input: the padded image; the image without padding afterwards.
  ///   - geometry: where the window goes over the padded image; over the other one afterwards.
  mutating func foldPadding(
    _ options: WindowOptions, _ input: inout Operand, _ geometry: inout WindowGeometry
  ) throws(ModelError) {
    guard self.options.passes.contains(.paddingAbsorption), options.isValid, ByteType(input.elementType) != nil else {
      return
    }
    var top = 0
    var left = 0
    var image = input
    var absorbed: [Int] = []
    while let padding = padding(of: image) {
      // A window must reach the image: kernels copy images into padded ones that end behind the last window.
      guard top + padding.top < geometry.coveredHeight, left + padding.left < geometry.coveredWidth else { break }
      top += padding.top
      left += padding.left
      image = padding.image
      absorbed.append(padding.step)
    }
    guard !absorbed.isEmpty else { return }
    input = image
    geometry.inputHeight = image.shape[1]
    geometry.inputWidth = image.shape[2]
    geometry.paddingTop = top
    geometry.paddingLeft = left
    absorb(
      steps: absorbed,
      source: .tensor(
        root(of: image.tensor), byteCount: image.elementType.byteCount(of: image.shape.count) ?? 0))
  }

  /// A PAD's work, and the image that it reads.
  private struct ZeroPadding {
    let step: Int
    let image: Operand
    let top: Int
    let left: Int
  }

  /// The padding of an image that nothing but the current operator reads, or a PAD that it takes the work of.
  private func padding(of operand: Operand) -> ZeroPadding? {
    guard readCounts[operand.tensor] == 1, !isOutput[operand.tensor],
      case .written = values[operand.tensor].source, let index = lastStep(writing: operand.tensor),
      case .pad(let placed) = steps[index].operation
    else { return nil }
    let pad = placed.payload
    let step = steps[index]
    let tensor = subgraph.operators[step.operatorIndex].inputs[0]
    guard let shape = values[tensor].shape, shape.rank == 4, shape.count > 0, shape[0] == operand.shape[0],
      shape[3] == operand.shape[3]
    else { return nil }
    let description = subgraph.tensors[tensor]
    let image = Operand(
      tensor: tensor, name: description.name, elementType: description.elementType, shape: shape,
      quantization: description.quantization, constant: nil)
    // A variable may change between the two.
    guard case .tensor = operands[step.operands.lowerBound + pad.input.index], !isVariable(image),
      let affine = try? affine(of: operand), let own = try? self.affine(of: image), affine == own
    else { return nil }
    var byte = UInt8(truncatingIfNeeded: pad.parameters.pattern)
    if let value = pad.value {
      switch operands[step.operands.lowerBound + value.index] {
      case .file(let offset, _): byte = UInt8.load(file.bytes, at: offset)
      case .block(let block): byte = UInt8.load(blocks[block].bytes(heldBy: self), at: 0)
      case .tensor, .part, .scratch, .variable: return nil
      }
    }
    guard byte == UInt8(truncatingIfNeeded: affine.zeroPoint) else { return nil }
    return ZeroPadding(
      step: index, image: image, top: Int(pad.parameters.before[1]), left: Int(pad.parameters.before[2]))
  }
}

extension WindowOptions {
  /// Whether windows stay inside the image.
  fileprivate var isValid: Bool { padding == 1 }
}

extension WindowGeometry {
  /// Rows from the first one under a window to the last.
  var coveredHeight: Int { (outputHeight - 1) * strideHeight + (kernelHeight - 1) * dilationHeight + 1 }
  var coveredWidth: Int { (outputWidth - 1) * strideWidth + (kernelWidth - 1) * dilationWidth + 1 }
}
