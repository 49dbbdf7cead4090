import { createMemoryLog, type Log, LogError, type MemoryLog, type TopicName } from '@tern/log'
import { batches, readBody } from '@tern/record'
import type { Plant } from './planted.ts'
import type { Random } from './random.ts'
import type { Process, Timeline } from './timeline.ts'

export type LogFaults = {
  /** Of each append: its answer is lost, whether it was written or not. */
  lostAnswers: number
}

/** More than an owner may stand still for, and two seconds until it has looked at what came meanwhile. */
const compactionLag = 6_000

type Late = Readonly<{ at: Process; run: () => void }>

/** One log for all processes, reached with a delay; what was appended is remembered for the checks. */
export class SimulatedLog {
  /** Payloads that stand in tern.messages. */
  readonly written = new Set<string>()
  readonly faults: LogFaults = { lostAnswers: 0 }
  /** By zone whose way to the log is cut: what is on this way, either way, and arrives when that is over. */
  private readonly held = new Map<string, Late[]>()
  readonly log: MemoryLog
  plant: Plant | undefined
  private readonly timeline: Timeline
  private readonly random: Random
  readonly itself: Process

  constructor(timeline: Timeline, random: Random, itself: Process) {
    this.timeline = timeline
    this.random = random
    this.itself = itself
    this.log = createMemoryLog({ now: () => Math.floor(timeline.now) })
    this.compact()
  }

  /** Now and then, as a log does by itself; with a lag that fits the short life of a simulated region. */
  private compact(): void {
    this.timeline.schedule(this.itself, 200 + this.random.next() * 800, () => {
      this.log.compact(compactionLag)
      this.compact()
    })
  }

  /** The log as one process reaches it. */
  seenBy(process: Process): Log {
    const { log } = this
    const delayed = <Result>(ask: () => Promise<Result>): Promise<Result> => this.call(process, ask)
    const seen: Log = {
      ...log,
      append: (topic, partition, batch) =>
        delayed(async () => {
          const lost = this.random.chance(this.faults.lostAnswers)
          if (lost && this.random.chance(0.5)) throw new LogError('unknown', 'lost on the way there')
          const appended = await log.append(topic, partition, batch)
          if (topic === 'tern.messages') this.remember(batch)
          if (lost) throw new LogError('unknown', 'lost on the way back')
          return appended
        }),
      read: (...given) => delayed(() => log.read(...given)),
      offsets: (...given) => delayed(() => log.offsets(...given)),
      trim: (...given) => delayed(() => log.trim(...given)),
      tail: (topic, partition, from, deliver) => this.tail(process, topic, partition, from, deliver),
    }
    return this.plant?.(seen, this.random) ?? seen
  }

  sever(zone: string): void {
    if (!this.held.has(zone)) this.held.set(zone, [])
  }

  heal(): void {
    this.faults.lostAnswers = 0
    const late = [...this.held.values()].flat()
    this.held.clear()
    for (const { at, run } of late) this.timeline.schedule(at, 0, run)
  }

  /** Comes from the way between `process` and the log, and then runs at one end of it. */
  private arrive(process: Process, at: Process, run: () => void): void {
    const held = [...this.held].find(([zone]) => process.name.endsWith(zone))?.[1]
    if (held === undefined) run()
    else held.push({ at, run })
  }

  /** In order, each batch a while after it was written. */
  private tail(
    process: Process,
    topic: TopicName,
    partition: number,
    from: number,
    deliver: (batches: Buffer) => void,
  ) {
    let lastAt = 0
    let cancelled = false
    /** What was held up by a cut, and what waited for a paused process, may end their waiting in another order. */
    const coming: Buffer[] = []
    const tail = this.log.tail(topic, partition, from, (bytes) => {
      coming.push(bytes)
      lastAt = Math.max(lastAt, this.timeline.now + this.random.next() * 3)
      this.timeline.schedule(process, lastAt - this.timeline.now, () => {
        this.arrive(process, process, () => {
          const next = coming.shift()
          if (!cancelled && next !== undefined) deliver(next)
        })
      })
    })
    return {
      cancel() {
        cancelled = true
        tail.cancel()
      },
    }
  }

  private remember(batch: Buffer): void {
    for (const view of batches(batch)) {
      for (const { body } of view.records()) this.written.add(String(readBody(body, 0, body.length).value))
    }
  }

  /** A request arrives although its process has died meanwhile; its answer then reaches nobody. */
  private call<Result>(process: Process, ask: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.timeline.schedule(this.itself, this.random.next() * 3, () => {
        this.arrive(process, this.itself, () => {
          const answer = (what: () => void) =>
            void this.timeline.schedule(process, this.random.next() * 3, () => this.arrive(process, process, what))
          ask().then(
            (result) => answer(() => resolve(result)),
            (error) => answer(() => reject(error)),
          )
        })
      })
    })
  }
}
