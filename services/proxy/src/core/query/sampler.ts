/** Lets so many pass in each second, and counts the others. */
export class Sampler {
  private readonly perSecond: number
  private second = -1
  private passed = 0

  /** 0: all. */
  constructor(perSecond: number) {
    this.perSecond = perSecond === 0 ? Number.POSITIVE_INFINITY : perSecond
  }

  /** How many of `count` may pass now. */
  take(count: number, nowMs: number): number {
    const second = Math.floor(nowMs / 1_000)
    if (second !== this.second) this.passed = 0
    this.second = second
    const taken = Math.min(count, this.perSecond - this.passed)
    this.passed += taken
    return taken
  }
}
