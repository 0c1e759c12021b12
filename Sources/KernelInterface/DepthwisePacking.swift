/// How the channels of a depthwise layer lie in panels; see ``DepthwiseLayer``.
package struct DepthwisePanels: BitwiseCopyable, Sendable {
  package var lanes: Int
  /// Of the filter.
  package var channels: Int
  /// How often the channels lie beside each other: the count of joined pixels.
  package var copies: Int
  package var parts: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  /// Columns from a window to the next one where the fifth row is joined; `nil` where it is not.
  package var fifthRowStride: Int?

  package init(
    lanes: Int, channels: Int, copies: Int, parts: Int, kernelHeight: Int, kernelWidth: Int, fifthRowStride: Int? = nil
  ) {
    self.lanes = lanes
    self.channels = channels
    self.copies = copies
    self.parts = parts
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.fifthRowStride = fifthRowStride
  }

  private var blockChannels: Int { 4 * lanes }
  private var blocks: Int { (channels * copies + blockChannels - 1) / blockChannels }
  /// Vectors of 4 weights a lane, by 4, of one part.
  private var groups: Int { fifthRowStride == nil ? (kernelHeight + 3) / 4 * kernelWidth : kernelWidth + 2 }
  package var panelStride: Int { (ChannelRow.count + parts * groups) * 16 * lanes }
  package var byteCount: Int { blocks * panelStride }

  /// Where the weight of a kernel row and column lies in a part: its group of 4 vectors, and its byte in a lane.
  private func place(_ row: Int, _ column: Int) -> (group: Int, byte: Int) {
    guard let fifthRowStride, row == 4 else { return (row / 4 * kernelWidth + column, row % 4) }
    return column < 4 ? (kernelWidth, column) : (kernelWidth + 1, 4 - fifthRowStride)
  }

  /// Fills the panels.
  ///
  /// - Parameters:
  ///   - panels: zeroed memory of ``byteCount`` bytes.
  ///   - weights: `[kernelHeight, kernelWidth, channels]` of bytes.
  ///   - flip: what makes uint8 weights int8: `0x80`, or 0 for int8.
  ///   - zeroPoint: of the weights as int8; 0 unless they have two parts.
  ///   - numbers: one a channel.
  package func fill(
    _ panels: UnsafeMutableRawPointer, weights: UnsafeRawPointer, flip: UInt8, zeroPoint: Int32,
    _ numbers: UnsafePointer<ChannelNumbers>
  ) {
    let order = ChannelOrder(lanes: lanes)
    for block in 0..<blocks {
      let panel = panels + block * panelStride
      // The last block of several is full: it repeats channels of the one before.
      let first = max(0, min(block * blockChannels, channels * copies - blockChannels))
      for vector in 0..<4 {
        for lane in 0..<lanes {
          let copy = first + order.channel(vector: vector, lane: lane)
          guard copy < channels * copies else { continue }
          let channel = copy % channels
          let lanePlace = (vector * lanes + lane) * 4
          numbers[channel].store(panel, vector: vector, of: 4, lane: lane, lanes: lanes)
          for tap in 0..<kernelHeight {
            for column in 0..<kernelWidth {
              let byte = weights.load(fromByteOffset: (tap * kernelWidth + column) * channels + channel, as: UInt8.self)
              var rest = Int32(Int8(bitPattern: byte ^ flip)) - zeroPoint
              let place = place(tap, column)
              for part in 0..<parts {
                let group = ChannelRow.count + part * groups + place.group
                let weight = min(max(rest, -128), 127)
                rest -= weight
                panel.storeBytes(
                  of: Int8(weight), toByteOffset: group * 16 * lanes + lanePlace + place.byte, as: Int8.self)
              }
            }
          }
        }
      }
    }
  }
}
