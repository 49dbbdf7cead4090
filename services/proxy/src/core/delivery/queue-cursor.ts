import type { state } from '@tern/proto'
import type { Message } from '../../ports.ts'

/**
 * Where a session stands in one queue. `live`: it takes messages as they come, at and above `next`. `reading`: everything below
 * `next` has been taken, and the rest is read. `resending`: what was in flight goes first.
 */
export class QueueCursor {
  readonly queue: number
  phase: 'live' | 'reading' | 'resending' = 'reading'
  next: number
  /** The filters are in force at the owner above this: it must be read up to here before it goes live (D5). */
  readThrough = -1
  asking = false
  /** What was read and had no room yet. */
  page: readonly Message[] = []
  pageAt = 0
  pageNext = 0
  /** At and above `next`: settled by an earlier connection, or begun by one and ended by this. */
  private settled: state.PositionRange[]

  constructor(queue: number, next: number, settled: state.PositionRange[] = []) {
    this.queue = queue
    this.next = next
    this.settled = [...settled]
  }

  get settledThrough(): number {
    return this.settled.reduce((highest, { last }) => Math.max(highest, last), -1)
  }

  isSettled(position: number): boolean {
    return this.settled.some(({ first, last }) => position >= first && position <= last)
  }

  /** Everything below has been taken. */
  advance(next: number): void {
    this.next = next
    if (this.settled.length > 0) this.settled = this.settled.filter(({ last }) => last >= next)
  }

  /** What was in flight on an earlier connection may end before what lies below it has been taken. */
  settle(position: number): void {
    if (position >= this.next) this.settled.push({ first: position, last: position })
  }

  /** Low-water mark, and what is settled above it: all that is below `taken` and not in flight (D7). */
  progress(taken: number, inFlight: readonly number[]): state.QueueProgress {
    const held = inFlight.filter((position) => position < taken)
    const low = (held[0] ?? taken) - 1
    const settled: state.PositionRange[] = []
    for (const [i, position] of held.entries()) {
      const first = position + 1
      const last = (held[i + 1] ?? taken) - 1
      if (first <= last) settled.push({ first, last })
    }
    for (const { first, last } of this.settled) if (last >= taken) settled.push({ first: Math.max(first, taken), last })
    return { queue: this.queue, low, settled }
  }
}
