type Millis = number

/** Wrong passwords from one address before it has to wait. */
export const freeAttempts = 5
export const waitMax: Millis = 60_000
/** Addresses remembered; the one seen least lately is forgotten. */
export const addressCountMax = 10_000
/** Wrong passwords from all addresses within a minute before everybody waits a moment. */
export const regionAttemptsPerMinute = 120

type Attempts = Readonly<{ failures: number; notBefore: Millis }>

/** Makes guessing slow: after five wrong passwords from an address each next one doubles the wait, up to a minute. */
export class LoginThrottle {
  readonly #addresses = new Map<string, Attempts>()
  #minute = 0
  #failuresInMinute = 0

  get size(): number {
    return this.#addresses.size
  }

  /** For how long the address has to wait; 0: it may try. */
  waitOf(address: string, now: Millis): Millis {
    const own = Math.max(0, (this.#addresses.get(address)?.notBefore ?? 0) - now)
    const everybody = this.#failuresInMinute >= regionAttemptsPerMinute && this.#minute === minuteOf(now)
    return everybody ? Math.max(own, 60_000 - (now % 60_000)) : own
  }

  failed(address: string, now: Millis): void {
    if (this.#minute !== minuteOf(now)) this.#failuresInMinute = 0
    this.#minute = minuteOf(now)
    this.#failuresInMinute++
    const failures = (this.#addresses.get(address)?.failures ?? 0) + 1
    const wait = failures < freeAttempts ? 0 : Math.min(waitMax, 1_000 * 2 ** (failures - freeAttempts))
    this.#addresses.delete(address)
    this.#addresses.set(address, { failures, notBefore: now + wait })
    const [oldest] = this.#addresses.keys()
    if (this.#addresses.size > addressCountMax && oldest !== undefined) this.#addresses.delete(oldest)
  }

  succeeded(address: string): void {
    this.#addresses.delete(address)
  }
}

const minuteOf = (now: Millis) => Math.floor(now / 60_000)
