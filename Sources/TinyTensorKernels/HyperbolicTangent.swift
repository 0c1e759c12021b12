/// `tanh(x)`, within a few units in the last place of a `Float`.
package func hyperbolicTangent(_ x: Double) -> Double {
  // Below 2^-10 the series' next term is under 2^-53 of the value.
  if x.magnitude < 0x1p-10 { return x - x * x * x / 3 }
  let decay = exponential(-2 * x.magnitude)
  let result = (1 - decay) / (1 + decay)
  return x < 0 ? -result : result
}
