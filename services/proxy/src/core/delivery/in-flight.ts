import { state } from '@tern/proto'
import type { Lease } from '../shared/lease.ts'

export type InFlight = {
  readonly packetId: number
  readonly queue: number
  readonly position: number
  readonly qos: 1 | 2
  /** Unspecified: nothing was sent yet, since the record of a group is not the session's yet. */
  phase: state.JournalPhase
  /** A retained message lies outside of the order of the queue: it does not hold the cursor. */
  readonly retained: boolean
  readonly lease: Lease | undefined
  /** For the ledger: when it was handed to the connection last (microseconds; 0: never), and when PUBREC came. */
  writtenUs: number
  receivedUs: number
  filter: string
  attempt: number
  /** It was said that its acknowledgement is waited for. */
  isTold: boolean
}

export const inFlightOf = (
  packetId: number,
  queue: number,
  position: number,
  qos: 1 | 2,
  phase: state.JournalPhase,
  retained: boolean,
  lease: Lease | undefined,
): InFlight => ({
  packetId,
  queue,
  position,
  qos,
  phase,
  retained,
  lease,
  writtenUs: 0,
  receivedUs: 0,
  filter: '',
  attempt: lease?.earlier ?? 0,
  isTold: false,
})

const packetIdMax = 65_535

/** Packets of QoS 1 and 2 that the client has not acknowledged [MQTT5-3.3.4-9]. */
export class InFlightWindow {
  readonly size: number
  private readonly entries = new Map<number, InFlight>()
  /** By queue; made when there is something to restore, or to reserve. */
  private restored: Map<number, Set<number>> | undefined
  private reserved: Set<number> | undefined
  private lastId = 0
  /** The oldest entry, and since when it is seen to be that. */
  private oldest: InFlight | undefined
  private oldestSince = 0

  constructor(size: number) {
    this.size = size
  }

  get isFull(): boolean {
    return this.entries.size >= this.size
  }

  get count(): number {
    return this.entries.size
  }

  /** For how long the oldest entry has been out, as far as is seen by looking now and then: a packet that leaves is not told the time. */
  ageOfOldest(now: number): number {
    const [first] = this.entries.values()
    if (first !== this.oldest) {
      this.oldest = first
      this.oldestSince = now
    }
    return first === undefined ? 0 : now - this.oldestSince
  }

  /** Only when there is room: a free packet id, never zero [MQTT5-2.2.1-4]. */
  begin(queue: number, position: number, qos: 1 | 2, retained: boolean, lease?: Lease): InFlight {
    do this.lastId = this.lastId === packetIdMax ? 1 : this.lastId + 1
    while (this.entries.has(this.lastId) || this.reserved?.has(this.lastId))
    const entry = inFlightOf(this.lastId, queue, position, qos, published, retained, lease)
    this.entries.set(entry.packetId, entry)
    return entry
  }

  /** Takes up what was in flight on an earlier connection, with its packet id [MQTT5-4.4.0-1]. */
  restore(entry: InFlight): void {
    // A packet id that was used again: only the later exchange is open, and it has the later place.
    const earlier = this.entries.get(entry.packetId)
    this.entries.delete(entry.packetId)
    // What it stood for is not repeated, so it is read anew unless the cursor is past it.
    if (earlier?.lease === undefined) this.restored?.get(earlier?.queue ?? -1)?.delete(earlier?.position ?? -1)
    this.entries.set(entry.packetId, entry)
    // A record of a group is none of those that the cursor is about.
    if (entry.lease !== undefined) return
    this.restored ??= new Map()
    const positions = this.restored.get(entry.queue)
    if (positions) positions.add(entry.position)
    else this.restored.set(entry.queue, new Set([entry.position]))
  }

  get(packetId: number): InFlight | undefined {
    return this.entries.get(packetId)
  }

  settle(packetId: number): void {
    this.entries.delete(packetId)
  }

  /** The id is not given again before `free`. */
  reserve(packetId: number): void {
    this.reserved ??= new Set()
    this.reserved.add(packetId)
  }

  free(packetId: number): void {
    this.reserved?.delete(packetId)
  }

  /** Whether the position was in flight on an earlier connection: it is repeated, not sent anew. */
  wasRestored(queue: number, position: number): boolean {
    return this.restored?.get(queue)?.has(position) ?? false
  }

  /** The highest of these positions; -1 when there is none. */
  restoredThrough(queue: number): number {
    let highest = -1
    for (const position of this.restored?.get(queue) ?? []) highest = Math.max(highest, position)
    return highest
  }

  [Symbol.iterator](): Iterator<InFlight> {
    return this.entries.values()
  }
}

const published = state.JournalPhase.PUBLISHED
