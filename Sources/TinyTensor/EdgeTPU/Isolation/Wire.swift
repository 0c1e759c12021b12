#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Android)
    import Android
  #elseif canImport(Darwin)
    import Darwin
  #endif

  // What a program and its helper process say to each other. The program asks, the helper answers: a header, then a
  // body. Both run the same machine's code, so numbers go as they are in memory.

  /// The kinds of requests.
  enum WireRequest: UInt32, Sendable {
    /// Opens a device; the answer is a number for it.
    case open = 1
    /// Closes a device.
    case close
    /// Hands over a graph; the answer is a number for it.
    case addGraph
    /// Gives up a graph.
    case removeGraph
    /// Prepares an operator; the answer is the outputs' sizes.
    case prepare
    /// Runs an operator: the bytes of its inputs follow, and answer the bytes of outputs and new states.
    case invoke
  }

  /// The kinds of answers.
  enum WireAnswer: UInt32, Sendable {
    case done = 1
    /// An error of loading or of a run: code, operator, message.
    case failed
  }

  /// What goes before each body.
  struct WireHeader: BitwiseCopyable, Sendable {
    /// A ``WireRequest`` or a ``WireAnswer``.
    var kind: UInt32
    var padding: UInt32 = 0
    /// Of the body.
    var byteCount: UInt64

    /// A body's limit: models are smaller than 2 GiB, and so is what they carry.
    static let largestBody: UInt64 = 1 << 32
  }

  /// What a helper says first of all.
  let wireGreeting: UInt64 = 0x5454_4564_6765_3031

  /// Writes a body.
  struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ number: Int) {
      unsafe withUnsafeBytes(of: Int64(number)) { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func put(_ flag: Bool) { put(flag ? 1 : 0) }

    mutating func put(_ real: Float) { put(Int(real.bitPattern)) }

    mutating func put(_ numbers: [Int]) {
      put(numbers.count)
      for number in numbers { put(number) }
    }

    mutating func put(_ text: String) {
      put(text.utf8.count)
      bytes += Array(text.utf8)
    }

    mutating func put(bytes raw: RawSpan) {
      put(raw.byteCount)
      bytes += copiedBytes(raw)
    }
  }

  /// A body that is not what it should be.
  struct WireError: Error {}

  /// Reads a body.
  struct WireReader {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    private mutating func take(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
      guard count >= 0, count <= bytes.count else { throw WireError() }
      defer { bytes = bytes.dropFirst(count) }
      return bytes.prefix(count)
    }

    mutating func int() throws(WireError) -> Int {
      var number: UInt64 = 0
      for byte in try take(8).reversed() { number = number << 8 | UInt64(byte) }
      return Int(truncatingIfNeeded: number)
    }

    mutating func bool() throws(WireError) -> Bool { try int() != 0 }

    mutating func real() throws(WireError) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: try int())) }

    mutating func count() throws(WireError) -> Int {
      let count = try int()
      // Each element takes a byte at least.
      guard count >= 0, count <= bytes.count else { throw WireError() }
      return count
    }

    mutating func ints() throws(WireError) -> [Int] {
      var numbers: [Int] = []
      for _ in 0..<(try count()) { numbers.append(try int()) }
      return numbers
    }

    mutating func text() throws(WireError) -> String { String(decoding: try take(try count()), as: UTF8.self) }

    mutating func raw() throws(WireError) -> [UInt8] { Array(try take(try count())) }
  }

  /// One end of the connection.
  final class WireSocket: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Sends bytes; returns whether the other end is there.
    func send(_ address: UnsafeRawPointer, _ byteCount: Int) -> Bool {
      #if canImport(Darwin)
        // The socket has been told not to raise a signal.
        let flags: Int32 = 0
      #else
        let flags = Int32(MSG_NOSIGNAL)
      #endif
      var sent = 0
      while sent < byteCount {
        #if canImport(Darwin)
          let count = unsafe Darwin.send(descriptor, address + sent, byteCount - sent, flags)
        #elseif canImport(Musl)
          let count = unsafe Musl.send(descriptor, address + sent, byteCount - sent, flags)
        #elseif canImport(Android)
          let count = unsafe Android.send(descriptor, address + sent, byteCount - sent, flags)
        #else
          let count = unsafe Glibc.send(descriptor, address + sent, byteCount - sent, flags)
        #endif
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }

    /// Receives exactly so many bytes; returns whether they came.
    func receive(_ address: UnsafeMutableRawPointer, _ byteCount: Int) -> Bool {
      var received = 0
      while received < byteCount {
        let count = unsafe recv(descriptor, address + received, byteCount - received, 0)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        received += count
      }
      return true
    }

    func send<Value: BitwiseCopyable>(_ value: Value) -> Bool {
      unsafe withUnsafeBytes(of: value) { bytes in
        guard let base = bytes.baseAddress else { return true }
        return unsafe send(base, bytes.count)
      }
    }

    func send(_ bytes: [UInt8]) -> Bool {
      unsafe bytes.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return true }
        return unsafe send(base, bytes.count)
      }
    }

    /// Receives a value; `nil` if the other end is gone.
    func receive<Value: BitwiseCopyable>(_ value: Value) -> Value? {
      var value = value
      let isThere = unsafe withUnsafeMutableBytes(of: &value) { bytes in
        guard let base = bytes.baseAddress else { return true }
        return unsafe receive(base, bytes.count)
      }
      return isThere ? value : nil
    }

    /// Receives so many bytes; `nil` if the other end is gone.
    func receive(byteCount: UInt64) -> [UInt8]? {
      guard byteCount <= WireHeader.largestBody else { return nil }
      var bytes = [UInt8](repeating: 0, count: Int(byteCount))
      let isThere = unsafe bytes.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return true }
        return unsafe receive(base, bytes.count)
      }
      return isThere ? bytes : nil
    }

    /// Waits until something can be received; returns whether it can.
    func isReadable(within milliseconds: Int32) -> Bool {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      var count: Int32
      repeat { count = unsafe poll(&entry, 1, milliseconds) } while count < 0 && errno == EINTR
      return count > 0
    }
  }
#endif
