/// What a gate of a long short-term memory of int8 multiplies with.
package struct QuantizedLSTMFactors: BitwiseCopyable, Sendable, Hashable {
  /// From the sum of products with the input.
  package var input: QuantizedMultiplier
  /// From the sum of products with the last output.
  package var recurrent: QuantizedMultiplier
  /// From a peephole's product with the cell state.
  package var peephole: QuantizedMultiplier
  /// From a normalized sum times its coefficient to Q3.12.
  package var normalization: QuantizedMultiplier
  /// What counts as the variance of sums that are equal, at least 1.
  package var leastVariance: Int32

  package init(
    input: QuantizedMultiplier = QuantizedMultiplier(0), recurrent: QuantizedMultiplier = QuantizedMultiplier(0),
    peephole: QuantizedMultiplier = QuantizedMultiplier(0), normalization: QuantizedMultiplier = QuantizedMultiplier(0),
    leastVariance: Int32 = 1
  ) {
    self.input = input
    self.recurrent = recurrent
    self.peephole = peephole
    self.normalization = normalization
    self.leastVariance = leastVariance
  }
}

/// Which peephole a cell has: the reference walks through the states of all cells of a step, and begins anew with the
/// peepholes after as many cells as there are outputs (`VectorBatchVectorCwiseProductAccumulate`, which is given the
/// count of outputs). Without projection each cell has its own.
struct PeepholeOrder {
  /// Where the first cell of a batch row stands in the walk.
  var start: Int
  /// Cells from there on have no peephole.
  var end: Int
  /// The count of outputs, at most that of peepholes.
  var period: Int

  /// The order for a batch row of a layer. Only a layer whose first axis is time takes a step of all rows at once.
  init(_ parameters: QuantizedLSTMParameters, batch: Int) {
    start = parameters.isTimeMajor ? batch * parameters.cells : 0
    end = (parameters.isTimeMajor ? parameters.batches : 1) * parameters.outputSize
    period = parameters.outputSize
  }

  @inline(__always)
  func index(_ cell: Int) -> Int? { start + cell < end ? (start + cell) % period : nil }
}

/// A gate's constants; spans that are empty stand for parts that the layer does not have.
package struct QuantizedLSTMGate: ~Escapable {
  /// `[cells, inputSize]`; empty for an input gate that is coupled to the forget gate.
  package let inputWeights: Span<Int8>
  /// The bias, where there is no normalization, less the input's zero point times the weights.
  package let inputBias: Span<Int32>
  /// `[cells, outputSize]`.
  package let recurrentWeights: Span<Int8>
  /// Less the output state's zero point times the weights.
  package let recurrentBias: Span<Int32>
  /// One a cell, or none.
  package let peephole: Span<Int16>
  /// One a cell, or none.
  package let normalization: Span<Int16>
  /// What is added after normalization; one a cell where there is normalization.
  package let bias: Span<Int32>

  @_lifetime(
    copy inputWeights, copy inputBias, copy recurrentWeights, copy recurrentBias, copy peephole, copy normalization,
    copy bias)
  package init(
    inputWeights: Span<Int8>, inputBias: Span<Int32>, recurrentWeights: Span<Int8>, recurrentBias: Span<Int32>,
    peephole: Span<Int16>, normalization: Span<Int16>, bias: Span<Int32>
  ) {
    self.inputWeights = inputWeights
    self.inputBias = inputBias
    self.recurrentWeights = recurrentWeights
    self.recurrentBias = recurrentBias
    self.peephole = peephole
    self.normalization = normalization
    self.bias = bias
  }

  /// Writes the gate's sums for all cells of a batch row, in Q3.12, to `gates` from `start` on.
  func evaluate(
    _ factors: QuantizedLSTMFactors, input: Span<Int8>, state: Span<Int8>, cellState: Span<Int16>,
    order: PeepholeOrder, gates: inout MutableSpan<Int16>, start: Int
  ) {
    for cell in inputBias.indices {
      var sum = sum(cell, input, factors.input, state, factors.recurrent)
      if peephole.count > 0, let place = order.index(cell) {
        // At most 2^30. The sum wraps where the reference's overflows: its product is then beyond 16 bits by far.
        let product = Int32(peephole[place]) &* Int32(cellState[cell])
        sum = clamp(factors.peephole.apply(to: product) &+ sum, -32768, 32767)
      }
      gates[start + cell] = Int16(truncatingIfNeeded: sum)
    }
    if normalization.count > 0 {
      normalizeReference(
        &gates, start..<(start + normalization.count), coefficients: normalization, bias: bias,
        factor: factors.normalization, leastVariance: factors.leastVariance)
    }
  }

  /// The sum of products for one cell, in 16 bits: each part is scaled and saturated by itself.
  @inline(__always)
  private func sum(
    _ cell: Int, _ input: Span<Int8>, _ inputFactor: QuantizedMultiplier, _ state: Span<Int8>,
    _ recurrentFactor: QuantizedMultiplier
  ) -> Int32 {
    let fromInput =
      inputBias[cell]
      &+ dotProduct(input, 0, inputWeights.extracting((cell * input.count)..<((cell + 1) * input.count)), 0)
    let first = clamp(inputFactor.apply(to: fromInput), -32768, 32767)
    let fromState =
      recurrentBias[cell]
      &+ dotProduct(state, 0, recurrentWeights.extracting((cell * state.count)..<((cell + 1) * state.count)), 0)
    return clamp(recurrentFactor.apply(to: fromState) &+ first, -32768, 32767)
  }
}

/// Brings the sums in `range` to mean 0 and deviation 1, multiplies them with coefficients, adds the bias, and scales
/// to Q3.12 (`ApplyLayerNorm` of the reference).
///
/// - Parameters:
///   - sums: stored values; not empty in `range`.
///   - coefficients: one for each sum.
///   - bias: in steps of a coefficient's step times `2^-10`.
///   - factor: the coefficients' scale times `2^12`.
///   - leastVariance: what a variance that is not positive counts as.
package func normalizeReference(
  _ sums: inout MutableSpan<Int16>, _ range: Range<Int>, coefficients: Span<Int16>, bias: Span<Int32>,
  factor: QuantizedMultiplier, leastVariance: Int32
) {
  let count = Int64(range.count)
  var total: Int64 = 0
  var squares: Int64 = 0
  for index in range {
    // |total| <= count * 2^15 and squares <= count * 2^30: counts are below 2^31.
    total &+= Int64(sums[index])
    squares &+= Int64(sums[index]) &* Int64(sums[index])
  }
  // In steps of 2^-10; |mean| <= 2^25.
  let mean = (total &* 1024) / count
  // In steps of 2^-20 before the division. The quotient of 2^20 is rounded down, so that counts which are no power of
  // two give less than the variance, or less than 0. Both parts are at most 2^50.
  let variance = (squares &* ((1 << 20) / count) &- mean &* mean) / (1 << 20)
  let inverse = QuantizedMultiplier(
    inverseSquareRootOf: variance < 1 ? leastVariance : Int32(truncatingIfNeeded: variance))
  for index in range {
    // |difference| <= 2^26.
    let difference = Int32(truncatingIfNeeded: Int64(sums[index]) &* 1024 &- mean)
    let place = index - range.lowerBound
    // At most 2^46 + 2^31. Beyond 32 bits, to which sums of little variance for their mean can lead, the reference's C++
    // is undefined; its builds for x86-64 give this.
    let weighted = Int64(inverse.apply(to: difference)) &* Int64(coefficients[place]) &+ Int64(bias[place])
    // To the nearest multiple of 2^10, halves away from zero.
    let rounded = (weighted &+ (weighted > 0 ? 512 : -512)) / 1024
    sums[index] = Int16(
      truncatingIfNeeded: clamp(factor.apply(to: Int32(truncatingIfNeeded: rounded)), -32768, 32767))
  }
}
