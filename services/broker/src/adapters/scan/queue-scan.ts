import type { scan } from '@tern/proto'
import { blockOf, blockPositions, endOf } from '../../core/block-summary/block-summary.ts'
import { type Probe, probeOfPublisher, probesOf } from '../../core/block-summary/probe.ts'
import { type JudgedRecord, wantedBy } from '../../core/scan/conditions.ts'
import { FoundRecords, type NewestRecords, type Room } from '../../core/scan/found-records.ts'
import { needlesOf } from '../../core/scan/needles.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'

/** Blocks that one step passes over by their summaries. */
const blocksPerStep = 2_000
/** Backwards, windows of the log are read upwards: whole blocks, so that their summaries are made, unless records are large. */
const windowBytes = 4 * 1024 * 1024
const windowPositionsMin = 16
/** From the end of a queue. */
const nearPositions = 4_096
const skimmedWindowBytes = 768 * 1024
const skimmedBlocksMax = 16

type Window = { low: number; at: number; found: NewestRecords; timeMs: number }

export type ScanWish = Readonly<{
  part: scan.ScanPart
  conditions: scan.ScanConditions
  backwards: boolean
  room: Room
  sampleMax: number
}>

export type PositionRange = Readonly<{ low: number; high: number }>

type Looked = Readonly<{
  records: readonly JudgedRecord[]
  next: number
  gap: boolean
  skipped: boolean
  bytes: number
  firstMs: number
  lastMs: number
}>

/** A look into one queue, step by step: forwards to its end, or backwards to its beginning. */
export abstract class QueueScan {
  /** Forwards all below it was looked at, backwards all from it on. */
  protected next: number
  protected timeMs = 0
  protected gap = false
  protected begin: number
  done = false
  readonly runner: QueueRunner
  protected readonly part: scan.ScanPart
  protected readonly found: FoundRecords
  protected readonly wanted: (record: JudgedRecord) => boolean
  protected readonly sampleMax: number
  protected leftOut = 0
  /** A block must have something for each of them. */
  private readonly probes: readonly (readonly Probe[])[]
  protected readonly needles: readonly Buffer[]
  /** What was looked through without being taken apart, and may lie between. */
  skimmed: PositionRange | undefined
  private readonly withVoid: boolean

  constructor(runner: QueueRunner, { part, conditions, room, sampleMax }: ScanWish) {
    this.runner = runner
    this.part = part
    this.next = part.from
    this.begin = part.from
    this.found = new FoundRecords(room)
    this.wanted = wantedBy(conditions)
    this.sampleMax = sampleMax === 0 ? Number.POSITIVE_INFINITY : sampleMax
    this.needles = needlesOf(conditions)
    this.withVoid = conditions.includeVoid
    this.probes = probesFor(conditions)
  }

  get isOver(): boolean {
    return this.done || this.found.isFull
  }

  get hasNews(): boolean {
    return this.found.count > 0 || this.leftOut > 0 || this.gap
  }

  /** False in the middle of what has to be looked at in one go. */
  get mayStop(): boolean {
    return true
  }

  /** It ends where the queue does, which may grow. */
  get isOpenEnded(): boolean {
    return this.part.until === undefined || this.next < this.part.until
  }

  /** The queue may have grown. */
  goOn(): void {
    if (this.isOpenEnded) this.done = false
  }

  abstract step(): Promise<void>

  answer(): scan.ScannedPart {
    const { queue } = this.part
    const { next, timeMs, gap, done, leftOut, lookedAt } = this
    const end = this.runner.state.next
    return { queue, notOwner: false, next, timeMs, gap, done, end, leftOut, lookedAt, ...this.found.packed() }
  }

  private get lookedAt(): number {
    return Math.abs(this.next - this.begin)
  }

  /** Summaries know of messages only. */
  protected excludes(position: number): boolean {
    return !this.withVoid && this.probes.some((probes) => this.runner.past.excludes(position, probes))
  }

  /** In memory, and not so much that looking through the log is quicker than taking all apart. */
  private isNear(position: number): boolean {
    const { past, state } = this.runner
    return position >= past.ringStart && (this.needles.length === 0 || state.next - position <= nearPositions)
  }

  protected async look(from: number, end: number): Promise<Looked> {
    const { past, queue } = this.runner
    if (!this.withVoid && this.isNear(from)) {
      const { messages, next } = await past.messagesFrom(from)
      const records = messages
        .filter(({ position }) => position < end)
        .map((message) => ({ ...message, isVoid: false }))
      const nothing = { gap: false, skipped: false, bytes: 0, firstMs: 0, lastMs: 0 }
      return { ...nothing, records, next: Math.min(next, end) }
    }
    const looked = await past.look(from, end, this.needles)
    if (looked.skipped) this.skimmed = joined(this.skimmed, { low: from, high: looked.next })
    if (looked.next <= from) throw new Error(`the log ends before ${end} in queue ${queue}`)
    return looked
  }
}

export class ForwardScan extends QueueScan {
  async step(): Promise<void> {
    const { logStart, state } = this.runner
    if (this.next < logStart) {
      this.gap = true
      this.next = logStart
      this.begin = logStart
    }
    const end = Math.min(this.part.until ?? Number.POSITIVE_INFINITY, state.next)
    for (let blocks = blocksPerStep; blocks > 0 && this.next < end && this.excludes(this.next); blocks--) {
      this.next = Math.min(end, endOf(blockOf(this.next)))
    }
    if (this.next < end && !this.excludes(this.next)) this.take(await this.look(this.next, end))
    this.done = this.next >= end && !this.found.isFull
  }

  private take({ records, next, gap, lastMs }: Looked): void {
    this.gap ||= gap
    if (gap) this.begin = next
    for (const record of records) {
      this.timeMs = record.timeMs
      if (!this.wanted(record)) continue
      if (this.found.count >= this.sampleMax) this.leftOut++
      else if (!this.found.add(record)) {
        this.next = record.position
        return
      }
    }
    this.next = next
    this.timeMs = lastMs || this.timeMs
  }
}

export class BackwardScan extends QueueScan {
  private window: Window | undefined
  private positionsMax = blockPositions

  constructor(runner: QueueRunner, wish: ScanWish) {
    super(runner, wish)
    this.next = Math.min(this.next, runner.state.next)
    this.begin = this.next
  }

  override get mayStop(): boolean {
    return this.window === undefined
  }

  async step(): Promise<void> {
    this.window ??= this.nextWindow()
    const { window } = this
    if (window === undefined) return
    const { records, next, gap, bytes, firstMs } = await this.look(window.at, this.next)
    if (gap) {
      // Retention came by meanwhile: what is left begins higher up.
      window.at = Math.min(next, this.next)
      if (window.at === this.next) this.close(window)
      return
    }
    this.measure(next - window.at, bytes)
    window.timeMs ||= firstMs || (records[0]?.timeMs ?? 0)
    for (const record of records) {
      if (this.wanted(record)) window.found.add(record)
    }
    window.at = next
    if (next >= this.next) this.close(window)
  }

  private get floor(): number {
    return Math.max(this.part.until ?? 0, this.runner.logStart)
  }

  /** The next part downwards that may hold something; undefined when this step did not come to one. */
  private nextWindow(): Window | undefined {
    const { floor } = this
    for (let blocks = blocksPerStep; blocks > 0 && this.next > floor; blocks--) {
      const block = blockOf(this.next - 1)
      const low = Math.max(floor, block * blockPositions)
      if (this.excludes(low)) {
        this.next = low
        continue
      }
      const from = Math.max(this.positionsMax > blockPositions ? floor : low, this.next - this.positionsMax)
      return { low: from, at: from, found: this.found.window(), timeMs: 0 }
    }
    this.done = this.next <= floor
    return undefined
  }

  private close({ low, found, timeMs }: Window): void {
    this.window = undefined
    // What there was no room for is younger than the window's beginning.
    const cut = this.found.putBefore(found)
    this.timeMs = cut?.timeMs ?? (timeMs || this.timeMs)
    this.next = cut?.position ?? Math.max(low, this.runner.logStart)
    this.done = this.next <= this.floor
  }

  /** Large records make windows small, so that one is soon done; small ones that are only looked through make them large. */
  private measure(positions: number, bytes: number): void {
    if (positions <= 0 || bytes === 0) return
    const [bytesMax, blocksMax] = this.needles.length > 0 ? [skimmedWindowBytes, skimmedBlocksMax] : [windowBytes, 1]
    const fitting = Math.floor(bytesMax / (bytes / positions))
    this.positionsMax = Math.max(windowPositionsMin, Math.min(blocksMax * blockPositions, fitting))
  }
}

function probesFor({ filter, publisherClientId }: scan.ScanConditions): (readonly Probe[])[] {
  const probes: (readonly Probe[])[] = []
  if (filter !== '') probes.push(probesOf([{ filter, start: -1 }]))
  if (publisherClientId !== '') probes.push([probeOfPublisher(publisherClientId)])
  return probes
}

export const joined = (a: PositionRange | undefined, b: PositionRange): PositionRange =>
  a === undefined ? b : { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }
