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
}
