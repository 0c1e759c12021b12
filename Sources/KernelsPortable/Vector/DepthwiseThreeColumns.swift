import KernelInterface

/// A kernel with 3 columns and up to 3 rows, for one block of channels.
func threeColumnKernel(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  let sizes = task.layer.sizes
  let step = sizes.dilationWidth == 1 ? sizes.strideWidth : 0
  switch (sizes.parts, step, isPositive(task.layer.output.scaling)) {
  case (2, 1, _): threeColumnsOneStepTwoParts(task, block)
  case (2, 2, _): threeColumnsTwoStepsTwoParts(task, block)
  case (2, _, _): threeColumnsAnyStepTwoParts(task, block)
  case (_, 1, true): threeColumnsOneStepPositive(task, block)
  case (_, 1, false): threeColumnsOneStep(task, block)
  case (_, 2, true): threeColumnsTwoStepsPositive(task, block)
  case (_, 2, false): threeColumnsTwoSteps(task, block)
  case (_, _, true): threeColumnsAnyStepPositive(task, block)
  default: threeColumnsAnyStep(task, block)
  }
}

// One function for each case, not generic and not private: their symbols are then strong ones of this module. Layers
// whose weights have two parts are scaled with signs, which is right for all.

@inline(never)
func threeColumnsOneStep(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, OneStep.self, .signed, hasTwoParts: false)
}

@inline(never)
func threeColumnsOneStepPositive(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, OneStep.self, .positive, hasTwoParts: false)
}

@inline(never)
func threeColumnsOneStepTwoParts(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, OneStep.self, .signed, hasTwoParts: true)
}

@inline(never)
func threeColumnsTwoSteps(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, TwoSteps.self, .signed, hasTwoParts: false)
}

@inline(never)
func threeColumnsTwoStepsPositive(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, TwoSteps.self, .positive, hasTwoParts: false)
}

@inline(never)
func threeColumnsTwoStepsTwoParts(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, TwoSteps.self, .signed, hasTwoParts: true)
}

@inline(never)
func threeColumnsAnyStep(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, AnyStep.self, .signed, hasTwoParts: false)
}

@inline(never)
func threeColumnsAnyStepPositive(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, AnyStep.self, .positive, hasTwoParts: false)
}

@inline(never)
func threeColumnsAnyStepTwoParts(_ task: DepthwiseTask, _ block: DepthwiseBlock) {
  threeColumns(task, block, AnyStep.self, .signed, hasTwoParts: true)
}

/// How far a kernel moves from an output to the next one, and which columns neighbouring outputs share.
private protocol Steps {
  /// 1 or 2 columns; 0 if any, given by the layer, and none is shared.
  static var count: Int { get }
}

private enum OneStep: Steps {
  static var count: Int { @inline(__always) get { 1 } }
}

private enum TwoSteps: Steps {
  static var count: Int { @inline(__always) get { 2 } }
}

private enum AnyStep: Steps {
  static var count: Int { @inline(__always) get { 0 } }
}

/// Two outputs at a time, whole blocks of bytes: where a pixel has fewer channels, those of the next ones, which are
/// written later, are overwritten; the last pixels of a row are written alone.
@inline(__always)
private func threeColumns<Step: Steps>(
  _ task: DepthwiseTask, _ block: DepthwiseBlock, _: Step.Type, _ scaling: SumScaling, hasTwoParts: Bool
) {
  let layer = task.layer
  let kernel = ThreeColumns(block.panel, scaling, hasTwoParts: hasTwoParts)
  let bytes = OutputVectors(
    zeroPoint: layer.output.zeroPoint, minimum: layer.output.minimum, maximum: layer.output.maximum,
    flip: layer.output.flip)
  let outputStep = layer.sizes.channels
  let stride = Step.count == 0 ? layer.sizes.strideWidth : Step.count
  let dilation = Step.count == 0 ? layer.sizes.dilationWidth : 1
  // Bytes of a row behind the begin of the last pixel's channels of this block.
  let lastCount = layer.sizes.lastChannels &- block.channel
  var row = task.firstRow
  while row < task.endRow {
    let rows = InputRows(task, row: row, first: 0, channel: block.channel)
    var target = task.output + row &* layer.sizes.outputRowBytes + block.channel
    var column = 0 &- layer.sizes.paddingLeft
    var rest = layer.sizes.outputWidth
    var c0 = rows.columnOfThree(column)
    var c1 = Step.count == 1 ? rows.columnOfThree(column &+ 1) : c0
    while rest >= 2, (rest &- 2) &* outputStep &+ lastCount >= 4 &* laneCount {
      let outputs: (Bytes, Bytes)
      if Step.count == 1 {
        let c2 = rows.columnOfThree(column &+ 2)
        let c3 = rows.columnOfThree(column &+ 3)
        outputs = kernel.outputs(c0, c1, c2, c1, c2, c3, bytes)
        c0 = c2
        c1 = c3
      } else if Step.count == 2 {
        let c2 = rows.columnOfThree(column &+ 2)
        let c4 = rows.columnOfThree(column &+ 4)
        outputs = kernel.outputs(
          c0, rows.columnOfThree(column &+ 1), c2, c2, rows.columnOfThree(column &+ 3), c4, bytes)
        c0 = c4
      } else {
        let next = column &+ stride
        outputs = kernel.outputs(
          rows.columnOfThree(column), rows.columnOfThree(column &+ dilation),
          rows.columnOfThree(column &+ 2 &* dilation), rows.columnOfThree(next),
          rows.columnOfThree(next &+ dilation), rows.columnOfThree(next &+ 2 &* dilation), bytes)
      }
      target.storeBytes(of: outputs.0, as: Bytes.self)
      (target + outputStep).storeBytes(of: outputs.1, as: Bytes.self)
      column &+= 2 &* stride
      target += 2 &* outputStep
      rest &-= 2
    }
    while rest > 0 {
      let count = rest == 1 ? lastCount : outputStep &- block.channel
      let output = kernel.output(
        rows.columnOfThree(column), rows.columnOfThree(column &+ dilation),
        rows.columnOfThree(column &+ 2 &* dilation), bytes)
      storeBlock(output, target, count)
      column &+= stride
      target += outputStep
      rest &-= 1
    }
    row &+= 1
  }
}

/// A block of channels of a kernel with 3 columns.
private struct ThreeColumns {
  let panel: UnsafeRawPointer
  let weights: UnsafeRawPointer
  let scaling: SumScaling
  let hasTwoParts: Bool

  @inline(__always)
  init(_ panel: UnsafeRawPointer, _ scaling: SumScaling, hasTwoParts: Bool) {
    self.panel = panel
    weights = panel + 4 &* PanelRow.count &* MemoryLayout<Lanes>.size
    self.scaling = scaling
    self.hasTwoParts = hasTwoParts
  }

  @inline(__always)
  private func products(_ first: Int, _ sum: Lanes, _ x: Lanes, _ y: Lanes, _ z: Lanes) -> Lanes {
    addProducts(
      addProducts(
        addProducts(sum, x, loadLanes(weights, first)), y, loadLanes(weights, 4 &+ first)), z,
      loadLanes(weights, 8 &+ first))
  }

  @inline(__always)
  private func sums(_ vector: Int, _ x: Lanes, _ y: Lanes, _ z: Lanes) -> Lanes {
    let sum = products(vector, loadLanes(panel, 4 &* PanelRow.bias &+ vector), x, y, z)
    return hasTwoParts ? products(12 &+ vector, sum, x, y, z) : sum
  }

  /// One vector of two outputs, which share its numbers.
  @inline(__always)
  private func scaled(
    _ vector: Int, _ x: Lanes, _ y: Lanes, _ z: Lanes, _ u: Lanes, _ v: Lanes, _ w: Lanes
  ) -> (Lanes, Lanes) {
    let factors = ScalingVectors(panel, vector: vector, of: 4)
    return (
      factors.scaled(sums(vector, x, y, z), scaling),
      factors.scaled(sums(vector, u, v, w), scaling)
    )
  }

  /// Two outputs, each of three columns.
  @inline(__always)
  func outputs(
    _ x: Column, _ y: Column, _ z: Column, _ u: Column, _ v: Column, _ w: Column, _ bytes: OutputVectors
  ) -> (Bytes, Bytes) {
    let a = scaled(0, x.a, y.a, z.a, u.a, v.a, w.a)
    let b = scaled(1, x.b, y.b, z.b, u.b, v.b, w.b)
    let c = scaled(2, x.c, y.c, z.c, u.c, v.c, w.c)
    let d = scaled(3, x.d, y.d, z.d, u.d, v.d, w.d)
    return (bytes.narrowed(a.0, b.0, c.0, d.0), bytes.narrowed(a.1, b.1, c.1, d.1))
  }

  /// One output.
  @inline(__always)
  func output(_ x: Column, _ y: Column, _ z: Column, _ bytes: OutputVectors) -> Bytes {
    @inline(__always)
    func one(_ vector: Int, _ x: Lanes, _ y: Lanes, _ z: Lanes) -> Lanes {
      ScalingVectors(panel, vector: vector, of: 4).scaled(sums(vector, x, y, z), scaling)
    }
    return bytes.narrowed(
      one(0, x.a, y.a, z.a), one(1, x.b, y.b, z.b), one(2, x.c, y.c, z.c), one(3, x.d, y.d, z.d))
  }
}
