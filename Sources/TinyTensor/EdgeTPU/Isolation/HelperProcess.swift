#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  import Synchronization

  #if canImport(Glibc)
    @unsafe @preconcurrency import Glibc
  #elseif canImport(Musl)
    @unsafe @preconcurrency import Musl
  #elseif canImport(Android)
    @unsafe @preconcurrency import Android
  #elseif canImport(Darwin)
    @unsafe @preconcurrency import Darwin
  #endif

  /// A process that has libedgetpu in the place of this one.
  ///
  /// All isolated models of a program that are on one device share one: a second process on a USB device breaks the
  /// first one's connection.
  final class HelperProcess: Sendable {
    /// What a helper is shared by.
    struct Key: Sendable, Hashable {
      var executable: String?
      var library: String
      var device: String
    }

    private let socket: WireSocket
    private let pid: pid_t
    /// How it ended; `nil` while it runs. Held while a request is under way.
    private let ending: Mutex<String?>

    private struct Weak: Sendable {
      weak let helper: HelperProcess?
    }
    private static let running = Mutex<[Key: Weak]>([:])

    /// The word that tells a program to be a helper; behind it, the number of the connection's descriptor.
    static let argument = "--tinytensor-edgetpu-helper"
    /// The connection's descriptor in the helper.
    static let descriptor: Int32 = 3
    /// How long a program may take until it says that it is a helper, in milliseconds.
    private static let patience: Int32 = 10_000

    /// The helper for a device, which is started if it does not run.
    static func shared(_ key: Key) throws(ModelError) -> HelperProcess {
      try running.withLock { (helpers: inout [Key: Weak]) throws(ModelError) in
        if let helper = helpers[key]?.helper, helper.isRunning { return helper }
        let helper = try HelperProcess(executable: key.executable)
        helpers[key] = Weak(helper: helper)
        return helper
      }
    }

    /// Whether a helper runs for a device.
    static func isRunning(_ key: Key) -> Bool {
      running.withLock { helpers in helpers[key]?.helper.map { $0.isRunning } ?? false }
    }

    private var isRunning: Bool { ending.withLock { $0 == nil } }

    private init(executable: String?) throws(ModelError) {
      guard !CommandLine.arguments.contains(Self.argument) else {
        throw ModelError(
          .helperFailed,
          "this program was started as a helper for the Edge TPU but runs as usual; it must call "
            + "EdgeTPUHelper.serveIfAsked() first of all")
      }
      var ends: [Int32] = [-1, -1]
      #if canImport(Darwin)
        let kind = SOCK_STREAM
      #elseif canImport(Musl) || canImport(Android)
        let kind = SOCK_STREAM | SOCK_CLOEXEC
      #else
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      #endif
      guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
        throw ModelError(.helperFailed, "the system gives no connection to a helper: \(Self.reason(errno))")
      }
      socket = WireSocket(ends[0])
      #if canImport(Darwin)
        for end in ends {
          _ = fcntl(end, F_SETFD, FD_CLOEXEC)
          var on: Int32 = 1
          _ = unsafe setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        }
      #endif
      let path = executable ?? Self.ownPath
      ending = Mutex(nil)
      // Closed in this process once the helper has it: else its end would not be seen.
      pid = try Self.start(path, closing: ends[1])
      let isHelper = socket.isReadable(within: Self.patience) && socket.receive(UInt64(0)) == wireGreeting
      guard isHelper else {
        kill(pid, SIGKILL)
        _ = Self.wait(for: pid)
        ending.withLock { $0 = "never began" }
        throw ModelError(
          .helperFailed,
          "\(path) does not answer as a helper for the Edge TPU; a program that isolates it must call "
            + "EdgeTPUHelper.serveIfAsked() first of all, or name tinyrun as the helper")
      }
    }

    deinit {
      guard ending.withLock({ $0 == nil }) else { return }
      // It ends with its connection.
      shutdown(socket.descriptor, Int32(SHUT_RDWR))
      _ = Self.wait(for: pid)
    }

    // MARK: Requests

    /// Why there is no answer.
    enum Failure: Error {
      /// The helper answers that something is wrong.
      case answered(WireReader)
      /// The helper is gone, in this way.
      case ended(String)
    }

    /// Asks, and waits for the answer's body.
    func request(_ kind: WireRequest, _ body: [UInt8]) throws(Failure) -> WireReader {
      try ending.withLock { (ending: inout String?) throws(Failure) in
        if let ending { throw .ended(ending) }
        guard socket.send(WireHeader(kind: kind.rawValue, byteCount: UInt64(body.count))), socket.send(body),
          let header = socket.receive(WireHeader(kind: 0, byteCount: 0)),
          let answer = socket.receive(byteCount: header.byteCount)
        else { throw .ended(end(&ending)) }
        guard header.kind == WireAnswer.done.rawValue else { throw .answered(WireReader(answer)) }
        return WireReader(answer)
      }
    }

    /// A piece of memory that goes to the helper or comes from it.
    @safe
    struct Piece {
      let address: UnsafeMutableRawPointer
      let byteCount: Int
    }

    /// Has an operator run, without allocation.
    ///
    /// - Parameters:
    ///   - words: the graph and the operator.
    ///   - inputs: what goes to the helper.
    ///   - results: what comes back.
    func invoke(
      _ graph: Int, _ node: Int, inputs: (Int) -> Piece?, results: (Int) -> Piece?
    ) throws(Failure) {
      try ending.withLock { (ending: inout String?) throws(Failure) in
        if let ending { throw .ended(ending) }
        var isThere =
          socket.send(WireHeader(kind: WireRequest.invoke.rawValue, byteCount: 16))
          && socket.send(Int64(graph)) && socket.send(Int64(node))
        var index = 0
        while isThere, let piece = inputs(index) {
          isThere = unsafe socket.send(piece.address, piece.byteCount)
          index += 1
        }
        guard isThere, let header = socket.receive(WireHeader(kind: 0, byteCount: 0)) else {
          throw .ended(end(&ending))
        }
        guard header.kind == WireAnswer.done.rawValue else {
          guard let answer = socket.receive(byteCount: header.byteCount) else { throw .ended(end(&ending)) }
          throw .answered(WireReader(answer))
        }
        index = 0
        while let piece = results(index) {
          guard unsafe socket.receive(piece.address, piece.byteCount) else { throw .ended(end(&ending)) }
          index += 1
        }
      }
    }

    /// Finds out how the helper has ended.
    private func end(_ ending: inout String?) -> String {
      let text = Self.wait(for: pid)
      ending = text
      return text
    }
  }

  // MARK: Processes

  extension HelperProcess {
    static func reason(_ number: Int32) -> String {
      unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }

    /// The program that runs now.
    private static var ownPath: String {
      #if canImport(Darwin)
        var size: UInt32 = 4096
        var buffer = [CChar](repeating: 0, count: 4096)
        guard unsafe _NSGetExecutablePath(&buffer, &size) == 0 else { return CommandLine.arguments.first ?? "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      #else
        // Also where the file was replaced meanwhile.
        "/proc/self/exe"
      #endif
    }

    private static func start(_ path: String, closing connection: Int32) throws(ModelError) -> pid_t {
      defer { close(connection) }
      #if canImport(Darwin) || canImport(Android)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
      #else
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
      #endif
      // Sound: both are initialized before they are used, and destroyed once; the texts live until the call is over.
      unsafe posix_spawn_file_actions_init(&actions)
      defer { unsafe posix_spawn_file_actions_destroy(&actions) }
      unsafe posix_spawnattr_init(&attributes)
      defer { unsafe posix_spawnattr_destroy(&attributes) }
      unsafe posix_spawn_file_actions_adddup2(&actions, connection, descriptor)
      unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      // What a helper prints must not come between the program's results.
      if fcntl(2, F_GETFD) >= 0 { unsafe posix_spawn_file_actions_adddup2(&actions, 2, 1) }
      // An interrupt from the terminal is the program's to deal with.
      unsafe posix_spawnattr_setpgroup(&attributes, 0)
      unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
      let texts: [String] = [path, argument, String(descriptor)]
      var words: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) }
      defer { while let word = unsafe words.popLast() { unsafe free(word) } }
      unsafe words.append(nil)
      var pid: pid_t = 0
      let failure = unsafe posix_spawn(&pid, path, &actions, &attributes, words, environ)
      guard failure == 0 else {
        throw ModelError(.helperFailed, "the helper \(path) cannot be started: \(reason(failure))")
      }
      return pid
    }

    /// Waits for the end of a process whose connection is closed; one that does not end is ended.
    ///
    /// - Returns: how it ended, as the end of a sentence.
    private static func wait(for pid: pid_t) -> String {
      var status: Int32 = 0
      var waited = 0
      while true {
        let result = unsafe waitpid(pid, &status, WNOHANG)
        if result == pid { break }
        if result < 0, errno != EINTR { return "ended" }
        // Two seconds, in steps of a millisecond.
        if waited == 2000 { kill(pid, SIGKILL) }
        waited += 1
        usleep(1000)
      }
      // As in <sys/wait.h>, whose macros do not come over.
      let signal = status & 0x7F
      if signal == SIGABRT { return "was aborted" }
      return signal == 0 ? "ended with status \(status >> 8 & 0xFF)" : "was ended by signal \(signal)"
    }
  }
#endif
