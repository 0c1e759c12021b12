// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .strictMemorySafety()]
/// TinyTensor from the folder that holds the benchmarks, or from a repository, as the examples have it.
let tinyTensor: Package.Dependency =
  if let url = Context.environment["TINYTENSOR_URL"] {
    .package(url: url, .upToNextMinor(from: "0.1.0"))
  } else {
    .package(name: "TinyTensor", path: "..")
  }
let library: Target.Dependency = .product(name: "TinyTensor", package: "TinyTensor")

/// Measurements, in a package of their own so that programs that use TinyTensor never build them.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "ModelBenchmarks", targets: ["ModelBenchmarks"]),
    .executable(name: "KernelBenchmarks", targets: ["KernelBenchmarks"]),
  ],
  dependencies: [tinyTensor],
  targets: [
    .executableTarget(name: "ModelBenchmarks", dependencies: [library], swiftSettings: settings),
    .executableTarget(name: "KernelBenchmarks", dependencies: [library], swiftSettings: settings),
  ]
)
