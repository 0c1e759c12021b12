import KernelInterface

/// The packing of a filter into the panels of its layer, of which everything has been checked.
@safe
struct PanelPacking {
  private let set: InstructionSet
  private let panels: MatrixPanels
  private let groups: Int
  private let memory: AlignedMemory
  /// The filter of all groups, which are behind each other.
  private let filter: MatrixFilter
  private let holder: Holder
  /// ``ChannelNumbers`` of all channels, whose biases the sums of the weights are to be taken off.
  private let numbers: AlignedMemory
  private let inputZeroPoint: Int32

  /// Blocks of all groups: each can be packed by itself.
  let blocks: Int

  /// Where the bytes of the filter are.
  enum Holder {
    /// Behind that offset.
    case file(FileBytes, offset: Int)
    case memory(AlignedMemory)
  }

  /// - Parameters:
  ///   - memory: zeroed, for the panels of all groups.
  ///   - filter: `[groups * channels, taps]`, with the channels of one group.
  ///   - holder: where the filter is.
  ///   - numbers: of the channels of all groups, with biases as if all weights were 0.
  ///   - inputZeroPoint: as uint8.
  init(
    _ set: InstructionSet, _ panels: MatrixPanels, groups: Int, to memory: AlignedMemory, _ filter: MatrixFilter,
    holder: Holder, _ numbers: [ChannelNumbers], inputZeroPoint: Int32
  ) throws(ModelError) {
    self.set = set
    self.panels = panels
    self.groups = groups
    self.memory = memory
    self.filter = filter
    self.holder = holder
    self.numbers = try .holding(numbers)
    self.inputZeroPoint = inputZeroPoint
    blocks = groups * panels.blocks
  }

  /// Packs some blocks. Different blocks may be packed at the same time.
  func pack(blocks range: Range<Int>) {
    var block = range.lowerBound
    while block < range.upperBound {
      let group = block / panels.blocks
      let end = min(range.upperBound, (group + 1) * panels.blocks)
      pack(group, (block - group * panels.blocks)..<(end - group * panels.blocks))
      block = end
    }
  }

  private func pack(_ group: Int, _ blocks: Range<Int>) {
    let size = panels.blockChannels
    let channels = (blocks.lowerBound * size)..<min(panels.channels, blocks.upperBound * size)
    // Sound: there are numbers, and taps of the filter, for every channel of every group.
    let numbers = unsafe self.numbers.base.assumingMemoryBound(to: ChannelNumbers.self) + group * panels.channels
    var filter = filter
    unsafe filter.bytes += group * panels.channels * filter.taps
    unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: channels.count) { sums in
      guard let base = sums.baseAddress else { return }
      unsafe set.sumWeights(filter, channels, to: base)
      for channel in channels { unsafe numbers[channel].bias &-= inputZeroPoint &* base[channel - channels.lowerBound] }
    }
    let start = group * panels.byteCount
    memory.makeResident(
      (start + blocks.lowerBound * panels.panelStride)..<min(
        start + panels.byteCount, start + blocks.upperBound * panels.panelStride))
    // Sound: there is room for the panels of all groups.
    unsafe panels.fill(memory.base + start, blocks: blocks, filter, UnsafePointer(numbers))
    // The packed copy is all that is read from now on.
    if case .file(let file, let offset) = holder {
      let first = offset + group * panels.channels * filter.taps
      file.releaseMemory((first + channels.lowerBound * filter.taps)..<(first + channels.upperBound * filter.taps))
    }
  }
}

/// Filters that are still to be packed: all at once, by all threads of the model's.
final class PackingQueue {
  private var packings: [PanelPacking] = []
  /// For each packing, how many blocks it and those before it have.
  private var ends: [Int] = []

  func add(_ packing: PanelPacking) {
    packings.append(packing)
    ends.append((ends.last ?? 0) + packing.blocks)
  }

  /// Packs all that was added; returns when all is done.
  func finish(_ workers: Workers) {
    guard let blocks = ends.last else { return }
    let work = Work(packings: packings, ends: ends, parts: min(blocks, Self.partsPerThread * workers.threads))
    // Sound: the copy outlives the call, which returns when all parts are done.
    unsafe withUnsafePointer(to: work) { work in
      unsafe workers.run(parts: work.pointee.parts, UnsafeRawPointer(work)) { work, part in
        unsafe work.assumingMemoryBound(to: Work.self).pointee.run(part: part)
      }
    }
    packings = []
    ends = []
  }

  /// Blocks differ in size.
  private static let partsPerThread = 16

  private struct Work {
    let packings: [PanelPacking]
    let ends: [Int]
    let parts: Int

    func run(part: Range<Int>) {
      let blocks = share(of: ends[ends.count - 1], step: 1, part: part, of: parts)
      var first = 0
      for (packing, end) in zip(packings, ends) {
        let lower = max(first, blocks.lowerBound)
        let upper = min(end, blocks.upperBound)
        if lower < upper { packing.pack(blocks: (lower - first)..<(upper - first)) }
        first = end
      }
    }
  }
}
