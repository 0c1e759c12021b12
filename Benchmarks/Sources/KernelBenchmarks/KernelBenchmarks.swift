import Foundation
@_spi(Kernels) import TinyTensor

/// Times every set of kernels that this processor has on the layers of real networks, and prints a row a network.
///
/// usage: swift run -c release KernelBenchmarks [--seconds S] SHAPES.txt ...
@main
struct KernelBenchmarks {
  static func main() throws {
    var paths = Array(CommandLine.arguments.dropFirst())
    var seconds = 0.1
    if paths.first == "--seconds", paths.count >= 2, let value = Double(paths[1]), value > 0 {
      seconds = value
      paths.removeFirst(2)
    }
    guard !paths.isEmpty else {
      print("usage: swift run -c release KernelBenchmarks [--seconds S] SHAPES.txt ...")
      exit(2)
    }
    let sets = KernelSet.allCases.filter(\.isAvailable)
    print("| network | layers | MMAC | \(sets.map { "\($0) ms | MAC/ns" }.joined(separator: " | ")) |")
    print("|---|---|---|\(String(repeating: "---|---|", count: sets.count))")
    for path in paths { print(try row(path, sets, seconds: seconds)) }
  }

  /// A network's row: of each set the sum of its layers' least times.
  private static func row(_ path: String, _ sets: [KernelSet], seconds: Double) throws -> String {
    var layers = 0
    var macs = 0.0
    var times = [Double](repeating: 0, count: sets.count)
    for (shape, count) in try shapes(in: path) {
      layers += count
      macs += Double(shape.multiplyAccumulates * count)
      for (index, time) in try measure(shape, sets, seconds: seconds).enumerated() {
        times[index] += time * Double(count)
      }
    }
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let columns = times.map { String(format: "%.3f | %.2f", $0 * 1e3, macs / ($0 * 1e9)) }
    return "| \(name) | \(layers) | \(String(format: "%.3f", macs / 1e6)) | \(columns.joined(separator: " | ")) |"
  }

  /// The least time of a run with each set, in seconds. The sets take turns, so that a change of the machine's speed
  /// meets all; each has three turns at least.
  private static func measure(_ shape: LayerShape, _ sets: [KernelSet], seconds: Double) throws -> [Double] {
    let timers = try sets.map { try Timer(shape, $0) }
    let end = ContinuousClock.now + .seconds(seconds)
    var round = 0
    repeat {
      for timer in timers where round < 3 || timer.least * Double(timer.runs) < seconds / 30 { timer.turn() }
      round += 1
    } while ContinuousClock.now < end || round < 3
    return timers.map(\.least)
  }

  /// A layer, and the least time that a run of it has taken.
  private final class Timer {
    private var layer: SampleLayer
    private(set) var runs = 1
    private(set) var least = Double.infinity

    init(_ shape: LayerShape, _ set: KernelSet) throws {
      layer = try SampleLayer(shape, kernels: set)
      for _ in 0..<3 { turn() }
      // As many runs as the clock can time well.
      runs = max(1, Int(30e-6 / least))
    }

    func turn() {
      let duration = ContinuousClock().measure { for _ in 0..<runs { layer.run() } }
      let parts = duration.components
      least = min(least, (Double(parts.seconds) + Double(parts.attoseconds) * 1e-18) / Double(runs))
    }
  }

  /// The shapes in a file: one a line, with how often it is there; what follows a `#` is for people.
  private static func shapes(in path: String) throws -> [(LayerShape, Int)] {
    var shapes: [(LayerShape, Int)] = []
    for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
      let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
      guard let first = words.first else { continue }
      guard let shape = LayerShape(first), let count = words.count > 1 ? Int(words[1]) : 1 else {
        print("\(path): \(line) is no shape")
        exit(2)
      }
      shapes.append((shape, count))
    }
    return shapes
  }
}
