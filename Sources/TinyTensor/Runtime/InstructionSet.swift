import KernelInterface
import KernelsPortable

#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
  import KernelsAVXVNNI
#endif

/// A set of vector kernels that a model was packed for. One function a family of kernels; one line a set.
enum InstructionSet: UInt8, Sendable, Hashable, CaseIterable {
  case portable
  #if arch(x86_64)
    case avx2
    case avxvnni
    case avx512vnni
  #endif

  /// The set's name, as ``KernelSet`` has it.
  var name: String {
    switch self {
    case .portable: "portable"
    #if arch(x86_64)
      case .avx2: "avx2"
      case .avxvnni: "avxvnni"
      case .avx512vnni: "avx512vnni"
    #endif
    }
  }

  /// int32 lanes of a vector.
  var lanes: Int {
    switch self {
    case .portable: PortableKernels.lanes
    #if arch(x86_64)
      case .avx2: AVX2Kernels.lanes
      case .avxvnni: AVXVNNIKernels.lanes
      case .avx512vnni: AVX512Kernels.lanes
    #endif
    }
  }

  /// Rows of a tile of ``matrix(_:)``: work is best divided at multiples of it.
  var tileRows: Int {
    switch self {
    case .portable: PortableKernels.tileRows
    #if arch(x86_64)
      case .avx2: AVX2Kernels.tileRows
      case .avxvnni: AVXVNNIKernels.tileRows
      case .avx512vnni: AVX512Kernels.tileRows
    #endif
    }
  }

  /// Convolution and fully connected.
  @inline(__always)
  func matrix(_ task: MatrixTask) {
    switch self {
    case .portable: PortableKernels.matrix(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.matrix(task)
      case .avxvnni: AVXVNNIKernels.matrix(task)
      case .avx512vnni: AVX512Kernels.matrix(task)
    #endif
    }
  }

  /// The sums of windows' bytes.
  @inline(__always)
  func windowSums(_ task: WindowSumTask) {
    switch self {
    case .portable: PortableKernels.windowSums(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.windowSums(task)
      case .avxvnni: AVXVNNIKernels.windowSums(task)
      case .avx512vnni: AVX512Kernels.windowSums(task)
    #endif
    }
  }

  /// Depthwise convolution.
  @inline(__always)
  func depthwise(_ task: DepthwiseTask) {
    switch self {
    case .portable: PortableKernels.depthwise(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.depthwise(task)
      case .avxvnni: AVXVNNIKernels.depthwise(task)
      case .avx512vnni: AVX512Kernels.depthwise(task)
    #endif
    }
  }

  /// Average and maximum pools of bytes.
  @inline(__always)
  func pool(_ task: PoolTask) {
    switch self {
    case .portable: PortableKernels.pool(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.pool(task)
      case .avxvnni: AVXVNNIKernels.pool(task)
      case .avx512vnni: AVX512Kernels.pool(task)
    #endif
    }
  }

  /// Operations on pairs of bytes.
  @inline(__always)
  func pairs(_ task: PairTask) {
    switch self {
    case .portable: PortableKernels.pairs(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.pairs(task)
      case .avxvnni: AVXVNNIKernels.pairs(task)
      case .avx512vnni: AVX512Kernels.pairs(task)
    #endif
    }
  }

  /// Tables of bytes.
  @inline(__always)
  func lookUp(_ task: LookUpTask) {
    switch self {
    case .portable: PortableKernels.lookUp(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.lookUp(task)
      case .avxvnni: AVXVNNIKernels.lookUp(task)
      case .avx512vnni: AVX512Kernels.lookUp(task)
    #endif
    }
  }

  /// Means and sums of bytes.
  @inline(__always)
  func mean(_ task: MeanTask) {
    switch self {
    case .portable: PortableKernels.mean(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.mean(task)
      case .avxvnni: AVXVNNIKernels.mean(task)
      case .avx512vnni: AVX512Kernels.mean(task)
    #endif
    }
  }

  /// Softmax of bytes.
  @inline(__always)
  func softmax(_ task: SoftmaxTask) {
    switch self {
    case .portable: PortableKernels.softmax(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.softmax(task)
      case .avxvnni: AVXVNNIKernels.softmax(task)
      case .avx512vnni: AVX512Kernels.softmax(task)
    #endif
    }
  }

  /// Real numbers to bytes.
  @inline(__always)
  func quantize(_ task: QuantizeTask) {
    switch self {
    case .portable: PortableKernels.quantize(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.quantize(task)
      case .avxvnni: AVXVNNIKernels.quantize(task)
      case .avx512vnni: AVX512Kernels.quantize(task)
    #endif
    }
  }

  /// The range of real numbers.
  @inline(__always)
  func range(_ task: RealRangeTask) -> RealRange {
    switch self {
    case .portable: PortableKernels.range(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.range(task)
      case .avxvnni: AVXVNNIKernels.range(task)
      case .avx512vnni: AVX512Kernels.range(task)
    #endif
    }
  }

  /// Real numbers to int8 by a factor of the run.
  @inline(__always)
  func quantize(_ task: DynamicQuantizeTask) {
    switch self {
    case .portable: PortableKernels.quantize(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.quantize(task)
      case .avxvnni: AVXVNNIKernels.quantize(task)
      case .avx512vnni: AVX512Kernels.quantize(task)
    #endif
    }
  }

  /// Bytes to real numbers.
  @inline(__always)
  func dequantize(_ task: DequantizeTask) {
    switch self {
    case .portable: PortableKernels.dequantize(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.dequantize(task)
      case .avxvnni: AVXVNNIKernels.dequantize(task)
      case .avx512vnni: AVX512Kernels.dequantize(task)
    #endif
    }
  }

  /// Sums of products to bytes.
  @inline(__always)
  func scaleSums(_ task: SumScalingTask) {
    switch self {
    case .portable: PortableKernels.scaleSums(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.scaleSums(task)
      case .avxvnni: AVXVNNIKernels.scaleSums(task)
      case .avx512vnni: AVX512Kernels.scaleSums(task)
    #endif
    }
  }

  /// Sums of products to real numbers.
  @inline(__always)
  func scaleSums(_ task: RealScalingTask) {
    switch self {
    case .portable: PortableKernels.scaleSums(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.scaleSums(task)
      case .avxvnni: AVXVNNIKernels.scaleSums(task)
      case .avx512vnni: AVX512Kernels.scaleSums(task)
    #endif
    }
  }

  /// Bilinear interpolation of bytes.
  @inline(__always)
  func interpolate(_ task: InterpolationTask) {
    switch self {
    case .portable: PortableKernels.interpolate(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.interpolate(task)
      case .avxvnni: AVXVNNIKernels.interpolate(task)
      case .avx512vnni: AVX512Kernels.interpolate(task)
    #endif
    }
  }

  /// Positions of largest or smallest bytes.
  @inline(__always)
  func extremum(_ task: ExtremumTask) {
    switch self {
    case .portable: PortableKernels.extremum(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.extremum(task)
      case .avxvnni: AVXVNNIKernels.extremum(task)
      case .avx512vnni: AVX512Kernels.extremum(task)
    #endif
    }
  }

  /// Convolution and fully connected of real numbers.
  @inline(__always)
  func realWindows(_ task: RealTask) {
    switch self {
    case .portable: PortableKernels.realWindows(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.realWindows(task)
      case .avxvnni: AVXVNNIKernels.realWindows(task)
      case .avx512vnni: AVX512Kernels.realWindows(task)
    #endif
    }
  }

  /// Operations on pairs of real numbers.
  @inline(__always)
  func realPairs(_ task: RealPairTask) {
    switch self {
    case .portable: PortableKernels.realPairs(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.realPairs(task)
      case .avxvnni: AVXVNNIKernels.realPairs(task)
      case .avx512vnni: AVX512Kernels.realPairs(task)
    #endif
    }
  }

  /// Functions of real numbers.
  @inline(__always)
  func realFunction(_ task: RealFunctionTask) {
    switch self {
    case .portable: PortableKernels.realFunction(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.realFunction(task)
      case .avxvnni: AVXVNNIKernels.realFunction(task)
      case .avx512vnni: AVX512Kernels.realFunction(task)
    #endif
    }
  }

  /// Pools of real numbers.
  @inline(__always)
  func realPool(_ task: RealPoolTask) {
    switch self {
    case .portable: PortableKernels.realPool(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.realPool(task)
      case .avxvnni: AVXVNNIKernels.realPool(task)
      case .avx512vnni: AVX512Kernels.realPool(task)
    #endif
    }
  }

  /// Reductions of real numbers.
  @inline(__always)
  func realReduction(_ task: RealReductionTask) {
    switch self {
    case .portable: PortableKernels.realReduction(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.realReduction(task)
      case .avxvnni: AVXVNNIKernels.realReduction(task)
      case .avx512vnni: AVX512Kernels.realReduction(task)
    #endif
    }
  }

  /// Convolution and fully connected of int16 activations.
  @inline(__always)
  func sixteenBitWindows(_ task: SixteenBitTask) {
    switch self {
    case .portable: PortableKernels.sixteenBitWindows(task)
    #if arch(x86_64)
      case .avx2: AVX2Kernels.sixteenBitWindows(task)
      case .avxvnni: AVXVNNIKernels.sixteenBitWindows(task)
      case .avx512vnni: AVX512Kernels.sixteenBitWindows(task)
    #endif
    }
  }
}
