import KernelInterface

/// Kernels for x86-64 processors with AVX-512 and its VNNI. Whether the processor has the instructions is for the
/// caller to find out. On other architectures the functions are there and are not to be used.
///
/// Tables of kernels are made elsewhere: what a module of an instruction set exports is functions over plain structs,
/// so that no code of the standard library's is compiled into it.
package enum AVX512Kernels {
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
}
