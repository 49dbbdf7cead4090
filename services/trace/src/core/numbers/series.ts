/** So many seconds are kept. */
export const historySeconds = 15 * 60

/** Values of a quarter of an hour, a second apart: a ring, in which what was not told is not a number. */
export class Series {
  private readonly values: Float64Array
  readonly width: number
  /** The last second that was told; those between it and the one before are holes. */
  private last = Number.NEGATIVE_INFINITY

  /** `width`: numbers of each second; more than one for the buckets of a histogram. */
  constructor(width: number) {
    this.width = width
    this.values = new Float64Array(historySeconds * width).fill(Number.NaN)
  }

  put(second: number, numbers: readonly number[]): void {
    if (second <= this.last - historySeconds) return
    const from = Math.max(this.last + 1, second - historySeconds + 1)
    for (let hole = from; hole < second; hole++) this.write(hole, [])
    this.write(second, numbers)
    this.last = Math.max(this.last, second)
  }

  /** Not a number when nothing was told of that second, or it is too long ago. */
  at(second: number, index = 0): number {
    if (second > this.last || second <= this.last - historySeconds) return Number.NaN
    return this.values[this.slot(second) + index] as number
  }

  /** The newest number that was told in (after, until]. */
  newest(after: number, until: number, index = 0): number {
    for (let second = Math.min(until, this.last); second > after; second--) {
      const value = this.at(second, index)
      if (!Number.isNaN(value)) return value
    }
    return Number.NaN
  }

  private write(second: number, numbers: readonly number[]): void {
    const slot = this.slot(second)
    for (let i = 0; i < this.width; i++) this.values[slot + i] = numbers[i] ?? Number.NaN
  }

  private slot(second: number): number {
    return (((second % historySeconds) + historySeconds) % historySeconds) * this.width
  }
}
