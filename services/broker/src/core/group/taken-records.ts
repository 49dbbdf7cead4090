import type { envelope, state } from '@tern/proto'

type ConnectionNumber = envelope.ConnectionNumber

/** While so many are known, the group leases nothing more. */
export const takenMax = 65_536

/**
 * The records of a group that are one session's for good, at QoS 2, whatever becomes of owners and proxies (D10). Each is known
 * until it is done and the group's saved progress covers it. Changed in place.
 */
export class TakenRecords {
  private readonly records = new Map<number, state.Taken>()
  /** Positions that are not done. */
  private readonly open = new Map<string, Set<number>>()

  get isFull(): boolean {
    return this.records.size >= takenMax
  }

  has(position: number): boolean {
    return this.records.has(position)
  }

  add(taken: state.Taken): void {
    const { position, clientId, done } = taken
    this.records.set(position, taken)
    if (done) return
    const positions = this.open.get(clientId)
    if (positions) positions.add(position)
    else this.open.set(clientId, new Set([position]))
  }

  /** Whether this session has the record, and may still send it. */
  isOf(position: number, clientId: string, session: ConnectionNumber): boolean {
    const taken = this.records.get(position)
    return taken?.done === false && isBy(taken, clientId, session)
  }

  /** What the session has taken and not done, in order. */
  of(clientId: string, session: ConnectionNumber): number[] {
    const positions = [...(this.open.get(clientId) ?? [])]
    return positions.filter((position) => this.isOf(position, clientId, session)).sort((a, b) => a - b)
  }

  /** All that is not done. */
  *notDone(): Iterable<state.Taken> {
    for (const positions of this.open.values()) {
      for (const position of [...positions]) yield this.records.get(position) as state.Taken
    }
  }

  get openCount(): number {
    let count = 0
    for (const positions of this.open.values()) count += positions.size
    return count
  }

  /** The record as it is now; undefined when it is not the session's, or not known any more. */
  finish(position: number, clientId: string, session: ConnectionNumber): state.Taken | undefined {
    const taken = this.records.get(position)
    if (taken === undefined || !isBy(taken, clientId, session)) return undefined
    const done = { ...taken, done: true }
    this.records.set(position, done)
    const positions = this.open.get(clientId)
    positions?.delete(position)
    if (positions?.size === 0) this.open.delete(clientId)
    return done
  }

  /** Those that are done and that the progress speaks for: nobody needs to be told of them once it is saved. */
  covered({ low, settled }: state.QueueProgress): number[] {
    const isSettled = (position: number) =>
      position <= low || settled.some(({ first, last }) => position >= first && position <= last)
    return [...this.records.values()].flatMap(({ position, done }) => (done && isSettled(position) ? position : []))
  }

  forget(positions: readonly number[]): void {
    for (const position of positions) this.records.delete(position)
  }

  positions(): Iterable<number> {
    return this.records.keys()
  }
}

const isBy = (taken: state.Taken, clientId: string, { epoch, counter }: ConnectionNumber): boolean =>
  taken.clientId === clientId && taken.session?.epoch === epoch && taken.session.counter === counter
