import Foundation
import TinyTensor

/// Times whole models: loading, the first run, and runs after that.
///
/// usage: swift run -c release ModelBenchmarks [--seconds S] MODEL.tflite ...
@main
struct ModelBenchmarks {
  static func main() throws {
    var paths = Array(CommandLine.arguments.dropFirst())
    var seconds = 2.0
    if paths.first == "--seconds", paths.count >= 2, let value = Double(paths[1]), value > 0 {
      seconds = value
      paths.removeFirst(2)
    }
    guard !paths.isEmpty else {
      print("usage: swift run -c release ModelBenchmarks [--seconds S] MODEL.tflite ...")
      exit(2)
    }
    print("| model | MMAC | load ms | first run us | min us | p50 us | p99 us | MAC/ns | runs |")
    print("|---|---|---|---|---|---|---|---|---|")
    for path in paths { print(try measure(path, seconds: seconds)) }
  }

  private static func measure(_ path: String, seconds: Double) throws -> String {
    let clock = ContinuousClock()
    var session: Session?
    let load = try clock.measure { session = try Model(path: path).makeSession() }
    guard var session else { return "" }
    let first = try clock.measure { try session.run() }
    var times: [Double] = []
    let end = clock.now + .seconds(seconds)
    repeat {
      times.append(microseconds(try clock.measure { try session.run() }))
    } while clock.now < end || times.count < 10
    times.sort()
    let median = times[times.count / 2]
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let macs = Double(session.model.multiplyAccumulates)
    return String(
      format: "| %@ | %.3f | %.2f | %.1f | %.1f | %.1f | %.1f | %.2f | %d |", name, macs / 1e6,
      microseconds(load) / 1e3, microseconds(first), times[0], median, times[times.count * 99 / 100],
      macs / (median * 1e3), times.count)
  }

  private static func microseconds(_ duration: Duration) -> Double {
    let parts = duration.components
    return Double(parts.seconds) * 1e6 + Double(parts.attoseconds) * 1e-12
  }
}
