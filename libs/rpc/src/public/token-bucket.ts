/** Lets a burst through, then so many a second. */
export class TokenBucket {
  private readonly burst: number
  private readonly perSecond: number
  private tokens: number
  private at: number

  constructor(burst: number, perSecond: number, now: number) {
    this.burst = burst
    this.perSecond = perSecond
    this.tokens = burst
    this.at = now
  }

  /** False: there is none left. */
  take(now: number): boolean {
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.at) / 1_000) * this.perSecond)
    this.at = now
    if (this.tokens < 1) return false
    this.tokens -= 1
    return true
  }
}
