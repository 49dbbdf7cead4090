export const outboxEventsMax = 64
export const outboxCharactersMax = 2 * 1024 * 1024

/** Each response of these says everything: who is late needs only the newest. */
const snapshots = /^tern\.v1\.(ClusterService\/WatchTopology|SubscriptionService\/WatchGroups)$/

/** What waits to be sent of one subscription of a tab. */
export class Outbox {
  readonly #newestOnly: boolean
  readonly #waiting: string[] = []
  #characters = 0
  #credit: number

  /** `credit`: events that the tab takes until it gives more; undefined: as many as its socket does. */
  constructor(rpc: string, credit: number | undefined) {
    this.#newestOnly = snapshots.test(rpc)
    this.#credit = credit ?? Number.POSITIVE_INFINITY
  }

  /** Whoever fills it waits until it is not full any more. */
  get full(): boolean {
    if (this.#newestOnly) return false
    return this.#waiting.length >= outboxEventsMax || this.#characters >= outboxCharactersMax
  }

  push(event: string): void {
    if (this.#newestOnly) this.#waiting.length = this.#characters = 0
    this.#waiting.push(event)
    this.#characters += event.length
  }

  /** The next event that may leave. */
  take(): string | undefined {
    if (this.#credit <= 0) return undefined
    const event = this.#waiting.shift()
    if (event === undefined) return undefined
    this.#characters -= event.length
    this.#credit--
    return event
  }

  add(credit: number): void {
    this.#credit = Math.min(this.#credit + credit, Number.MAX_SAFE_INTEGER)
  }
}
