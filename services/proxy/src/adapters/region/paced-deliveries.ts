import type { Clock } from '@tern/runtime'
import type { Message } from '../../ports.ts'

/** So many messages, counted for each client that gets one, are brought out in one turn of the event loop: then others have theirs. */
export const offersPerTurn = 8_192
/** Before it is known how many clients want them, no more messages than these are begun with. */
const sliceMax = 64
/** How fast it is forgotten that messages were wanted by many. */
const decay = 0.9

/** All up to `last`; what matched is in `messages`. */
type Range = Readonly<{ last: number; messages: readonly Message[] }>
type Part = Range & Readonly<{ bytes: number }>

export type PacedDeliveriesOptions = Readonly<{
  clock: Clock
  /** Gives the number of offers that were made. */
  cover(range: Range): number
  /** What was taken up is done. */
  done(bytes: number): void
}>

/**
 * Deliveries of one queue, in their order. A frame of some hundred messages that thousands of clients want is seconds of work, in
 * which no acknowledgement would leave, and nobody else's message: so it is cut into turns.
 */
export class PacedDeliveries {
  private readonly options: PacedDeliveriesOptions
  private waiting: Part[] = []
  private clientsOfOne = 1
  private scheduled = false

  constructor(options: PacedDeliveriesOptions) {
    this.options = options
  }

  /** The last position of what waits. */
  get last(): number | undefined {
    return this.waiting.at(-1)?.last
  }

  add(part: Part): void {
    this.waiting.push(part)
    if (!this.scheduled) this.work()
  }

  /** What waits will come again. */
  clear(): void {
    this.waiting = []
  }

  private work(): void {
    let left = offersPerTurn
    for (let part = this.waiting[0]; part !== undefined; part = this.waiting[0]) {
      if (left <= 0) {
        this.goOnLater()
        return
      }
      left -= this.workOn(part, Math.min(sliceMax, Math.max(1, Math.floor(left / this.clientsOfOne))))
    }
  }

  private workOn({ messages, last, bytes }: Part, count: number): number {
    const next = messages[count]
    const slice = next === undefined ? messages : messages.slice(0, count)
    if (next === undefined) this.waiting.shift()
    else this.waiting[0] = { messages: messages.slice(count), last, bytes }
    const offers = this.options.cover({ messages: slice, last: next === undefined ? last : next.position - 1 })
    this.clientsOfOne = Math.max(1, offers / Math.max(1, slice.length), this.clientsOfOne * decay)
    if (next === undefined) this.options.done(bytes)
    return offers
  }

  private goOnLater(): void {
    this.scheduled = true
    this.options.clock.soon(() => {
      this.scheduled = false
      this.work()
    })
  }
}
