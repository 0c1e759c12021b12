import Foundation
import TinyTensor

enum Inspect { static func run(_ words: [String]) throws {} }
enum Classify { static func run(_ words: [String]) throws {} }
enum Help { static let overview = ""; static func text(for: String) throws -> String { "" } }
