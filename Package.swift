// swift-tools-version: 6.3
import PackageDescription

/// Every target is compiled in the Swift 6 language mode with strict memory safety: `unsafe` marks each place that a
/// reviewer has to look at. `Lifetimes` lets our own types return spans; programs that use the package need no flag.
/// Warnings are errors only where `TINYTENSOR_WARNINGS_AS_ERRORS` is set, as continuous integration does.
let warnings: [SwiftSetting] =
  Context.environment["TINYTENSOR_WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]
/// Where `TINYTENSOR_TESTABLE` is set, optimised builds of the libraries can be tested, so that one build serves both as
/// the product and for its tests. The tool's tests are left out then: they run in debug builds.
let isTestable = Context.environment["TINYTENSOR_TESTABLE"] != nil
let toolSettings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ] + warnings
let settings =
  toolSettings + (isTestable ? [.unsafeFlags(["-enable-testing"], .when(configuration: .release))] : [])

/// Kernels are optimised in debug builds too, as one module: unoptimised they are 16 to 90 times slower.
let kernelFlags = ["-O", "-disable-batch-mode", "-wmo", "-num-threads", "2"]
let kernelSettings = settings + [.unsafeFlags(kernelFlags, .when(configuration: .debug))]

/// Tests themselves are not optimised in release builds: what they test is, and their own code takes long to optimise.
let testSettings = settings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

/// The kernels of an instruction set are a module of their own, compiled with its target features; which one runs is
/// decided by the processor. Their code is all pointers and vectors, so strict memory safety would mark every line; they
/// use `Builtin` for the vectors' instructions. The flags are ignored where the target is not x86-64.
///
/// In debug builds the features are left out, and these modules have the portable vectors: such a build can be tested, so
/// that the compiler makes functions for every type (`__swift_memcpy32_16`), of which the linker keeps one for all
/// modules, and the one that it keeps could be one that only some processors can run. Where
/// `TINYTENSOR_DEBUG_VECTORS` is set, debug builds have the features, and may run on this processor alone.
func instructionSet(_ features: String...) -> [SwiftSetting] {
  var flags: [String] = []
  for feature in features {
    flags += ["-Xcc", "-Xclang", "-Xcc", "-target-feature", "-Xcc", "-Xclang", "-Xcc", feature]
  }
  let release: BuildSettingCondition? =
    Context.environment["TINYTENSOR_DEBUG_VECTORS"] == nil ? .when(configuration: .release) : nil
  return portableVectors + [.unsafeFlags(flags, release), .define("INSTRUCTION_SET", release)]
}

let portableVectors: [SwiftSetting] =
  [.swiftLanguageMode(.v6), .enableExperimentalFeature("BuiltinModule"), .unsafeFlags(kernelFlags)] + warnings

let toolTests: [Target] =
  isTestable
  ? []
  : [
    .testTarget(
      name: "TinyRunTests", dependencies: ["tinyrun", "FakeEdgeTPU", "ImageFiles"], swiftSettings: testSettings)
  ]

let package = Package(
  name: "TinyTensor",
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
  products: [
    // MARK: Public API
    .library(name: "TinyTensor", targets: ["TinyTensor"]),
    .library(name: "FlatbufferReader", targets: ["FlatbufferReader"]),
    .library(name: "ImageFiles", targets: ["ImageFiles"]),
    .executable(name: "tinyrun", targets: ["tinyrun"]),
  ],
  targets: [
    .target(name: "FlatbufferReader", swiftSettings: settings),
    .target(
      name: "TinyTensor",
      dependencies: [
        "Deflate", "FlatbufferReader", "TinyTensorKernels", "KernelInterface", "KernelsPortable", "KernelsAVX2",
        "KernelsAVXVNNI",
        "KernelsAVX512",
      ], swiftSettings: settings),
    // Optimised in debug builds too: decoders are loops over bytes.
    .target(name: "ImageFiles", dependencies: ["Deflate"], swiftSettings: kernelSettings),
    .executableTarget(
      name: "tinyrun", dependencies: ["FlatbufferReader", "ImageFiles", "TinyTensor", "TinyTensorKernels"],
      swiftSettings: toolSettings),

    // MARK: Implementation details
    .target(name: "TinyTensorKernels", swiftSettings: kernelSettings),
    // Compressed data, in pictures and behind models.
    .target(name: "Deflate", swiftSettings: kernelSettings),

    // What the kernels of all instruction sets have in common.
    .target(name: "KernelInterface", swiftSettings: [.swiftLanguageMode(.v6)] + warnings),
    .target(name: "KernelsPortable", dependencies: ["KernelInterface"], swiftSettings: portableVectors),
    .target(name: "KernelsAVX2", dependencies: ["KernelInterface"], swiftSettings: instructionSet("+avx2")),
    .target(
      name: "KernelsAVXVNNI", dependencies: ["KernelInterface"], swiftSettings: instructionSet("+avx2", "+avxvnni")),
    .target(
      name: "KernelsAVX512", dependencies: ["KernelInterface"],
      swiftSettings: instructionSet("+avx512f", "+avx512bw", "+avx512vl", "+avx512dq", "+avx512vnni")),

    // MARK: Tests
    .testTarget(name: "FlatbufferReaderTests", dependencies: ["FlatbufferReader"], swiftSettings: testSettings),
    .testTarget(name: "ImageFilesTests", dependencies: ["Deflate", "ImageFiles"], swiftSettings: testSettings),
    .testTarget(name: "TinyTensorKernelsTests", dependencies: ["TinyTensorKernels"], swiftSettings: testSettings),
    .testTarget(
      name: "TinyTensorTests",
      dependencies: [
        "TinyTensor", "TinyTensorKernels", "KernelInterface", "Deflate", "AllocationCounter", "FakeEdgeTPU",
      ],
      swiftSettings: testSettings),
    // Takes the place of the C library's allocator in the test process, to count calls.
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    // Has the C source in it built as a library that takes libedgetpu's place, when a test asks for it.
    .target(
      name: "FakeEdgeTPU", path: "Tests/FakeEdgeTPU", exclude: ["fake_edgetpu.c"], swiftSettings: testSettings),
  ] + toolTests
)
