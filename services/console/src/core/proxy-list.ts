type Millis = number

/** For how long a proxy that did not answer is asked last. */
export const avoidedFor: Millis = 5_000
export const proxyCountMax = 256

/** Proxies of the region: those it was started with, and those that the topology names. */
export class ProxyList {
  readonly #given: readonly string[]
  #known: readonly string[] = []
  readonly #failedAt = new Map<string, Millis>()

  constructor(given: readonly string[]) {
    this.#given = given
  }

  /** What the topology says: the living ones. */
  learn(addresses: readonly string[]): void {
    this.#known = addresses.slice(0, proxyCountMax)
    const kept = new Set([...this.#given, ...this.#known])
    for (const address of this.#failedAt.keys()) if (!kept.has(address)) this.#failedAt.delete(address)
  }

  /** In the order to ask them. */
  inOrder(now: Millis): string[] {
    const all = [...new Set([...this.#given, ...this.#known])]
    const failed = (address: string) => {
      const at = this.#failedAt.get(address) ?? Number.NEGATIVE_INFINITY
      return now - at < avoidedFor ? at : 0
    }
    return all.toSorted((a, b) => failed(a) - failed(b))
  }

  failed(address: string, now: Millis): void {
    this.#failedAt.set(address, now)
  }

  answered(address: string): void {
    this.#failedAt.delete(address)
  }
}
