import { state } from '@tern/proto'
import { pause } from '@tern/runtime'
import type { Message } from '../../ports.ts'
import type { Delivery } from './delivery.ts'
import { Outgoing } from './outgoing.ts'
import type { QueueCursor } from './queue-cursor.ts'

/** When a read brought nothing although there is more. */
const againDelay = 50

/** Reads what a session has not taken yet, queue by queue, as far as there is room, until it can go live (D5). */
export class CatchUp {
  private readonly delivery: Delivery

  constructor(delivery: Delivery) {
    this.delivery = delivery
  }

  goOnAll(): void {
    for (const [queue, { phase }] of this.delivery.queues) if (phase === 'reading') this.goOn(queue)
  }

  /** Goes live where the queue is at its end, else takes what was read before, or reads. */
  goOn(queue: number): void {
    const { delivery } = this
    const cursor = delivery.queues.get(queue)
    if (cursor === undefined || cursor.phase !== 'reading' || cursor.asking || delivery.closed || delivery.held) return
    if (cursor.page.length > 0) {
      if (delivery.hasRoom) this.takePage(cursor)
      return
    }
    if (cursor.next >= delivery.options.region.next(queue) && cursor.next > cursor.readThrough) {
      cursor.phase = 'live'
      return
    }
    if (delivery.hasRoom) this.read(cursor)
  }

  /** Sends again what was in flight, then goes on reading. */
  resend(): void {
    const { delivery } = this
    const lowest = new Map<number, number>()
    for (const { queue, position, phase } of delivery.window) {
      if (phase !== published) continue
      lowest.set(queue, Math.min(position, lowest.get(queue) ?? position))
    }
    for (const [queue, position] of lowest) {
      const cursor = delivery.queues.get(queue)
      if (cursor) cursor.phase = 'resending'
      void this.resendFrom(queue, position).then(() => {
        if (cursor) cursor.phase = 'reading'
        this.goOn(queue)
      })
    }
    this.goOnAll()
  }

  private async resendFrom(queue: number, lowest: number): Promise<void> {
    const { delivery } = this
    const { region, clock } = delivery.options
    // One position may be in flight several times: by the session's own subscriptions, and through groups.
    const waiting = Map.groupBy(
      [...delivery.window].filter((entry) => entry.queue === queue && entry.phase === published),
      ({ position }) => position,
    )
    let from = lowest
    while (waiting.size > 0 && !delivery.closed) {
      const page = await region.read(queue, from, [])
      if (delivery.closed) return
      for (const message of page.messages) {
        const entries = waiting.get(message.position)
        if (entries === undefined) continue
        waiting.delete(message.position)
        for (const entry of entries) delivery.repeat(new Outgoing(message), entry)
      }
      from = page.last + 1
      for (const [position, entries] of waiting) {
        if (position >= from) continue
        // Retention took it: there is nothing left to send again.
        waiting.delete(position)
        for (const entry of entries) delivery.forget(entry)
      }
      // An owner that has just begun may not have come so far; nothing may overtake what was in flight.
      if (page.last < page.first) await pause(clock, againDelay)
    }
  }

  private read(cursor: QueueCursor): void {
    const { delivery } = this
    const { region, clock } = delivery.options
    const { queue } = cursor
    const from = cursor.next
    cursor.asking = true
    void region.read(queue, from, delivery.subscriptions.readFilters(queue)).then((page) => {
      cursor.asking = false
      if (delivery.closed || delivery.queues.get(queue) !== cursor || cursor.next !== from) return
      if (page.gap) delivery.options.onGap(queue, from, page.first - 1)
      if (page.last < from) {
        clock.after(againDelay, () => this.goOn(queue))
        return
      }
      cursor.page = page.messages
      cursor.pageAt = 0
      cursor.pageNext = page.last + 1
      this.takePage(cursor)
    })
  }

  private takePage(cursor: QueueCursor): void {
    const { delivery } = this
    while (cursor.pageAt < cursor.page.length) {
      const message = cursor.page[cursor.pageAt] as Message
      if (!this.takeOne(cursor, message)) {
        cursor.advance(message.position)
        return
      }
      cursor.pageAt++
    }
    cursor.page = []
    cursor.advance(cursor.pageNext)
    if (delivery.queues.get(cursor.queue) === cursor) this.goOn(cursor.queue)
  }

  private takeOne(cursor: QueueCursor, message: Message): boolean {
    const { delivery } = this
    const { queue, position } = message
    if (cursor.isSettled(position) || delivery.window.wasRestored(queue, position)) return true
    const outgoing = new Outgoing(message)
    return delivery.take(outgoing, delivery.subscriptions.matching(outgoing.topic, queue, position))
  }
}

const published = state.JournalPhase.PUBLISHED
