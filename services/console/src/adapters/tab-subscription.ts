import { Outbox } from '../core/outbox.ts'

type Tab = Readonly<{
  say(text: string): void
  mayWrite(): boolean
}>

/** One server-streaming call on the WebSocket of a tab: it is read only as fast as the tab reads. */
export class TabSubscription {
  readonly #sub: number
  readonly #tab: Tab
  readonly #outbox: Outbox
  readonly #over = new AbortController()
  #drained = () => {}

  constructor(sub: number, rpc: string, credit: number | undefined, tab: Tab) {
    this.#sub = sub
    this.#tab = tab
    this.#outbox = new Outbox(rpc, credit)
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  async run(events: AsyncIterable<string>): Promise<void> {
    for await (const event of events) {
      this.#outbox.push(event)
      this.flush()
      while (this.#outbox.full && !this.signal.aborted) {
        await new Promise<void>((resolve) => (this.#drained = resolve))
      }
      if (this.signal.aborted) return
    }
  }

  flush(): void {
    while (this.#tab.mayWrite()) {
      const event = this.#outbox.take()
      if (event === undefined) break
      this.#tab.say(`{"event":${this.#sub},"data":${event}}`)
    }
    if (!this.#outbox.full) this.#drained()
  }

  add(credit: number): void {
    this.#outbox.add(credit)
    this.flush()
  }

  end(): void {
    this.#over.abort()
    this.#drained()
  }
}
