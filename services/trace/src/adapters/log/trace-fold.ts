import type { Log } from '@tern/log'
import { batches } from '@tern/record'
import { type Clock, type Logger, pause, type Timer } from '@tern/runtime'
import { hintsOfSpans } from '../../core/index/span-hints.ts'
import type { TraceIndex } from '../../core/index/trace-index.ts'
import { traceTopic } from './trace-log.ts'
import { readTraceRecord } from './trace-record.ts'

const lookEveryMs = 60_000
const retryMs = 500

export type FoldOptions = Readonly<{ log: Log; index: TraceIndex; queues: number; clock: Clock; logger: Logger }>

/** Follows tern.trace from what retention has left of it, so that the index knows all that is there. */
export class TraceFold {
  /** Resolves once the index knows what stood in the log when it began. */
  readonly ready: Promise<void>
  isReady = false
  private readonly options: FoldOptions
  private readonly tails: { cancel(): void }[] = []
  /** The next offset of each partition. */
  private readonly next: number[]
  private readonly wanted: number[]
  private readonly caughtUp = Promise.withResolvers<void>()
  private timer: Timer | undefined
  private unreadable = 0
  private stopped = false

  constructor(options: FoldOptions) {
    this.options = options
    this.next = Array<number>(options.queues).fill(0)
    this.wanted = Array<number>(options.queues).fill(Number.POSITIVE_INFINITY)
    this.ready = this.caughtUp.promise
    void this.begin()
  }

  /** The next offset of the partition that the index does not know. */
  knownTo(queue: number): number {
    return this.next[queue] ?? 0
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    for (const tail of this.tails) tail.cancel()
  }

  private async begin(): Promise<void> {
    const ranges = await this.ranges()
    if (this.stopped) return
    for (const [queue, { start, end }] of ranges.entries()) {
      this.next[queue] = start
      this.wanted[queue] = end
      const { log } = this.options
      this.tails.push(log.tail(traceTopic, queue, start, (content) => this.take(queue, content)))
    }
    this.lookWhetherReady()
    this.forgetLater()
  }

  private async ranges() {
    const { log, queues, clock, logger } = this.options
    const partitions = Array.from({ length: queues }, (_, queue) => queue)
    for (;;) {
      try {
        return await log.offsets(traceTopic, partitions)
      } catch (error) {
        if (this.stopped) return []
        logger.warn('the log does not say where tern.trace is; asked again', { error: String(error) })
        await pause(clock, retryMs)
      }
    }
  }

  private take(queue: number, content: Buffer): void {
    for (const batch of batches(content)) {
      if (batch.content === 'records') {
        for (const { offset, body } of batch.records()) if (offset >= this.next[queue]!) this.fold(queue, offset, body)
      }
      this.next[queue] = Math.max(this.next[queue]!, batch.lastOffset + 1)
    }
    if (!this.isReady) this.lookWhetherReady()
  }

  private fold(queue: number, offset: number, body: Buffer): void {
    const { index, logger } = this.options
    const record = readTraceRecord(body)
    if (record === undefined) {
      if (this.unreadable++ === 0) logger.warn('a record of tern.trace cannot be read; passed over', { queue, offset })
    } else if (record.kind === 'block') index.addBlock(queue, offset, body.length, record.block.head)
    else index.addSpans(queue, offset, body.length, record.traceId, hintsOfSpans(record.resourceSpans()))
  }

  private lookWhetherReady(): void {
    if (this.next.some((at, queue) => at < this.wanted[queue]!)) return
    this.isReady = true
    this.caughtUp.resolve()
  }

  private forgetLater(): void {
    this.timer = this.options.clock.after(lookEveryMs, () => {
      void this.ranges().then((ranges) => {
        for (const [queue, { start }] of ranges.entries()) this.options.index.forgetBelow(queue, start)
        if (!this.stopped) this.forgetLater()
      })
    })
  }
}
