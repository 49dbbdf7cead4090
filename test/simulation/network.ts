import type { Duplex, DuplexListener } from '@tern/runtime'
import type { Random } from './random.ts'
import type { Process, Timeline } from './timeline.ts'

type Accept = (stream: Duplex<never, never>) => void
type Side = { process: Process; listener: DuplexListener<unknown> | undefined; over: boolean; lastAt: number }

/** Streams between processes: ordered and whole until they break, late by a random delay. */
export class Network {
  private readonly timeline: Timeline
  private readonly random: Random
  private readonly listening = new Map<string, { process: Process; accept: Accept }>()
  private readonly connections = new Set<readonly [Side, Side]>()
  /** Pairs of process names that cannot reach one another. */
  private readonly cut = new Set<string>()
  delayMax = 4

  constructor(timeline: Timeline, random: Random) {
    this.timeline = timeline
    this.random = random
  }

  listen<Out, In>(address: string, process: Process, accept: (stream: Duplex<Out, In>) => void): void {
    this.listening.set(address, { process, accept: accept as unknown as Accept })
  }

  /** Nobody listens there any more, as far as it was this process. */
  close(address: string, process: Process): void {
    if (this.listening.get(address)?.process === process) this.listening.delete(address)
  }

  dial<Out, In>(from: Process, address: string): Duplex<Out, In> {
    const server = this.listening.get(address)
    const near: Side = { process: from, listener: undefined, over: false, lastAt: 0 }
    if (server === undefined || server.process.gone || this.isCut(from, server.process)) {
      const refused = server === undefined || server.process.gone
      this.timeline.schedule(from, this.delay(), () => this.finish(near, 'unreachable', refused))
      return this.end(near, near)
    }
    const far: Side = { process: server.process, listener: undefined, over: false, lastAt: 0 }
    this.connections.add([near, far])
    this.later(far, () => {
      if (!far.over) server.accept(this.end(far, near) as Duplex<never, never>)
    })
    return this.end(near, far)
  }

  /** True when nobody listens at the address, as a probe finds out. */
  isRefused(from: Process, address: string): boolean {
    const server = this.listening.get(address)
    return server === undefined || (server.process.gone && !this.isCut(from, server.process))
  }

  /** The other side learns of a death from its system: the connection is reset. */
  killed(process: Process): void {
    this.breakWhere((side) => side.process === process)
  }

  /** Breaks what runs between two processes, and lets nothing through until `heal`. */
  partition(a: Process, b: Process): void {
    this.cut.add(pairOf(a, b))
    for (const pair of [...this.connections]) {
      if (pairOf(pair[0].process, pair[1].process) === pairOf(a, b)) this.breakPair(pair)
    }
  }

  heal(): void {
    this.cut.clear()
  }

  /** Breaks one connection by chance, as networks do. */
  breakOne(): void {
    const all = [...this.connections]
    if (all.length > 0) this.breakPair(this.random.pick(all))
  }

  private breakWhere(fits: (side: Side) => boolean): void {
    for (const pair of [...this.connections]) if (pair.some(fits)) this.breakPair(pair)
  }

  private breakPair(pair: readonly [Side, Side]): void {
    this.connections.delete(pair)
    for (const side of pair) this.timeline.schedule(side.process, this.delay(), () => this.finish(side, 'reset', false))
  }

  private end<Out, In>(mine: Side, other: Side): Duplex<Out, In> {
    return {
      send: (frame) => {
        if (mine.over || mine === other) return
        this.later(other, () => {
          if (!other.over) other.listener?.frame(frame)
        })
      },
      end: () => {
        if (mine.over) return
        this.finish(mine, 'ended here', false)
        if (mine !== other) this.later(other, () => this.finish(other, 'ended by the other side', false))
      },
      listen: (listener) => {
        mine.listener = listener as DuplexListener<unknown>
      },
    }
  }

  private finish(side: Side, reason: string, refused: boolean): void {
    if (side.over) return
    side.over = true
    side.listener?.end(reason, refused)
  }

  /** After a delay, but never before what was sent earlier on the same stream. */
  private later(to: Side, run: () => void): void {
    const at = Math.max(to.lastAt, this.timeline.now + this.delay())
    to.lastAt = at
    this.timeline.schedule(to.process, at - this.timeline.now, run)
  }

  private delay(): number {
    return this.random.next() * this.delayMax
  }

  private isCut(a: Process, b: Process): boolean {
    return this.cut.has(pairOf(a, b))
  }
}

const pairOf = (a: Process, b: Process): string => [a.name, b.name].sort().join('|')
