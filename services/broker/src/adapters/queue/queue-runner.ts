import type { Log, OffsetRange } from '@tern/log'
import { state } from '@tern/proto'
import { encodeBatch, keyText } from '@tern/record'
import { type Clock, type Logger, Outage, pause, unreachable } from '@tern/runtime'
import type { Telemetry } from '../../core/counters.ts'
import { Dispatcher, type Recipient } from '../../core/dispatch/dispatcher.ts'
import { AppendQueue, type Batch, type Entry } from '../../core/queue/append-queue.ts'
import { QueueState } from '../../core/queue/queue-state.ts'
import { type Reading, readRecord, topicIfMessage } from '../../core/queue/record-reading.ts'
import type { Quotas } from '../../core/quotas.ts'
import { RetainedAdmission } from '../../core/retained/retained-admission.ts'
import { RetainedTopics } from '../../core/retained/retained-topics.ts'
import { TopicCounts } from '../../core/topic-counts/topic-counts.ts'
import type { StateStore } from '../home/state-store.ts'
import type { CatchUpMeter } from '../past/catch-up-meter.ts'
import type { PageCache } from '../past/page-cache.ts'
import { QueuePast } from '../past/queue-past.ts'
import type { AskHomes } from './ask-homes.ts'
import { QueueGroups } from './queue-groups.ts'
import { endOfTransaction, messagesTopic, type QueueRecord, readPage } from './queue-records.ts'
import { type PublishAll, Rerouter } from './rerouter.ts'
import { SkippedRecords } from './skipped-records.ts'
import type { Snapshots } from './snapshots.ts'

const retryDelay = 100
/** An owner that appended so short a while ago will do so again, and meets by that what others wrote. */
const quietAfterMs = 20
/** Topics whose counts are brought up to date in one turn: about a millisecond. */
const topicsPerTurn = 500

export type QueueRunnerOptions = Readonly<{
  queue: number
  /** Of the region. */
  queues: number
  log: Log
  clock: Clock
  logger: Logger
  snapshots: Snapshots
  store: StateStore
  /** Of all queues of this broker. */
  pages: PageCache
  meter: CatchUpMeter
  /** Appends records that another Kafka producer put into the wrong queue to the right one. */
  publishAll: PublishAll
  askHomes: AskHomes
  quotas: Quotas
  telemetry: Telemetry
  proxyAlive(incarnation: number): boolean
}>

/** One queue that this broker owns: appends, folds what the log says, and delivers. */
export class QueueRunner {
  readonly queue: number
  readonly retained = new RetainedTopics()
  readonly dispatcher: Dispatcher<Recipient>
  readonly state: QueueState
  private readonly options: QueueRunnerOptions
  private readonly pending = new AppendQueue()
  readonly past: QueuePast
  private readonly rerouter: Rerouter
  /** Records that are no message. */
  readonly skipped: SkippedRecords
  readonly groups: QueueGroups
  readonly topics = new TopicCounts()
  readonly countedSinceMs: number
  /** Called when the queue has grown, and when it is given up. */
  readonly onGrowth = new Set<() => void>()
  /** The first position that retention has left. */
  logStart = 0
  private readonly outage: Outage
  private appending = false
  private appendedAt = 0
  private folding = 0
  /** Of records that came by since the takeover, and when the last one was stored. */
  passedBytes = 0
  passedCount = 0
  newestMs = 0
  private reading: Promise<void> = Promise.resolve()
  private pumping = false
  private closed = false

  private constructor(options: QueueRunnerOptions, state: QueueState) {
    this.options = options
    this.queue = options.queue
    this.countedSinceMs = options.clock.now()
    this.state = state
    this.rerouter = new Rerouter({ ...options, state })
    this.skipped = new SkippedRecords(options)
    this.past = new QueuePast({ ...options, state, belongsHere: this.rerouter.belongsHere })
    this.dispatcher = new Dispatcher(options.queue)
    this.outage = new Outage(
      options.logger,
      'an append has no certain outcome; the log is read, and the rest is tried again',
      'appends are stored again',
    )
    const { queue, store, clock, logger, proxyAlive, askHomes, quotas } = options
    const { past } = this
    const shared = { queue, store, clock, logger, proxyAlive, askHomes, quotas, past }
    this.groups = new QueueGroups({ ...shared, end: () => this.state.next })
  }

  /** Takes the queue over: folds the log, from the newest snapshot on, up to the end that it has after the call. */
  static async open(options: QueueRunnerOptions): Promise<QueueRunner> {
    const [range] = await options.log.offsets(messagesTopic, [options.queue])
    const { start, end } = range ?? { start: 0, end: 0 }
    const { state, retained } = options.snapshots.restore() ?? { state: new QueueState(start), retained: [] }
    state.next = Math.max(state.next, start)
    const runner = new QueueRunner(options, state)
    runner.logStart = start
    runner.retained.restore(retained)
    for (const { topic } of retained) runner.topics.seed(topic)
    await runner.readTo(end)
    return runner
  }

  /** The last position whose meaning is known; -1 when there is none. */
  get position(): number {
    return this.state.next - 1
  }

  /** Foreign records below it are where they belong. */
  get movedBelow(): number {
    return this.rerouter.movedBelow
  }

  /** Where to wait for records of others; undefined while this owner's own ways find them. */
  get quietAt(): number | undefined {
    const quiet = !this.appending && this.folding === 0 && this.options.clock.now() - this.appendedAt >= quietAfterMs
    return quiet ? this.state.next : undefined
  }

  get lastAppendMs(): number {
    return this.appendedAt
  }

  append(entry: Entry): void {
    this.pending.push(entry)
    if (this.appending) return
    this.appending = true
    this.options.clock.soon(() => void this.appendAll())
  }

  close(): void {
    this.closed = true
    this.pending.clear()
    this.rerouter.stop()
    this.groups.closed = true
    this.skipped.close()
    this.past.close()
    for (const wake of this.onGrowth) wake()
  }

  /** Told the log's range now and then, when others wrote, and before a question whose answer must be the log's: reads what others wrote. */
  async compareWith({ start, end }: OffsetRange): Promise<void> {
    this.past.forgetBelow(start)
    this.logStart = start
    this.state.forgetBelow(start)
    if (end > this.state.next) await this.readTo(end)
  }

  /** A few times a second: forgets what is too old for the ring, tries again what failed, and keeps a snapshot when it is time. */
  keep(): void {
    const now = this.options.clock.now()
    this.past.age(now)
    this.skipped.tell()
    this.groups.keep()
    this.countTopics()
    if (this.dispatcher.lagging(this.state.next).length > 0) this.pump()
    this.state.movedBelow = this.rerouter.movedBelow
    void this.options.snapshots.keep(this.state, this.retained, now)
  }

  private countTopics(): void {
    if (!this.closed && this.topics.fold(topicsPerTurn)) this.options.clock.soon(() => this.countTopics())
  }

  /** Lets those that lag catch up, from the ring or from the log, until all have come to the end or have no room. */
  pump(): void {
    if (this.pumping || this.closed) return
    this.pumping = true
    this.pumpAll().catch((error: unknown) => {
      this.pumping = false
      this.options.logger.warn('catching up failed', { error: String(error) })
    })
  }

  private async pumpAll(): Promise<void> {
    for (;;) {
      const behind = this.dispatcher.lagging(this.state.next)
      if (behind.length === 0 || this.closed) {
        // In the same step as the look: whoever comes to lag from now on is pumped anew.
        this.pumping = false
        return
      }
      for (const { recipient, attachment } of behind) {
        const from = attachment.next
        const { messages, next } = await this.past.messagesFrom(from)
        // It may have moved while the log was read: then the next round looks from where it is.
        if (attachment.next === from) this.past.meter.delivered(this.dispatcher.catchUp(recipient, messages, next))
      }
    }
  }

  private async appendAll(): Promise<void> {
    while (!this.pending.isEmpty && !this.closed) {
      const { admit } = new RetainedAdmission(this.retained, this.options.quotas)
      await this.appendBatch(this.pending.take(this.state, admit))
    }
    this.appending = false
  }

  private async appendBatch(batch: Batch): Promise<void> {
    let base = -1
    const { log, clock } = this.options
    const { counters } = this.options.telemetry
    counters.repetitions += batch.entries.length - batch.written.length
    if (batch.bodies.length > 0) {
      try {
        const began = clock.now()
        const bytes = encodeBatch(batch.bodies)
        const { baseOffset, appendTimeMs } = await log.append(messagesTopic, this.queue, bytes)
        // Another offset than the next one: others wrote before it, or a reader was here first.
        if (baseOffset === this.state.next) this.foldBatch(baseOffset, appendTimeMs, batch)
        else await this.readTo(baseOffset + batch.bodies.length)
        base = baseOffset
        this.appendedAt = clock.now()
        this.outage.worked()
        counters.appendedBatches++
        counters.appendedRecords += batch.bodies.length
        counters.appendedBytes += bytes.length
        counters.appendDelay.record((this.appendedAt - began) / 1000)
      } catch (error) {
        await this.resolve(batch, error)
        return
      }
    }
    this.answer(batch.entries, base, batch.places)
  }

  /** An answer that did not come, or a refusal: what the log holds decides; the rest is tried again, in its order. */
  private async resolve({ entries }: Batch, error: unknown): Promise<void> {
    this.outage.failed(error)
    this.options.telemetry.counters.appendsUncertain++
    await pause(this.options.clock, retryDelay)
    await this.readToEnd()
    const missing = entries.findIndex(({ record }) => !this.state.knows(record))
    this.answer(missing < 0 ? entries : entries.slice(0, missing))
    if (missing >= 0 && !this.closed) this.pending.putBack(entries.slice(missing))
  }

  /** `places`: where each stands, counted from `base`; -1: it does not, or nobody knows. */
  private answer(entries: readonly Entry[], base = -1, places: readonly number[] = []): void {
    if (this.closed) return
    const { state } = this
    for (let i = 0; i < entries.length; i++) {
      const { record, answer } = entries[i]!
      const refusal = state.refusalOf(record)
      if (refusal !== undefined) this.options.telemetry.counters.refused.add(refusal)
      const verdict = state.isSuperseded(record) ? 'superseded' : (refusal ?? 'stored')
      const place = places[i] ?? -1
      const own = base < 0 || place < 0 ? -1 : base + place
      const repeated = own < 0 && record.publisher !== undefined
      answer(verdict, record, { position: repeated ? state.positionOf(record) : own, repeated })
    }
    if (this.dispatcher.lagging(this.state.next).length > 0) this.pump()
  }

  private async readToEnd(): Promise<void> {
    while (!this.closed) {
      try {
        const [range] = await this.options.log.offsets(messagesTopic, [this.queue])
        return await this.readTo(range?.end ?? 0)
      } catch (error) {
        this.options.logger.warn('the log does not answer; asked again', { error: String(error) })
        await pause(this.options.clock, retryDelay)
      }
    }
  }

  /** Folds what stands in the log below `end`. One reader at a time: the fold is in log order. */
  private readTo(end: number): Promise<void> {
    this.folding++
    const mine = this.reading.then(() => this.foldTo(end))
    this.reading = mine.catch(() => {}).then(() => void this.folding--)
    return mine
  }

  private async foldTo(end: number): Promise<void> {
    while (this.state.next < end && !this.closed) {
      const from = this.state.next
      const { records, next } = await readPage(this.options.log, this.queue, from, Number.POSITIVE_INFINITY)
      if (next === from) throw new Error(`the log ends before ${end} in queue ${this.queue}`)
      this.dispatcher.beginBatch(this.state.next)
      for (const record of records) if (record.position >= this.state.next) this.takeRecord(record)
      // Retention may have taken the first ones meanwhile.
      this.state.next = Math.max(this.state.next, next)
      this.endBatch()
    }
  }

  private foldBatch(base: number, timeMs: number, { written }: Batch): void {
    this.dispatcher.beginBatch(base)
    let position = base
    for (const { record, body } of written) {
      // A proxy of this region wrote it, and so its topic is checked; markers have none.
      this.take(position++, timeMs, body, { writer: 'region', envelope: record, topic: keyText(body) })
    }
    this.endBatch()
  }

  private endBatch(): void {
    this.dispatcher.endBatch(this.state.next)
    for (const wake of this.onGrowth) wake()
  }

  private takeRecord(record: QueueRecord): void {
    const { position, timeMs, body } = record
    if (body !== undefined) this.take(position, timeMs, body, readRecord(body))
    else {
      this.passOver(position, 0)
      if (record.why !== endOfTransaction) this.skipped.note(position, record.why)
    }
  }

  private take(position: number, timeMs: number, body: Buffer, reading: Reading): void {
    this.passedBytes += body.length
    this.passedCount++
    this.newestMs = timeMs
    const topic = this.judge(position, body, reading)
    if (topic === undefined) {
      this.past.passOver(position, body.length)
      return
    }
    const message = { position, timeMs, topic, body }
    this.past.add(message, reading.writer === 'region' ? reading.envelope.clientId : '')
    this.topics.note(topic, body.length, timeMs, position)
    if (reading.writer === 'region' && reading.envelope.retain) this.retained.apply(message)
    this.dispatcher.offer(message)
    this.groups.offer(message)
  }

  /** The topic of what is a message here. */
  private judge(position: number, body: Buffer, reading: Reading): string | undefined {
    switch (reading.writer) {
      case 'region':
        return this.state.apply(position, reading.envelope) === 'live' ? reading.topic : undefined
      case 'foreign':
        this.state.apply(position, undefined)
        if (this.rerouter.belongsHere(reading.topic)) return reading.topic
        if (!this.rerouter.add(position, reading.topic, body)) this.skipped.note(position, tooLarge)
        return undefined
      case 'nobody':
        this.state.apply(position, undefined)
        // Who reads the past looks less closely.
        if (topicIfMessage(body, this.rerouter.belongsHere) !== undefined)
          this.state.noteVoid(position, state.VoidReason.MALFORMED)
        this.skipped.note(position, reading.why)
        return undefined
      default:
        return unreachable(reading)
    }
  }

  private passOver(position: number, bytes: number): void {
    this.state.apply(position, undefined)
    this.past.passOver(position, bytes)
  }
}

const tooLarge = 'it stands in another queue than that of its topic, and is too large to be moved with an envelope'
