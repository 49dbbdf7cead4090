import type { Log } from '@tern/log'
import { encodeBatch } from '@tern/record'
import { type Clock, type Logger, Outage } from '@tern/runtime'

export const traceTopic = 'tern.trace'
const retryMs = 200
/** A batch ends at so many bytes of bodies; one body alone may have more. */
const batchBytes = 512 * 1024
/** Of one record: with its frame it is below what a log takes in one batch. */
export const recordBytesMax = 1_000_000

/** What can wait for others goes with them, so often: an append costs the same for one block as for all that three zones have by then. */
const gatherMs = 200

type Waiting = Readonly<{ body: Buffer; durable: () => void }>
type Partition = { waiting: Waiting[]; appending: boolean }

/** Appends to tern.trace: batches of one partition one after the other, again until each is durable. A record may be there twice. */
export class TraceLog {
  /** Of all that is not durable yet. */
  waitingBytes = 0
  private readonly partitions = new Map<number, Partition>()
  private readonly log: Log
  private readonly clock: Clock
  private readonly outage: Outage
  private gathering = false
  private gatheredAt = Number.NEGATIVE_INFINITY
  private stopped = false

  constructor(log: Log, clock: Clock, logger: Logger) {
    this.log = log
    this.clock = clock
    const begins = 'the log takes no traces; blocks wait, and proxies keep what is not answered'
    this.outage = new Outage(logger, begins, 'the log takes traces again')
  }

  /** For whoever waits for it: with all of this turn. */
  append(partition: number, body: Buffer, durable: () => void): void {
    this.add(partition, body, durable)
    this.begin(partition)
  }

  /** For what nobody waits for: at once when nothing was gathered lately, or else with what comes meanwhile. */
  gather(partition: number, body: Buffer, durable: () => void): void {
    this.add(partition, body, durable)
    if (this.gathering) return
    this.gathering = true
    const waitMs = this.gatheredAt + gatherMs - this.clock.now()
    if (waitMs > 0) this.clock.after(waitMs, () => this.beginAll())
    else this.clock.soon(() => this.beginAll())
  }

  stop(): void {
    this.stopped = true
  }

  private add(partition: number, body: Buffer, durable: () => void): void {
    const known = this.partitions.get(partition) ?? { waiting: [], appending: false }
    this.partitions.set(partition, known)
    known.waiting.push({ body, durable })
    this.waitingBytes += body.length
  }

  private beginAll(): void {
    this.gathering = false
    this.gatheredAt = this.clock.now()
    for (const partition of this.partitions.keys()) this.begin(partition)
  }

  private begin(partition: number): void {
    const known = this.partitions.get(partition)
    if (known === undefined || known.appending || known.waiting.length === 0) return
    known.appending = true
    this.clock.soon(() => void this.appendAll(partition, known))
  }

  private async appendAll(partition: number, known: Partition): Promise<void> {
    while (known.waiting.length > 0 && !this.stopped) {
      const batch = takeBatch(known.waiting)
      if (!(await this.appendBatch(partition, batch))) {
        known.waiting = [...batch, ...known.waiting]
        await new Promise<void>((resolve) => void this.clock.after(retryMs, resolve))
        continue
      }
      for (const { body, durable } of batch) {
        this.waitingBytes -= body.length
        durable()
      }
    }
    known.appending = false
  }

  private async appendBatch(partition: number, batch: readonly Waiting[]): Promise<boolean> {
    try {
      await this.log.append(traceTopic, partition, encodeBatch(batch.map(({ body }) => body)))
      this.outage.worked()
      return true
    } catch (error) {
      this.outage.failed(error)
      return false
    }
  }
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let count = 0
  for (const { body } of waiting) {
    if (count > 0 && bytes + body.length > batchBytes) break
    bytes += body.length
    count++
  }
  return waiting.splice(0, count)
}
