import type { scan } from '@tern/proto'
import { pause } from '@tern/runtime'
import { Refusal } from '../../core/api/refusal.ts'
import type { ReplayPlan } from '../../core/query/replay-plan.ts'
import type { ScanWish } from '../region/scans.ts'
import type { Looking } from './call.ts'

/** How far a replay has come in one queue. */
export type Track = {
  readonly queue: number
  next: number
  /** It ends there; undefined: it follows. */
  readonly until: number | undefined
  /** All that was there when the call came stands below. */
  readonly knownEnd: number
  over: boolean
}

const feedLimits = {
  recordsMax: 500,
  bytesMax: 256 * 1024,
  /** A look into the past: then what was found goes out. */
  budgetMs: 300,
  /** An owner with nothing new says so after this. */
  waitMs: 10_000,
  /** For the way there and back. */
  answerMs: 3_000,
  /** At the end of the queues an owner is not asked more often: what comes meanwhile comes together. */
  paceMs: 20,
  /** Where most is left out, there is no hurry. */
  samplePaceMs: 200,
  retryMs: 100,
  busyMs: 500,
} as const

type Answered = Readonly<{
  key: number
  queues: readonly number[]
  parts: readonly scan.ScannedPart[]
  error?: unknown
}>

/**
 * The pages of a replay, from one outstanding call to each owner. While nobody takes a page nothing more is asked for, so what is in
 * memory is a page of each owner. Queues that move are asked for at their new owner, from where the last answer ended.
 */
export class ReplayFeed {
  readonly tracks: readonly Track[]
  private readonly looking: Looking
  private readonly plan: ReplayPlan
  private readonly end = new AbortController()
  private readonly outstanding = new Map<number, Promise<Answered>>()
  private readonly asked = new Set<number>()
  private readonly atEnd = new Set<number>()
  private key = 0

  constructor(looking: Looking, plan: ReplayPlan, tracks: readonly Track[]) {
    this.looking = looking
    this.plan = plan
    this.tracks = tracks
  }

  /** Ends when every queue is at its end, or with the signal. */
  async *pages(signal: AbortSignal): AsyncGenerator<readonly scan.ScannedPart[]> {
    const abort = () => this.end.abort()
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    try {
      while (!this.end.signal.aborted) {
        this.ask()
        if (this.outstanding.size === 0) return
        const { key, queues, parts, error } = await Promise.race(this.outstanding.values())
        this.outstanding.delete(key)
        if (error) throw error
        for (const queue of queues) this.asked.delete(queue)
        for (const part of parts) this.take(part)
        yield parts
      }
    } finally {
      signal.removeEventListener('abort', abort)
      this.end.abort()
    }
  }

  private ask(): void {
    const open = this.tracks.filter(({ queue, over }) => !over && !this.asked.has(queue))
    if (open.length === 0) return
    const owners = this.looking.scans.owners(open.map(({ queue }) => queue))
    for (const [address, queues] of owners) this.begin(queues, () => this.scan(address, queues))
    const homeless = open.map(({ queue }) => queue).filter((queue) => !this.asked.has(queue))
    if (homeless.length > 0) this.begin(homeless, () => this.later(feedLimits.retryMs))
  }

  private begin(queues: readonly number[], ask: () => Promise<readonly scan.ScannedPart[]>): void {
    const key = ++this.key
    for (const queue of queues) this.asked.add(queue)
    // Nobody may be waiting when it fails: the failure is told when its turn comes.
    const failed = (error: unknown): Answered => ({ key, queues, parts: [], error })
    this.outstanding.set(
      key,
      ask().then((parts) => ({ key, queues, parts }), failed),
    )
  }

  private async scan(address: string, queues: readonly number[]): Promise<readonly scan.ScannedPart[]> {
    const { scans, clock } = this.looking
    const { samplePerSecond, conditions } = this.plan
    if (queues.every((queue) => this.atEnd.has(queue))) {
      await this.later(samplePerSecond > 0 ? feedLimits.samplePaceMs : feedLimits.paceMs)
    }
    const waiting = this.tracks.every(({ until }) => until === undefined)
    const { recordsMax, bytesMax, budgetMs, waitMs, answerMs } = feedLimits
    const wish: ScanWish = {
      ...{ conditions, recordsMax, bytesMax, budgetMs, backwards: false, sampleMax: samplePerSecond },
      waitMs: waiting ? waitMs : 0,
    }
    const patience = { until: clock.now() + waitMs + answerMs, signal: this.end.signal }
    const parts = this.tracks
      .filter(({ queue }) => queues.includes(queue))
      .map(({ queue, next, until }) => ({ queue, from: next, until }))
    try {
      const answers = await scans.scanAt(address, parts, wish, patience)
      if (answers.length < parts.length) await this.later(feedLimits.retryMs)
      return answers
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return this.later(feedLimits.busyMs)
    }
  }

  private take({ queue, next, done }: scan.ScannedPart): void {
    const track = this.tracks.find((each) => each.queue === queue)
    if (track === undefined) return
    track.next = Math.max(track.next, next)
    if (done) this.atEnd.add(queue)
    else this.atEnd.delete(queue)
    const { endMs } = this.plan
    const isPast = endMs !== undefined && this.looking.clock.now() > endMs + clocksDifferMs
    track.over = track.until === undefined ? done && isPast : track.next >= track.until
  }

  private async later(delayMs: number): Promise<readonly scan.ScannedPart[]> {
    await pause(this.looking.clock, delayMs)
    return []
  }
}

/** The clock of the log, which stamps messages, and this one. */
const clocksDifferMs = 1_000
