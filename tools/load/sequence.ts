export type Counts = Readonly<{
  published: number
  acked: number
  delivered: number
  lost: number
  doubled: number
  outOfOrder: number
}>

/**
 * Follows numbered messages from their publishers to every subscriber. Each stream is one publisher seen by one subscriber;
 * what is delivered is kept as a low-water mark and the numbers above it, so that a long run needs no growing memory.
 */
export class Ledger {
  private readonly streams: { next: number; above: Set<number>; last: number }[][]
  private readonly acknowledged: { next: number; above: Set<number> }[]
  private published = 0
  private acked = 0
  private delivered = 0
  private doubled = 0
  private outOfOrder = 0

  constructor(publishers: number, subscribers: number) {
    this.streams = Array.from({ length: publishers }, () =>
      Array.from({ length: subscribers }, () => ({ next: 0, above: new Set<number>(), last: -1 })),
    )
    this.acknowledged = Array.from({ length: publishers }, () => ({ next: 0, above: new Set<number>() }))
  }

  publish(): void {
    this.published++
  }

  ack(publisher: number, number: number): void {
    const own = this.acknowledged[publisher]
    if (own === undefined) return
    this.acked++
    mark(own, number)
  }

  deliver(publisher: number, subscriber: number, number: number): void {
    const stream = this.streams[publisher]?.[subscriber]
    if (stream === undefined) return
    if (number < stream.next || stream.above.has(number)) {
      this.doubled++
      return
    }
    this.delivered++
    if (number < stream.last) this.outOfOrder++
    stream.last = Math.max(stream.last, number)
    mark(stream, number)
  }

  /** Acknowledged and not delivered: on the way while the run lasts, lost once it has settled. */
  get missing(): number {
    let missing = 0
    for (const [publisher, own] of this.acknowledged.entries()) {
      for (const stream of this.streams[publisher] ?? []) {
        for (let number = stream.next; number < own.next; number++) if (!stream.above.has(number)) missing++
        for (const number of own.above) if (number >= stream.next && !stream.above.has(number)) missing++
      }
    }
    return missing
  }

  counts(lost: number): Counts {
    const { published, acked, delivered, doubled, outOfOrder } = this
    return { published, acked, delivered, lost, doubled, outOfOrder }
  }
}

function mark(run: { next: number; above: Set<number> }, number: number): void {
  run.above.add(number)
  while (run.above.delete(run.next)) run.next++
}
