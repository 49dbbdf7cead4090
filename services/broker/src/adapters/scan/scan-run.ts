import type { scan } from '@tern/proto'
import { type Clock, pause } from '@tern/runtime'
import type { Room } from '../../core/scan/found-records.ts'
import type { Ownership } from '../queue/ownership.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'
import { BackwardScan, ForwardScan, type PositionRange, type QueueScan } from './queue-scan.ts'

export type ScanCall = Readonly<{
  ownership: Ownership
  conditions: scan.ScanConditions
  room: Room
  sampleMax: number
  backwards: boolean
  clock: Clock
  /** Nobody waits for the answer any more. */
  signal: AbortSignal
  /** Runs a step when its turn has come. */
  run(step: () => Promise<void>): Promise<void>
}>

/** Of a queue that grows all the time, what has gathered meanwhile is looked at in one go. */
const gatherMs = 25

/** One call that looks into some queues at once. */
export class ScanRun {
  private readonly call: ScanCall
  private readonly parts: readonly scan.ScanPart[]
  private readonly scans: ReadonlyMap<number, QueueScan>

  private constructor(call: ScanCall, parts: readonly scan.ScanPart[], scans: ReadonlyMap<number, QueueScan>) {
    this.call = call
    this.parts = parts
    this.scans = scans
  }

  static async begin(parts: readonly scan.ScanPart[], call: ScanCall): Promise<ScanRun> {
    const { ownership, conditions, backwards, room, sampleMax } = call
    const scans = new Map<number, QueueScan>()
    for (const part of parts) {
      const runner = await ownership.when(part.queue)
      const wish = { part, conditions, backwards, room, sampleMax }
      if (runner) scans.set(part.queue, backwards ? new BackwardScan(runner, wish) : new ForwardScan(runner, wish))
    }
    return new ScanRun(call, parts, scans)
  }

  /** Looks until every part is full or at its end, or the time is used up. One round is always made, so that whoever asks gets on. */
  async look(budgetMs: number): Promise<void> {
    const { clock, signal, run } = this.call
    const until = clock.now() + budgetMs
    for (let inTime = true; !signal.aborted; inTime = clock.now() < until) {
      const open = [...this.scans.values()].filter((each) => !each.isOver && (inTime || !each.mayStop))
      if (open.length === 0) return
      await Promise.all(open.map((each) => run(() => each.step())))
    }
  }

  /** There is nothing to tell, and something may come. */
  get mayWait(): boolean {
    const scans = [...this.scans.values()]
    if (scans.length < this.parts.length || scans.some(({ hasNews }) => hasNews)) return false
    return scans.every(({ done }) => done) && scans.some((each) => each.isOpenEnded) && this.isOwner
  }

  /** Resolves when one of the queues has grown or is given up, at the time, or when nobody waits any more. */
  async untilGrown(until: number): Promise<void> {
    const { clock, signal } = this.call
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = clock.after(until - clock.now(), resolve)
    const queues = [...this.scans.values()].map(({ runner }) => runner)
    for (const { onGrowth } of queues) onGrowth.add(resolve)
    const leave = () => resolve()
    signal.addEventListener('abort', leave)
    await promise
    signal.removeEventListener('abort', leave)
    for (const { onGrowth } of queues) onGrowth.delete(resolve)
    timer.cancel()
    if (!signal.aborted && clock.now() < until) await pause(clock, gatherMs)
    for (const each of this.scans.values()) each.goOn()
  }

  /** Tells of what was looked through for a topic or a publisher without being taken apart. */
  skimmed(tell: (runner: QueueRunner, range: PositionRange) => void): void {
    const { filter, publisherClientId } = this.call.conditions
    if (filter === '' && publisherClientId === '') return
    for (const { runner, skimmed } of this.scans.values()) if (skimmed) tell(runner, skimmed)
  }

  answer(): scan.ScanResponse {
    return { parts: this.parts.map((part) => this.answerOf(part)) }
  }

  private answerOf({ queue, from }: scan.ScanPart): scan.ScannedPart {
    const found = this.scans.get(queue)
    if (found !== undefined && this.call.ownership.get(queue) === found.runner) return found.answer()
    const nothing = {
      count: 0,
      basePosition: 0,
      baseTimeMs: 0,
      records: new Uint8Array(),
      voidPositions: [],
      leftOut: 0,
    }
    return { queue, notOwner: true, next: from, timeMs: 0, gap: false, done: false, lookedAt: 0, end: 0, ...nothing }
  }

  private get isOwner(): boolean {
    return [...this.scans].every(([queue, { runner }]) => this.call.ownership.get(queue) === runner)
  }
}
