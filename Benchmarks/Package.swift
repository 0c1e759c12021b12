// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .strictMemorySafety()]
let library: Target.Dependency = .product(name: "TinyTensor", package: "TinyTensor")

/// Measurements, in a package of their own so that programs that use TinyTensor never build them.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "TinyTensor", path: "..")],
  targets: [
    .executableTarget(name: "ModelBenchmarks", dependencies: [library], swiftSettings: settings),
    .executableTarget(name: "KernelBenchmarks", dependencies: [library], swiftSettings: settings),
  ]
)
