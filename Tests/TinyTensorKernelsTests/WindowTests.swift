import Testing

@testable import TinyTensorKernels

@Suite("Windows")
struct WindowTests {
  @Test("the taps of a window that lie inside the image are those that a search finds")
  func taps() {
    for size in 1...7 {
      for kernel in 1...4 {
        for stride in 1...3 {
          for dilation in 1...3 {
            for padding in 0...4 {
              let geometry = WindowGeometry(
                batches: 1, inputHeight: size, inputWidth: size, inputChannels: 1, outputHeight: 4, outputWidth: 4,
                outputChannels: 1, kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride,
                strideWidth: stride, dilationHeight: dilation, dilationWidth: dilation, paddingTop: padding,
                paddingLeft: padding)
              for output in 0..<4 {
                let expected = (0..<kernel).filter { tap in
                  (0..<size).contains(output * stride - padding + tap * dilation)
                }
                #expect(Array(geometry.kernelRows(outputRow: output)) == expected)
                #expect(Array(geometry.kernelColumns(outputColumn: output)) == expected)
              }
            }
          }
        }
      }
    }
  }
}
