// swift-tools-version: 6.3
import PackageDescription

/// Measurements, in a package of their own so that programs that use TinyTensor never build them.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "TinyTensor", path: "..")],
  targets: [
    .executableTarget(
      name: "ModelBenchmarks", dependencies: [.product(name: "TinyTensor", package: "TinyTensor")],
      swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety()])
  ]
)
