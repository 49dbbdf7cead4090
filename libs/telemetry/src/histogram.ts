/** From a millisecond, which is as fine as our clocks are, to what nobody waits for. */
export const secondsBounds: readonly number[] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30]

/** How often values fell into each bucket: plain numbers, since hot paths record into them. */
export class Histogram {
  /** Upper bounds, each inclusive; one bucket more for what is above them. */
  readonly bounds: readonly number[]
  readonly counts: Float64Array
  sum = 0
  count = 0

  constructor(bounds: readonly number[] = secondsBounds) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  /** `times`: how often the same value was met, as one message reaches many clients. */
  record(value: number, times = 1): void {
    let bucket = 0
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++
    this.counts[bucket]! += times
    this.sum += value * times
    this.count += times
  }
}
