/// `output[i] = table[input[i]]` for bytes of either signedness: the table has 256 entries, indexed by bit pattern.
package func lookUpReference(table: Span<UInt8>, input: Span<UInt8>, output: inout MutableSpan<UInt8>) {
  for index in input.indices { output[index] = table[Int(input[index])] }
}

/// Whether no element is below `smallest`.
@specialized(where Element == Int8)
@specialized(where Element == Int16)
package func areAllReference<Element: QuantizedElement>(_ input: Span<Element>, atLeast smallest: Element) -> Bool {
  for index in input.indices where input[index] < smallest { return false }
  return true
}
