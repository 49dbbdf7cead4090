import type { Log } from '@tern/log'
import { publisherOf } from '@tern/record'
import { BlockSummaries, type Survey } from '../../core/block-summary/block-summaries.ts'
import type { Probe } from '../../core/block-summary/probe.ts'
import type { QueueState } from '../../core/queue/queue-state.ts'
import { topicIfMessage } from '../../core/queue/record-reading.ts'
import { type Message, TailRing } from '../../core/queue/tail-ring.ts'
import type { JudgedRecord } from '../../core/scan/conditions.ts'
import { type QueueRecord, readBytesMax, readPage, skimPage } from '../queue/queue-records.ts'
import type { CatchUpMeter } from './catch-up-meter.ts'
import type { PageCache, Past } from './page-cache.ts'
import { PageReader, type ReadPast } from './page-reader.ts'

/** So many messages of the ring are looked at in one go. */
const pageMessagesMax = 2_000
/** Heads of batches and records beside the records' bodies, at a guess: when it is too little, the rest is read next. */
const framingFactor = 1.25
const framingBytes = 32 * 1024

export type QueuePastOptions = Readonly<{
  queue: number
  log: Log
  state: QueueState
  /** Whether a topic's messages stand in this queue. */
  belongsHere(topic: string): boolean
  pages: PageCache
  meter: CatchUpMeter
}>

/** Records with a topic, up to (not with) position `next`. */
type Look = Readonly<{
  records: readonly JudgedRecord[]
  next: number
  gap: boolean
  /** Some of it was not taken apart, and so not remembered. */
  skipped: boolean
  bytes: number
  /** When what was looked at was stored, from and to; 0: not known. */
  firstMs: number
  lastMs: number
}>

const lookLimits = {
  /** Taken apart in one go: what live traffic waits for. */
  takenBytesMax: 256 * 1024,
  /** Looked through for bytes. */
  skimmedBytesMax: 1024 * 1024,
} as const

/** What a queue's owner has of the messages before the present: the ring, summaries of blocks, pages read of late, and the log (D4). */
export class QueuePast {
  readonly meter: CatchUpMeter
  private readonly options: QueuePastOptions
  private readonly ring: TailRing
  private readonly summaries = new BlockSummaries()
  private readonly reader: PageReader
  /** Below it, nothing is known of verdicts any more. */
  private start = 0

  constructor(options: QueuePastOptions) {
    this.options = options
    this.meter = options.meter
    this.ring = new TailRing(options.state.next)
    this.reader = new PageReader(options.pages, (from, bytesMax) => this.readLog(from, bytesMax))
  }

  /** A message as it comes; `publisher` is empty where nobody is known. */
  add(message: Message, publisher: string): void {
    this.ring.add(message)
    this.summaries.add(message.position, message.topic, publisher, message.body.length)
  }

  /** A record that is no message: void, or a marker. */
  passOver(position: number, bytes: number): void {
    this.summaries.add(position, undefined, '', bytes)
  }

  /** Forgets what is too old for the ring. */
  age(nowMs: number): void {
    this.ring.age(nowMs)
  }

  /** Retention took what lies below. */
  forgetBelow(start: number): void {
    if (start <= this.start) return
    this.start = start
    this.summaries.forgetBelow(start)
    this.reader.forgetBelow(start)
  }

  close(): void {
    this.reader.forgetBelow(Number.POSITIVE_INFINITY)
  }

  /** Passes over what cannot match any of the probes. */
  survey(from: number, probes: readonly Probe[]): Survey {
    const survey = this.summaries.survey(from, probes)
    this.meter.skipped(survey.skippedBytes)
    return survey
  }

  /** A page of messages from a position on: from the ring, else from the log, of which `recordBytes` may be enough. */
  async messagesFrom(from: number, recordBytes?: number): Promise<Past> {
    if (from >= this.ring.start) return this.fromRing(from)
    const bytesMax = recordBytes === undefined ? readBytesMax : recordBytes * framingFactor + framingBytes
    return this.reader.read(from, Math.min(readBytesMax, Math.ceil(bytesMax)))
  }

  /** From here on everything is in memory. */
  get ringStart(): number {
    return this.ring.start
  }

  /** Whether the block that holds the position is known to hold nothing for the probes. */
  excludes(position: number, probes: readonly Probe[]): boolean {
    return this.summaries.excludes(position, probes)
  }

  /** Whether the block of the position has a summary, from the position on. */
  knows(position: number): boolean {
    return this.summaries.covers(position)
  }

  /** Summaries of older blocks would only push out others. */
  get remembersNoMore(): boolean {
    return this.summaries.isFull
  }

  /**
   * Some of the log from a position on and below `end`, for whoever looks into it: void records, too, if they have a topic. Batches
   * without one of the needles are passed over. What it takes apart is remembered as summaries; pages of sessions that catch up stay
   * where they are.
   */
  async look(from: number, end: number, needles: readonly Buffer[]): Promise<Look> {
    const { log, queue, state } = this.options
    const { takenBytesMax, skimmedBytesMax } = lookLimits
    const bytesMax = needles.length > 0 ? skimmedBytesMax : takenBytesMax
    const range = { from, end: Math.min(end, state.next), bytesMax, takenBytesMax }
    const page = await skimPage(log, queue, range, (batch) => needles.every((needle) => batch.includes(needle)))
    const { next, gap, skipped, bytes, firstMs, lastMs } = page
    if (from < this.start) return { records: [], next: this.start, gap: true, skipped, bytes, firstMs: 0, lastMs: 0 }
    const judged: JudgedRecord[] = []
    for (const record of page.records) {
      const found = this.judged(record)
      const topic = found === undefined || found.isVoid ? undefined : found.topic
      if (!skipped) this.remember(record, topic)
      if (found) judged.push(found)
    }
    return { records: judged, next, gap, skipped, bytes, firstMs, lastMs }
  }

  /** One record; undefined when no topic can be read there, or retention took it meanwhile. */
  async lookAt(position: number): Promise<JudgedRecord | undefined> {
    const { log, queue } = this.options
    const { records } = await readPage(log, queue, position, position + 1, 1)
    return records[0] && this.judged(records[0])
  }

  private judged({ position, timeMs, body }: QueueRecord): JudgedRecord | undefined {
    const topic = body === undefined ? undefined : this.topicOf(body)
    if (body === undefined || topic === undefined) return undefined
    return { position, timeMs, topic, body, isVoid: this.options.state.voidPositions.has(position) }
  }

  private remember({ position, body }: QueueRecord, topic: string | undefined): void {
    const publisher = body === undefined || topic === undefined ? '' : publisherOf(body)
    this.summaries.add(position, topic, publisher, body?.length ?? 0)
  }

  private topicOf(body: Buffer): string | undefined {
    return topicIfMessage(body, this.options.belongsHere)
  }

  private fromRing(from: number): Past {
    const messages: Message[] = []
    this.ring.from(from, (message) => messages.push(message) < pageMessagesMax)
    const last = messages.at(-1)
    const cut = messages.length === pageMessagesMax && last !== undefined
    return { messages, next: cut ? last.position + 1 : Math.max(from, this.options.state.next), gap: false }
  }

  private readonly readLog: ReadPast = async (from, bytesMax) => {
    const { log, queue, state, meter } = this.options
    const { records, next, gap, bytes } = await readPage(log, queue, from, state.next, bytesMax)
    meter.read(bytes)
    // Retention came while the log was read: verdicts on these are forgotten already.
    if (from < this.start) return { messages: [], next: this.start, gap: true, bytes }
    const messages: Message[] = []
    for (const record of records) {
      const { position, timeMs, body } = record
      const isMessage = body !== undefined && !state.voidPositions.has(position)
      const topic = isMessage ? this.topicOf(body) : undefined
      this.remember(record, topic)
      if (isMessage && topic !== undefined) messages.push({ position, timeMs, topic, body })
    }
    return { messages, next, gap, bytes }
  }
}
