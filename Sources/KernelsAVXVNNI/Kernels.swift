import KernelInterface

/// Kernels for x86-64 processors with AVX2 and AVX-VNNI. Whether the processor has the instructions is for the
/// caller to find out. On other architectures the functions are there and are not to be used.
///
/// Tables of kernels are made elsewhere: what a module of an instruction set exports is functions over plain structs,
/// so that no code of the standard library's is compiled into it.
package enum AVXVNNIKernels {
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
}
