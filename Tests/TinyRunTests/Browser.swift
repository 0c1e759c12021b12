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
    if let path = ProcessInfo.processInfo.environment["TINYTENSOR_BROWSER"] {
      return path.isEmpty ? nil : URL(fileURLWithPath: path)
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    return names.lazy.compactMap { Program.find($0) }.first
  }()

  /// What is said where there is none.
  static let missing: Comment = "no Chromium on the path (TINYTENSOR_BROWSER can name one): no page is opened"

  /// Opens a page and waits for its script to end.
  ///
  /// - Parameters:
  ///   - path: the page's file.
  ///   - fragment: what stands behind the `#` of its address.
  static func visit(_ path: String, fragment: String) async throws -> Visit {
    let browser: URL = try #require(executable, missing)
    let profile = try Folder()
    let result = try await Program.run(
      browser,
      [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-extensions", "--disable-background-networking", "--disable-component-update",
        // A page must not need names of the network.
        "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=\(profile.url.path)", "--window-size=1400,1000",
        "--enable-logging=stderr", "--v=0", "--dump-dom", URL(fileURLWithPath: path).absoluteString + "#" + fragment,
      ], limit: .seconds(60))
    #expect(result.status == 0 && !result.wasKilled, "the browser ended with \(result.status): \(result.error)")
    return Visit(
      document: result.output,
      console: result.error.split(separator: "\n").map(String.init).filter { $0.contains(":CONSOLE") })
  }
}
