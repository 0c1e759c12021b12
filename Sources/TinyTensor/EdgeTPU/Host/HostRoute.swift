/// The way in which libedgetpu hands over its kernels.
///
/// With TensorFlow Lite it replaces the nodes that it finds in the plan, and gives a `TfLiteRegistration` by value: a
/// structure of more than two registers, which C passes in one of two ways.
enum HostRoute: Sendable, Hashable {
  /// The structure's bytes are on the stack, and it takes no register: System V on x86-64.
  case onStack
  /// A pointer to the caller's copy takes the structure's place: AAPCS64, RISC-V.
  case byReference
  /// For other processors: libedgetpu finds an empty plan, and its `RegisterCustomOp` gives the kernels.
  case registration

  /// The way of this processor.
  static var standard: HostRoute {
    #if arch(x86_64)
      .onStack
    #elseif arch(arm64) || arch(riscv64)
      .byReference
    #else
      .registration
    #endif
  }
}
