/** Values of one series in one interval, in little room: how many, their sum and ends, and a histogram in powers of two. */
export type Interval = {
  count: number
  sum: number
  min: number
  max: number
  /** By the exponent of the power of two that is the least not below the value. */
  exponents: Map<number, number>
}

export const emptyInterval = (): Interval => ({
  count: 0,
  sum: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  exponents: new Map(),
})

export const exponentOf = (value: number): number => (value <= 0 ? -64 : Math.ceil(Math.log2(value)))

export function observe(interval: Interval, value: number): void {
  interval.count += 1
  interval.sum += value
  interval.min = Math.min(interval.min, value)
  interval.max = Math.max(interval.max, value)
  const exponent = exponentOf(value)
  interval.exponents.set(exponent, (interval.exponents.get(exponent) ?? 0) + 1)
}

/** A quantile from the powers of two, interpolated within one as if values doubled evenly, and never outside of what was seen. */
export function quantileOf({ count, min, max, exponents }: Interval, quantile: number): number {
  const wanted = quantile * count
  let before = 0
  for (const [exponent, within] of [...exponents].sort(([a], [b]) => a - b)) {
    if (before + within >= wanted) {
      const inside = within === 0 ? 1 : (wanted - before) / within
      return Math.min(Math.max(2 ** (exponent - 1 + inside), min), max)
    }
    before += within
  }
  return max
}
