import type { Log } from '@tern/log'
import { envelope } from '@tern/proto'
import { encodeBody, encodeEnvelope, readBody } from '@tern/record'
import { partitionOf } from '@tern/routing'
import { type Clock, type Logger, pause } from '@tern/runtime'
import { batchLimits } from '../../core/queue/append-queue.ts'
import type { QueueState } from '../../core/queue/queue-state.ts'
import { readRecord } from '../../core/queue/record-reading.ts'
import { readPage } from './queue-records.ts'

const retryDelay = 250

export const rerouterLimits = {
  /** Beyond that the log keeps them, and they are read again in their turn. */
  waitingBytesMax: 8 * 1024 * 1024,
  /** Of one round: a frame for each queue. */
  roundRecordsMax: 1_000,
  roundBytesMax: 1024 * 1024,
} as const

/** Appends records to a queue, whoever owns it, all in their order; rejects when that could not be done now. */
export type PublishAll = (queue: number, bodies: readonly Buffer[]) => Promise<void>

export type RerouterOptions = Readonly<{
  queue: number
  queues: number
  log: Log
  /** Its `movedBelow` says where this begins. */
  state: QueueState
  clock: Clock
  logger: Logger
  publishAll: PublishAll
}>

type Foreign = Readonly<{ position: number; topic: string; body: Buffer }>

/**
 * Other Kafka clients partition by other hashes: a foreign record in a queue where its topic does not belong is no message there,
 * and is appended to the right one (rule 5). Its offset is the sequence, so that repeating it is harmless; a round is over when all
 * of it is stored, so that none overtakes another.
 */
export class Rerouter {
  private readonly options: RerouterOptions
  private waiting: Foreign[] = []
  private bytes = 0
  private round: readonly Foreign[] = []
  /** What stands from here on is not in memory; undefined when all that waits is. */
  private unread: number | undefined
  private working = false
  private stopped = false

  constructor(options: RerouterOptions) {
    this.options = options
    const { next, movedBelow } = options.state
    if (movedBelow < next) this.unread = movedBelow
    void this.work()
  }

  /** Foreign records below it are where they belong. */
  get movedBelow(): number {
    return this.round[0]?.position ?? this.waiting[0]?.position ?? this.unread ?? this.options.state.next
  }

  readonly belongsHere = (topic: string): boolean => partitionOf(topic, this.options.queues) === this.options.queue

  /** False: with an envelope it would be more than the log takes. */
  add(position: number, topic: string, body: Buffer): boolean {
    const moved = movedBody(this.options.queue, position, body)
    if (moved.length > batchLimits.bytesMax) return false
    if (this.unread !== undefined) return true
    if (this.bytes >= rerouterLimits.waitingBytesMax) this.unread = position
    else this.wait({ position, topic, body: moved })
    void this.work()
    return true
  }

  stop(): void {
    this.stopped = true
  }

  private wait(foreign: Foreign): void {
    this.waiting.push(foreign)
    this.bytes += foreign.body.length
  }

  private async work(): Promise<void> {
    if (this.working) return
    this.working = true
    while (!this.stopped && (this.waiting.length > 0 || this.unread !== undefined)) {
      if (this.waiting.length === 0 && this.unread !== undefined) await this.patiently(() => this.readOn())
      this.round = this.take()
      const byQueue = Map.groupBy(this.round, ({ topic }) => partitionOf(topic, this.options.queues))
      const bodies = (records: readonly Foreign[]) => records.map(({ body }) => body)
      const moves = [...byQueue].map(([queue, records]) =>
        this.patiently(() => this.options.publishAll(queue, bodies(records))),
      )
      await Promise.all(moves)
      this.round = []
    }
    this.working = false
  }

  private take(): Foreign[] {
    let bytes = 0
    let count = 0
    while (
      count < this.waiting.length &&
      count < rerouterLimits.roundRecordsMax &&
      bytes < rerouterLimits.roundBytesMax
    ) {
      bytes += this.waiting[count++]?.body.length ?? 0
    }
    this.bytes -= bytes
    return this.waiting.splice(0, count)
  }

  private async readOn(): Promise<void> {
    const { log, queue, state } = this.options
    const from = this.unread ?? state.next
    const { records, next } = await readPage(log, queue, from, state.next)
    if (next === from && next < state.next) throw new Error(`nothing stands at ${from} in queue ${queue}`)
    for (const { position, body } of records) {
      const reading = body && readRecord(body)
      if (body === undefined || reading?.writer !== 'foreign' || this.belongsHere(reading.topic)) continue
      const moved = movedBody(queue, position, body)
      if (moved.length <= batchLimits.bytesMax) this.wait({ position, topic: reading.topic, body: moved })
    }
    // In the same step as the look: what comes from now on is added.
    this.unread = next >= state.next ? undefined : next
  }

  private async patiently(task: () => Promise<void>): Promise<void> {
    while (!this.stopped) {
      try {
        await task()
        return
      } catch (error) {
        this.options.logger.warn('foreign records wait for their queue', { error: String(error) })
        await pause(this.options.clock, retryDelay)
      }
    }
  }
}

function movedBody(queue: number, position: number, body: Buffer): Buffer {
  const { key, value, header } = readBody(body, 0, body.length)
  const moved = encodeEnvelope(
    envelope.Envelope.create({ qos: 1, producerName: `reroute/${queue}`, sequence: position }),
  )
  const headers: [string, Buffer][] = [['tern', moved]]
  const parent = header('traceparent')
  if (parent !== undefined) headers.push(['traceparent', parent])
  return encodeBody(key, value, headers)
}
