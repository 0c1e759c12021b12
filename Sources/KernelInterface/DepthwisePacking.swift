/// How the channels of a depthwise layer lie in panels; see ``DepthwiseLayer``.
package struct DepthwisePanels: BitwiseCopyable, Sendable {
  package var lanes: Int
  package var channels: Int
  package var kernelHeight: Int
  package var kernelWidth: Int

  package init(lanes: Int, channels: Int, kernelHeight: Int, kernelWidth: Int) {
    self.lanes = lanes
    self.channels = channels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
  }

  private var blockChannels: Int { 4 * lanes }
  private var blocks: Int { (channels + blockChannels - 1) / blockChannels }
  private var rowGroups: Int { (kernelHeight + 3) / 4 }
  package var panelStride: Int { (ChannelRow.count + rowGroups * kernelWidth) * 16 * lanes }
  package var byteCount: Int { blocks * panelStride }

  /// Fills the panels.
  ///
  /// - Parameters:
  ///   - panels: zeroed memory of ``byteCount`` bytes.
  ///   - weights: `[kernelHeight, kernelWidth, channels]` of bytes.
  ///   - flip: what makes uint8 weights int8: `0x80`, or 0 for int8.
  ///   - numbers: one a channel.
  package func fill(
    _ panels: UnsafeMutableRawPointer, weights: UnsafeRawPointer, flip: UInt8, _ numbers: UnsafePointer<ChannelNumbers>
  ) {
    let order = ChannelOrder(lanes: lanes)
    for block in 0..<blocks {
      let panel = panels + block * panelStride
      for vector in 0..<4 {
        for lane in 0..<lanes {
          let channel = block * blockChannels + order.channel(vector: vector, lane: lane)
          guard channel < channels else { continue }
          let place = (vector * lanes + lane) * 4
          for row in 0..<ChannelRow.count {
            panel.storeBytes(of: numbers[channel].row(row), toByteOffset: row * 16 * lanes + place, as: Int32.self)
          }
          for tap in 0..<kernelHeight {
            for column in 0..<kernelWidth {
              let byte = weights.load(fromByteOffset: (tap * kernelWidth + column) * channels + channel, as: UInt8.self)
              let group = ChannelRow.count + tap / 4 * kernelWidth + column
              panel.storeBytes(of: byte ^ flip, toByteOffset: group * 16 * lanes + place + tap % 4, as: UInt8.self)
            }
          }
        }
      }
    }
  }
}
