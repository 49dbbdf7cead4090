import type { state } from '@tern/proto'
import { TakenRecords } from './taken-records.ts'

type Taker<R> = { recipient: R; credit: number; held: number; near: boolean }
/** `lost`: the link of the holder is gone, and the proxy may still come back with it. `earlier`: who had it before, as far as this owner knows. */
type Lease<R> = { holder: R | undefined; lostAt: number | undefined; earlier: number }

/** After a takeover, or when a link broke, proxies have so long to say which leases they hold. */
export const announceWithinMs = 2_000

/**
 * A shared subscription in one queue (D10): each matching record is leased to one proxy, against its credit, until it is settled
 * or comes back. Changed in place.
 */
export class SharedGroup<R> {
  /** "$share/<name>/<filter>". */
  readonly name: string
  readonly filter: string
  /** Takes records as they come; otherwise those from `next` on are read. */
  live = false
  next: number
  /** Grows with everything that changes the progress. */
  revision = 0
  emptySinceMs: number | undefined
  readonly taken = new TakenRecords()
  /** How often an operator has moved it: what was read before is not for it. */
  resets = 0
  private readonly leases = new Map<number, Lease<R>>()
  private readonly takers = new Map<R, Taker<R>>()
  private settledAbove: state.PositionRange[]
  private readonly leaseFrom: number
  private turn = 0

  /** `leaseFrom`: the time before which nothing is leased, for the leases of an earlier owner may still be out. */
  constructor(name: string, progress: state.QueueProgress, leaseFrom: number) {
    this.name = name
    this.filter = name.slice(name.indexOf('/', '$share/'.length) + 1)
    this.next = progress.low + 1
    this.settledAbove = [...progress.settled]
    this.leaseFrom = leaseFrom
  }

  /**
   * What a proxy can hold, and what it holds already. Without credit it gets no more. `end`: all below it has come by, when
   * records are taken as they come. `near`: it stands in the owner's zone.
   */
  join(recipient: R, credit: number, held: readonly number[], nowMs: number, end: number, near = false): void {
    if (this.live) this.next = end
    const taker = this.takers.get(recipient) ?? { recipient, credit, held: 0, near }
    taker.credit = credit
    this.takers.set(recipient, taker)
    for (const position of held) this.hold(taker, position)
    this.look(nowMs)
  }

  /**
   * The record is the session's for good, once that is durable; false when it is not leased to the recipient, nor the same
   * session's already.
   */
  mayTake(recipient: R, { position, clientId, session }: state.Taken): boolean {
    if (session === undefined) return false
    if (this.taken.has(position)) return this.taken.isOf(position, clientId, session)
    return this.leases.get(position)?.holder === recipient
  }

  /** To be called when it may: the lease is over, and the progress need not wait for it. */
  take(recipient: R, taken: state.Taken): void {
    if (this.giveBack(recipient, taken.position)) this.leases.delete(taken.position)
    this.taken.add(taken)
    this.revision++
  }

  /** `unused`: those of the returned ones that no member had. */
  settle(recipient: R, settled: readonly number[], returned: readonly number[], unused: readonly number[] = []): void {
    for (const position of settled) {
      if (!this.giveBack(recipient, position)) continue
      this.leases.delete(position)
      // Brought back from an earlier owner, and not come by yet: it would be leased again.
      if (!this.live && position >= this.next) this.settledAbove.push({ first: position, last: position })
    }
    const untouched = new Set(unused)
    for (const position of returned) {
      const lease = this.giveBack(recipient, position)
      if (lease === undefined) continue
      lease.holder = undefined
      if (!untouched.has(position)) lease.earlier++
    }
    this.revision++
  }

  /** The link is gone; its proxy may come back with what it held, unless it is dead. */
  lost(recipient: R, nowMs: number): void {
    if (!this.takers.delete(recipient)) return
    for (const lease of this.leases.values())
      if (lease.holder === recipient) {
        Object.assign(lease, { holder: undefined, lostAt: nowMs, earlier: lease.earlier + 1 })
      }
    this.look(nowMs)
  }

  /** Positions that were leased and have no holder, in order. */
  unheld(nowMs: number): number[] {
    const positions: number[] = []
    for (const [position, { holder, lostAt }] of this.leases) {
      if (holder === undefined && (lostAt === undefined || nowMs - lostAt >= announceWithinMs)) positions.push(position)
    }
    return positions.sort((a, b) => a - b)
  }

  mayLease(nowMs: number): boolean {
    return nowMs >= this.leaseFrom && !this.taken.isFull && [...this.takers.values()].some(hasRoom)
  }

  /** What an earlier owner saw settled, what is out, and what a session has for good is not leased any more. */
  isOver(position: number): boolean {
    return this.leases.has(position) || this.isSettled(position)
  }

  /** Whose turn it is, those of the owner's zone first; undefined when nobody has room. */
  lease(position: number, nowMs: number): R | undefined {
    if (nowMs < this.leaseFrom || this.taken.isFull) return undefined
    const taker = this.nextWithRoom(true) ?? this.nextWithRoom(false)
    if (taker === undefined) return undefined
    taker.held++
    this.leases.set(position, { holder: taker.recipient, lostAt: undefined, earlier: this.earlierOf(position) })
    return taker.recipient
  }

  /** How often it was delivered before. */
  earlierOf(position: number): number {
    return this.leases.get(position)?.earlier ?? 0
  }

  /** In turn, so that all that are as near get as much. */
  private nextWithRoom(near: boolean): Taker<R> | undefined {
    const takers = [...this.takers.values()]
    for (let i = 0; i < takers.length; i++) {
      const taker = takers[(this.turn + i) % takers.length] as Taker<R>
      if (taker.near !== near || !hasRoom(taker)) continue
      this.turn = (this.turn + i + 1) % takers.length
      return taker
    }
    return undefined
  }

  /** Goes on at the position, whatever was leased or settled. Not while a session has a record for good. */
  reset(position: number): void {
    this.resets++
    this.revision++
    this.live = false
    this.next = position
    this.settledAbove = []
    this.leases.clear()
    for (const taker of this.takers.values()) taker.held = 0
  }

  /** What is leased, whoever holds it. */
  get leased(): number {
    return this.leases.size
  }

  /** What each proxy can hold, and what it holds; undefined: not known yet who. */
  holders(): { recipient: R | undefined; credit: number; held: number }[] {
    const unheld = [...this.leases.values()].filter(({ holder }) => holder === undefined).length
    const known = [...this.takers.values()].map(({ recipient, credit, held }) => ({ recipient, credit, held }))
    return unheld === 0 ? known : [...known, { recipient: undefined, credit: 0, held: unheld }]
  }

  /** There is nothing left to lease. */
  forget(position: number): void {
    this.leases.delete(position)
  }

  /** `taken`: all below has been leased, settled or did not match. */
  progress(queue: number, taken: number): state.QueueProgress {
    // What a proxy brought back from an earlier owner may lie above.
    const out = [...this.leases.keys()].filter((position) => position < taken).sort((a, b) => a - b)
    const settled: state.PositionRange[] = []
    for (const [i, position] of out.entries()) {
      const range = { first: position + 1, last: (out[i + 1] ?? taken) - 1 }
      if (range.first <= range.last) settled.push(range)
    }
    this.settledAbove = this.settledAbove.filter(({ last }) => last >= taken)
    return { queue, low: (out[0] ?? taken) - 1, settled: [...settled, ...this.settledAbove] }
  }

  private hold(taker: Taker<R>, position: number): void {
    const lease = this.leases.get(position)
    // Settled already, or leased to another one meanwhile: at QoS 1 it may come twice, at QoS 2 it will not be given to be taken.
    if (lease === undefined ? position < this.next || this.isSettled(position) : lease.holder !== undefined) return
    // Its proxy is back with it: nobody else had it meanwhile.
    const earlier = Math.max(0, this.earlierOf(position) - 1)
    this.leases.set(position, { holder: taker.recipient, lostAt: undefined, earlier })
    taker.held++
  }

  private giveBack(recipient: R, position: number): Lease<R> | undefined {
    const lease = this.leases.get(position)
    if (lease?.holder !== recipient) return undefined
    const taker = this.takers.get(recipient)
    if (taker) taker.held--
    return lease
  }

  private isSettled(position: number): boolean {
    return (
      this.taken.has(position) || this.settledAbove.some(({ first, last }) => position >= first && position <= last)
    )
  }

  private look(nowMs: number): void {
    const isEmpty = ![...this.takers.values()].some(({ credit }) => credit > 0)
    if (isEmpty === (this.emptySinceMs !== undefined)) return
    this.emptySinceMs = isEmpty ? nowMs : undefined
    this.revision++
  }
}

const hasRoom = ({ credit, held }: { credit: number; held: number }): boolean => held < credit
