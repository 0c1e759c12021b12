import KernelInterface

/// Kernels of vectors of 128 bits, for every processor.
package enum PortableKernels {
  /// int32 lanes of a vector.
  package static var lanes: Int { laneCount }
  /// Rows of a tile of ``matrix(_:)``.
  package static var tileRows: Int { FastTile<Row4>.rows }
  /// Convolution and fully connected.
  package static func matrix(_ task: MatrixTask) { matrixKernel(task) }
  /// Sums of windows.
  package static func windowSums(_ task: WindowSumTask) { windowSumKernel(task) }
  /// Depthwise convolution.
  package static func depthwise(_ task: DepthwiseTask) { depthwiseKernel(task) }
  /// Average and maximum pools.
  package static func pool(_ task: PoolTask) { poolKernel(task) }
  /// Operations on pairs of bytes.
  package static func pairs(_ task: PairTask) { pairKernel(task) }
  /// Tables of bytes.
  package static func lookUp(_ task: LookUpTask) { lookUpKernel(task) }
  /// Means of bytes.
  package static func mean(_ task: MeanTask) { meanKernel(task) }
  /// Softmax of bytes.
  package static func softmax(_ task: SoftmaxTask) { softmaxKernel(task) }
  /// Real numbers to bytes.
  package static func quantize(_ task: QuantizeTask) { quantizeKernel(task) }
  /// The range of real numbers.
  package static func range(_ task: RealRangeTask) -> RealRange { realRangeKernel(task) }
  /// Real numbers to int8 by a factor of the run.
  package static func quantize(_ task: DynamicQuantizeTask) { dynamicQuantizeKernel(task) }
  /// Bytes to real numbers.
  package static func dequantize(_ task: DequantizeTask) { dequantizeKernel(task) }
  /// Sums to bytes.
  package static func scaleSums(_ task: SumScalingTask) { sumScalingKernel(task) }
  /// Sums to real numbers.
  package static func scaleSums(_ task: RealScalingTask) { realScalingKernel(task) }
  /// Bilinear interpolation of bytes.
  package static func interpolate(_ task: InterpolationTask) { interpolationKernel(task) }
  /// Positions of largest bytes.
  package static func extremum(_ task: ExtremumTask) { extremumKernel(task) }
  /// Convolution and fully connected of real numbers.
  package static func realWindows(_ task: RealTask) { realWindowKernel(task) }
  /// Operations on pairs of real numbers.
  package static func realPairs(_ task: RealPairTask) { realPairKernel(task) }
  /// Functions of real numbers.
  package static func realFunction(_ task: RealFunctionTask) { realFunctionKernel(task) }
  /// Pools of real numbers.
  package static func realPool(_ task: RealPoolTask) { realPoolKernel(task) }
  /// Reductions of real numbers.
  package static func realReduction(_ task: RealReductionTask) { realReductionKernel(task) }
  /// Convolution and fully connected of int16 activations.
  package static func sixteenBitWindows(_ task: SixteenBitTask) { sixteenBitWindowKernel(task) }

  // MARK: Movement, of the same speed for all instruction sets

  /// Runs of bytes in another order.
  package static func move(_ task: MovementTask) { movementKernel(task) }
  /// A tensor inside a larger one.
  package static func pad(_ task: PaddingTask) { paddingKernel(task) }
  /// Pixels by lists of rows and columns.
  package static func pixels(_ task: PixelTask) { pixelKernel(task) }
  /// Slices by a list of indices.
  package static func pick(_ task: PickTask) { pickKernel(task) }
}
