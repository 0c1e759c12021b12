// swift-tools-version: 6.3
import PackageDescription

/// TinyTensor from the folder that holds this example, or, as in a program of your own, from a repository.
let tinyTensor: Package.Dependency =
  if let url = Context.environment["TINYTENSOR_URL"] {
    .package(url: url, .upToNextMinor(from: "0.1.0"))
  } else {
    .package(name: "TinyTensor", path: "../..")
  }

let package = Package(
  name: "Segment",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "Segment", targets: ["Segment"])],
  dependencies: [tinyTensor],
  targets: [
    .executableTarget(
      name: "Segment",
      dependencies: [
        .product(name: "ImageFiles", package: "TinyTensor"), .product(name: "TinyTensor", package: "TinyTensor"),
      ])
  ]
)
