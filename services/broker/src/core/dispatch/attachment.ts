import type { deliver } from '@tern/proto'
import { PackedWriter } from '@tern/record'
import type { Message } from '../queue/tail-ring.ts'

/** Bytes of records that may be on the way to a proxy from one queue; Credit gives them back. More would only wait in the proxy. */
export const windowBytes = 1024 * 1024
/** A frame from the past holds about so much. */
export const chunkBytes = 256 * 1024

/** How far one proxy has been told of one queue: a cursor with a window, and the delivery under construction. */
export class Attachment {
  readonly queue: number
  /** The next position to look at for this proxy. */
  next: number
  /** The first position not yet reported as covered. */
  private unreported: number
  private window = windowBytes
  private writer: PackedWriter | undefined
  private baseTimeMs = 0

  constructor(queue: number, next: number) {
    this.queue = queue
    this.next = next
    this.unreported = next
  }

  get open(): boolean {
    return this.window > 0
  }

  get chunkFull(): boolean {
    return this.writer !== undefined && this.writer.bytes >= chunkBytes
  }

  add({ position, timeMs, body }: Message): void {
    if (this.writer === undefined) {
      this.baseTimeMs = timeMs
      this.writer = new PackedWriter(this.unreported, timeMs)
    }
    this.writer.add(position, timeMs, body)
    this.window -= body.length
  }

  credit(bytes: number): void {
    this.window = Math.min(windowBytes, this.window + bytes)
  }

  /** Everything below `position` has been looked at. */
  cover(position: number): void {
    this.next = position
  }

  /** What to send: records that wait, or the range covered since the last report. Undefined when there is neither. */
  take(): deliver.Delivery | undefined {
    if (this.next === this.unreported) return undefined
    const delivery: deliver.Delivery = {
      queue: this.queue,
      first: this.unreported,
      last: this.next - 1,
      baseTimeMs: this.baseTimeMs,
      count: this.writer?.count ?? 0,
      records: this.writer?.finish() ?? new Uint8Array(),
    }
    this.unreported = this.next
    this.writer = undefined
    return delivery
  }

  /** The same when there are records; a mere range waits for the next report. */
  takeRecords(): deliver.Delivery | undefined {
    return this.writer === undefined ? undefined : this.take()
  }
}
