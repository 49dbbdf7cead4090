import type { ProxyCounters } from '../counters.ts'

/** What waits for journal writes, which end in their order: packets leave in theirs, none before what it depends on is durable (D8). */
export class Outbox {
  /** For each write that is to come or under way. */
  private readonly waiting: Buffer[][] = []
  private readonly send: (bytes: Buffer) => void
  private readonly counters: ProxyCounters
  private bytes = 0
  /** All that was put. */
  delivered = 0

  constructor(send: (bytes: Buffer) => void, counters: ProxyCounters) {
    this.send = send
    this.counters = counters
  }

  /** While so much waits, no more is taken. */
  static readonly bytesMax = 1024 * 1024

  get isFull(): boolean {
    return this.bytes >= Outbox.bytesMax
  }

  /** At once, unless something before it waits. */
  put(bytes: Buffer, qos: number): void {
    this.counters.deliver(qos, bytes.length)
    this.delivered++
    const last = this.waiting.at(-1)
    if (last === undefined) {
      this.send(bytes)
      return
    }
    last.push(bytes)
    this.bytes += bytes.length
  }

  /** What is put from now on waits for one write more. */
  hold(): void {
    this.waiting.push([])
  }

  /** The first write is done. Later ones hold nothing of it up: there is always one under way while messages come. */
  release(): void {
    for (const frame of this.waiting.shift() ?? []) {
      this.bytes -= frame.length
      this.send(frame)
    }
  }
}
