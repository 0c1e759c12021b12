import Foundation
import Testing

/// A browser without a window, for pages that the tool writes.
enum Browser {
  /// What a browser made of a page.
  struct Visit {
    /// The document once its script ran, as HTML.
    let document: String
    /// What was written to the console.
    let console: [String]

    /// An attribute of the document's root that the page's script sets, unescaped.
    func data(_ name: String) -> String? {
      guard let start = document.range(of: "data-\(name)=\"") else { return nil }
      return document[start.upperBound...].prefix { $0 != "\"" }.replacingOccurrences(of: "&quot;", with: "\"")
    }
  }

  /// The browser: what `TINYTENSOR_BROWSER` names, or else one of Chromium's family on the path.
  static let executable: URL? = {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["TINYTENSOR_BROWSER"] { return path.isEmpty ? nil : URL(fileURLWithPath: path) }
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    for name in ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"] {
      for folder in folders {
        let file = URL(fileURLWithPath: folder).appendingPathComponent(name)
        if FileManager.default.isExecutableFile(atPath: file.path) { return file }
      }
    }
    return nil
  }()

  /// What is said where there is none.
  static let missing: Comment = "no Chromium on the path (TINYTENSOR_BROWSER can name one): no page is opened"

  /// A browser that takes longer is ended.
  private static let mostSeconds = 60

  /// Opens a page and waits for its script to end.
  ///
  /// - Parameters:
  ///   - path: the page's file.
  ///   - fragment: what stands behind the `#` of its address.
  static func visit(_ path: String, fragment: String) async throws -> Visit {
    let folder = try Folder()
    let process = Process()
    let browser: URL = try #require(executable, missing)
    process.executableURL = browser
    process.arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
      "--disable-extensions", "--disable-background-networking", "--disable-component-update",
      // A page must not need names of the network.
      "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=\(folder.path("profile"))", "--window-size=1400,1000",
      "--enable-logging=stderr", "--v=0", "--dump-dom", URL(fileURLWithPath: path).absoluteString + "#" + fragment,
    ]
    let output = try folder.write([], as: "output")
    let error = try folder.write([], as: "error")
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: error)
    let ended = AsyncStream<Void> { stream in
      process.terminationHandler = { _ in stream.finish() }
    }
    try process.run()
    let identifier = process.processIdentifier
    let watch = Task {
      try await Task.sleep(for: .seconds(mostSeconds))
      kill(identifier, SIGKILL)
    }
    for await _ in ended {}
    watch.cancel()
    let messages = String(decoding: try Data(contentsOf: error), as: UTF8.self)
    #expect(
      process.terminationReason == .exit && process.terminationStatus == 0,
      "the browser ended with \(process.terminationStatus): \(messages)")
    return Visit(
      document: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      console: messages.split(separator: "\n").map(String.init).filter { $0.contains(":CONSOLE") })
  }
}
