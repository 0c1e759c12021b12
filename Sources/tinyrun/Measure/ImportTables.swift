#if os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
  import Glibc

  /// The tables by which the program and its shared libraries reach functions of others: in ELF files, words that the
  /// loader fills in, each described by a relocation with the function's name.
  enum ImportTables {
    /// Puts other functions in the place of imported ones, in everything that is loaded now.
    ///
    /// Words are replaced whole, so that a call at the same time reaches one function or the other. Where the loader
    /// has made a table read-only, it is so again afterwards.
    ///
    /// - Parameter functions: addresses by the name of the function that each replaces. They have its type.
    static func replace(_ functions: [String: UInt]) {
      typealias Visit = @convention(c) (UnsafeRawPointer?, Int, UnsafeMutableRawPointer?) -> Int32
      typealias Iterate = @convention(c) (Visit, UnsafeMutableRawPointer?) -> Int32
      // The header shows this function to GNU sources alone; glibc has it since version 2.2.4.
      guard let symbol = unsafe dlsym(nil, "dl_iterate_phdr") else { return }
      // Sound: this is the function's type, with its structure behind a plain pointer.
      let iterate = unsafe unsafeBitCast(symbol, to: Iterate.self)
      var objects: [LoadedObject] = []
      unsafe withUnsafeMutablePointer(to: &objects) { list in
        _ = unsafe iterate(
          { information, _, list in
            if let information = unsafe information, let list = unsafe list {
              unsafe list.assumingMemoryBound(to: [LoadedObject].self).pointee.append(LoadedObject(information))
            }
            return 0
          }, list)
      }
      for object in objects { object.replace(functions) }
    }
  }

  /// A program or shared library in memory. Everything that is read here was checked and used by the loader before.
  @safe
  private struct LoadedObject {
    /// What its addresses are relative to.
    private let base: UInt
    private let segments: UnsafeBufferPointer<Elf64_Phdr>

    /// - Parameter information: a `dl_phdr_info`: base address, name, program headers and their number (16 bits).
    init(_ information: UnsafeRawPointer) {
      base = unsafe information.load(as: UInt.self)
      let headers = unsafe information.load(fromByteOffset: 16, as: UnsafePointer<Elf64_Phdr>?.self)
      let count = unsafe information.load(fromByteOffset: 24, as: UInt16.self)
      unsafe segments = UnsafeBufferPointer(start: headers, count: Int(count))
    }

    private func address(_ offset: UInt64) -> UInt { base &+ UInt(offset) }

    /// The first segment of a kind.
    private func segment(_ type: Int32) -> Elf64_Phdr? {
      for index in unsafe 0..<segments.count {
        let header = unsafe segments[index]
        if header.p_type == UInt32(type) { return header }
      }
      return nil
    }

    func replace(_ functions: [String: UInt]) {
      let information = DynamicInformation(at: segment(PT_DYNAMIC).map { address($0.p_vaddr) }, base: base)
      guard let symbols = unsafe UnsafePointer<Elf64_Sym>(bitPattern: information[DT_SYMTAB]),
        let names = unsafe UnsafePointer<CChar>(bitPattern: information[DT_STRTAB])
      else { return }
      // On these two machines every relocation carries its addend.
      let tables = [
        (information[DT_RELA], Int(information.number(DT_RELASZ))),
        (information[DT_JMPREL], Int(information.number(DT_PLTRELSZ))),
      ]
      for (start, byteCount) in tables {
        guard let table = unsafe UnsafePointer<Elf64_Rela>(bitPattern: start) else { continue }
        for index in 0..<(byteCount / MemoryLayout<Elf64_Rela>.stride) {
          let relocation = unsafe table[index]
          guard Self.importTypes.contains(UInt32(truncatingIfNeeded: relocation.r_info)), relocation.r_addend == 0
          else { continue }
          let symbol = unsafe symbols[Int(relocation.r_info >> 32)]
          let name = unsafe String(cString: names + Int(symbol.st_name))
          if let function = functions[name] { write(function, at: address(relocation.r_offset)) }
        }
      }
    }

    /// Relocations that put a function's address into a word.
    private static var importTypes: [UInt32] {
      #if arch(x86_64)
        [1, 6, 7]  // R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT
      #else
        [257, 1025, 1026]  // R_AARCH64_ABS64, R_AARCH64_GLOB_DAT, R_AARCH64_JUMP_SLOT
      #endif
    }

    private func write(_ value: UInt, at place: UInt) {
      guard let word = unsafe UnsafeMutablePointer<UInt>(bitPattern: place) else { return }
      let pageSize = UInt(sysconf(Int32(_SC_PAGESIZE)))
      let page = unsafe UnsafeMutableRawPointer(bitPattern: place & ~(pageSize - 1))
      // The loader protects the whole pages of this segment.
      let isProtected =
        segment(PT_GNU_RELRO).map { header in
          let start = address(header.p_vaddr) & ~(pageSize - 1)
          let end = address(header.p_vaddr + header.p_memsz) & ~(pageSize - 1)
          return place >= start && place < end
        } ?? false
      if isProtected, unsafe mprotect(page, Int(pageSize), PROT_READ | PROT_WRITE) != 0 { return }
      // Sound: the loader itself has written an address to this word.
      unsafe word.pointee = value
      if isProtected { unsafe mprotect(page, Int(pageSize), PROT_READ) }
    }
  }

  /// The tags of a loaded object's dynamic section.
  private struct DynamicInformation {
    private var values: [Int: UInt] = [:]
    private let base: UInt

    init(at address: UInt?, base: UInt) {
      self.base = base
      guard let address, var entry = unsafe UnsafePointer<Elf64_Dyn>(bitPattern: address) else { return }
      // Sound: the section ends with an entry of tag 0.
      while unsafe entry.pointee.d_tag != 0 {
        unsafe values[Int(entry.pointee.d_tag)] = UInt(entry.pointee.d_un.d_val)
        unsafe entry += 1
      }
    }

    func number(_ tag: Int32) -> UInt { values[Int(tag)] ?? 0 }

    /// An address. The loader has added the base to it, except for the kernel's own object.
    subscript(_ tag: Int32) -> UInt {
      let value = number(tag)
      return value != 0 && value < base ? value &+ base : value
    }
  }
#endif
