import { control, ledger } from '@tern/proto'
import type { RouteTable, RouteWatcher } from '@tern/routing'
import { dialStream, withViews } from '@tern/rpc'
import type { Clock, Duplex, Logger, Timer } from '@tern/runtime'
import type { BlockBuffer } from '../../core/ledger/block-buffer.ts'
import type { EntryRing } from '../../core/ledger/entry-ring.ts'

type RecordStream = Duplex<ledger.RecordRequest, ledger.RecordResponse>
export type DialLedger = (address: string) => RecordStream

/** What is written down leaves after so long, as a block that is not full. */
export const shipEveryMs = 200
const retryMs = 500
/** A trace service that answers nothing for so long while something is under way is left for another. */
const silenceMaxMs = 5_000

const service = withViews(ledger.LedgerServiceService, { record: [ledger.RecordRequest, ledger.RecordResponse] })
const overGrpc: DialLedger = (address) => dialStream(address, service.record)

export type ShippingOptions = Readonly<{
  zone: string
  ring: () => EntryRing
  buffer: BlockBuffer
  routes: RouteWatcher
  clock: Clock
  logger: Logger
  dial?: DialLedger | undefined
}>

/** Brings blocks of the ledger to a trace service, and again to the next one what was not answered. The data path never waits for it. */
export class LedgerShipping {
  private readonly options: ShippingOptions
  private stream: RecordStream | undefined
  private address: string | undefined
  private timer: Timer | undefined
  private retry: Timer | undefined
  private heardAt = 0
  private underWay = 0
  private reportedDrops = 0
  private stopped = false

  constructor(options: ShippingOptions) {
    this.options = options
    options.routes.onChange(() => this.connect())
    this.connect()
  }

  /** There is something to ship, after a while. */
  wake(): void {
    if (this.timer !== undefined || this.stopped) return
    this.timer = this.options.clock.after(shipEveryMs, () => {
      this.timer = undefined
      this.flush()
    })
  }

  /** What there is leaves now. */
  flush(): void {
    const { buffer, ring } = this.options
    buffer.take(ring())
    buffer.close()
    this.report()
    this.send()
    // Something may be unanswered, or told later of what was lost.
    if (!buffer.isEmpty) this.wake()
    if (this.underWay > 0 && this.options.clock.now() - this.heardAt > silenceMaxMs) this.stream?.end()
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    this.retry?.cancel()
    this.stream?.end()
  }

  private send(): void {
    const { stream } = this
    if (stream === undefined) return
    for (let block = this.options.buffer.next(); block !== undefined; block = this.options.buffer.next()) {
      const { sequence, queue, bytes } = block
      if (this.underWay++ === 0) this.heardAt = this.options.clock.now()
      stream.send({ sequence, queue, block: bytes })
    }
  }

  private connect(): void {
    if (this.stopped || this.stream !== undefined || this.retry !== undefined) return
    const { routes, zone, clock, buffer, dial = overGrpc } = this.options
    const address = traceServiceOf(routes.table(), zone, this.address)
    if (address === undefined) return
    this.address = address
    const stream = dial(address)
    this.stream = stream
    this.underWay = 0
    stream.listen({
      frame: ({ sequences }) => {
        if (this.stream !== stream) return
        this.heardAt = clock.now()
        this.underWay -= sequences.length
        for (const sequence of sequences) buffer.answered(sequence)
        this.send()
      },
      end: () => {
        if (this.stream !== stream) return
        this.stream = undefined
        if (this.stopped) return
        this.retry = clock.after(retryMs, () => {
          this.retry = undefined
          this.connect()
        })
      },
    })
    buffer.rewind()
    this.send()
  }

  private report(): void {
    const { buffer, logger } = this.options
    if (buffer.droppedEntries === this.reportedDrops) return
    const dropped = buffer.droppedEntries - this.reportedDrops
    // Rarely: once per doubling.
    if (this.reportedDrops > 0 && dropped < this.reportedDrops) return
    this.reportedDrops = buffer.droppedEntries
    const hint = 'no trace service takes them fast enough; traces of this time are incomplete'
    logger.warn('entries of the delivery ledger were dropped', { entries: dropped, hint })
  }
}

/** One in the same zone at best, and another than the one that failed last if there is one. */
export function traceServiceOf(table: RouteTable, zone: string, failed?: string): string | undefined {
  const services = table.members().filter(({ kind }) => kind === control.MemberKind.TRACE)
  const others = services.filter(({ address }) => address !== failed)
  const candidates = others.length > 0 ? others : services
  return (candidates.find((each) => each.zone === zone) ?? candidates[0])?.address
}
