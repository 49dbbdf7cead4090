import type { InFlight } from '../delivery/in-flight.ts'
import type { Outgoing } from '../delivery/outgoing.ts'

/** A message that a stream has, or will have again. */
export type Lease = {
  readonly message: Outgoing
  readonly entry: InFlight
  readonly filters: readonly string[]
  attempt: number
  /** When it is to be settled, or, while it is put off, delivered again. */
  dueAt: number
  isPutOff: boolean
  /** The round of writing in which it leaves. */
  round: number
}

/** Deliveries of one stream that are not settled, by packet id. */
export class Leases {
  private readonly all = new Map<number, Lease>()
  bytes = 0

  get count(): number {
    return this.all.size
  }

  /** When the oldest message that is out was stored; undefined: none is. */
  get oldestMs(): number | undefined {
    let oldest = Number.POSITIVE_INFINITY
    for (const { message } of this.all.values()) oldest = Math.min(oldest, message.source.timeMs)
    return this.all.size === 0 ? undefined : oldest
  }

  /** It leaves now: the first time, or again. */
  begin(message: Outgoing, entry: InFlight, filters: readonly string[], dueAt: number, round: number): Lease {
    const known = this.all.get(entry.packetId)
    if (known !== undefined) {
      known.attempt++
      known.dueAt = dueAt
      known.isPutOff = false
      known.round = round
      return known
    }
    // Of an earlier connection the number of attempts is as far as that is known here.
    const lease = { message, entry, filters, attempt: entry.attempt + 1, dueAt, isPutOff: false, round }
    this.all.set(entry.packetId, lease)
    this.bytes += message.bytes
    return lease
  }

  get(packetId: number): Lease | undefined {
    return this.all.get(packetId)
  }

  end(packetId: number): Lease | undefined {
    const lease = this.all.get(packetId)
    if (lease === undefined) return undefined
    this.all.delete(packetId)
    this.bytes -= lease.message.bytes
    return lease
  }

  /** Those whose time is over. */
  due(now: number): Lease[] {
    return [...this.all.values()].filter(({ dueAt }) => dueAt <= now)
  }
}
