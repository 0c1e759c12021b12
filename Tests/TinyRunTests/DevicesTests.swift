import Foundation
import Testing
import TinyTensor

@Suite("tinyrun devices and tinyrun knobs")
struct DevicesTests {
  @Test("devices names every set of kernels, one of them chosen, and says what the Edge TPU is")
  func devices() async throws {
    let json = try await Tool.run("devices", "--json").json
    let devices = try #require(json["devices"] as? [[String: Any]])
    try #require(devices.map { $0["device"] as? String } == ["cpu", "edgetpu"])
    #expect(try #require(devices[0]["processors"] as? Int) >= 1)
    let sets = try #require(devices[0]["kernels"] as? [[String: Any]])
    #expect(sets.map { $0["name"] as? String } == KernelSet.allCases.map(\.rawValue))
    #expect(sets.map { $0["available"] as? Bool } == KernelSet.allCases.map(\.isAvailable))
    #expect(sets.count { $0["chosen"] as? Bool == true } == 1)
    #expect(devices[0]["chosen"] as? String == (try CPUOptions().chosenKernels()).rawValue)
    #expect(devices[1]["available"] as? Bool == (devices[1]["reason"] is NSNull))

    let text = try await Tool.run("devices").output
    #expect(text.contains("<-- ") && text.contains("edgetpu  "))
    for set in KernelSet.allCases { #expect(text.contains(set.rawValue)) }
  }

  @Test("a variable of the environment chooses kernels, and every command says so")
  func environment() async throws {
    let words = ["TINYTENSOR_KERNELS": "portable"]
    let devices = try await Tool.run(["devices"], environment: words).output
    #expect(devices.contains("available   <-- as the environment variable TINYTENSOR_KERNELS says"))
    let knobs = try await Tool.run(["knobs"], environment: words).output
    #expect(knobs.contains("now      portable\n"))
    let bench = try await Tool.run(["bench", Fixtures.model, "--runs", "2", "--json"], environment: words).json
    #expect(bench["kernels"] as? String == "portable")
    let chosen = try await Tool.run(
      ["bench", Fixtures.model, "--runs", "2", "--kernels", "reference", "--json"], environment: words
    ).json
    #expect(chosen["kernels"] as? String == "reference")
    let kernels = try await Tool.run(["kernels", "1,2,3", "--seconds", "0.01", "--json"], environment: words).json
    #expect(kernels["pick"] as? String == "portable")
  }

  @Test("a variable that names no kernels is shown, and refused where kernels are needed")
  func badEnvironment() async throws {
    let words = ["TINYTENSOR_KERNELS": "nope"]
    let devices = try await Tool.run(["devices"], environment: words)
    #expect(devices.status == 0 && devices.output.contains("there are no kernels named nope"))
    let json = try await Tool.run(["knobs", "--json"], environment: words).json
    let knob = try #require((json["knobs"] as? [[String: Any]])?.first)
    #expect(knob["name"] as? String == "TINYTENSOR_KERNELS" && knob["value"] as? String == "nope")
    #expect(knob["valid"] as? Bool == false)
    #expect(knob["values"] as? [String] == KernelSet.allCases.map(\.rawValue))
    #expect(try await Tool.run(["kernels", "1,2,3"], environment: words).status == 3)
    #expect(try await Tool.run(["bench", Fixtures.model], environment: words).status == 3)
  }

  @Test("without a variable knobs says that it is not set")
  func notSet() async throws {
    let knobs = try await Tool.run(["knobs"], environment: ["TINYTENSOR_KERNELS": ""]).output
    #expect(knobs.contains("TINYTENSOR_KERNELS\n  now      not set\n"))
  }
}
