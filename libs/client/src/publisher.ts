import type { message, messaging } from '@tern/proto'
import type { Clock, Timer } from '@tern/runtime'
import { backoff } from './backoff.ts'
import { closed, TernError, timedOut } from './tern-error.ts'
import { type Ending, mayPass, type Wire, type WireStream } from './wire.ts'

export type PublisherOptions = Readonly<{
  /** Sequences mean the same on every stream of it: what is sent again is stored once. */
  producerId: string
  clientId: string
  clock: Clock
  chance(): number
  /** How long a message may wait for its receipt, over all attempts. */
  deadlineMs: number
}>

/** Unacknowledged messages of a publisher; more wait for room. */
export const publisherLimits = { itemsPerFrame: 64, frameBytesMax: 256 * 1024, pendingMax: 10_000 } as const

type Pending = {
  readonly message: message.Message
  resolve(receipt: messaging.PublishReceipt): void
  reject(error: Error): void
  /** On the present stream. */
  sent: boolean
  readonly until: number
}

/** One stream of messages to the region, opened anew when it breaks, in the order of sequences. */
export class Publisher {
  private readonly wire: Wire
  private readonly options: PublisherOptions
  /** By sequence, in its order. */
  private readonly pending = new Map<number, Pending>()
  private readonly waiting: (() => void)[] = []
  private sequence = 0
  private stream: WireStream<messaging.PublishStreamRequest> | undefined
  /** Unsent ones begin here. */
  private next = 1
  private unacked = 0
  private unackedMax = 0
  private blocked = false
  private flushing = false
  private attempt = 0
  private retry: Timer | undefined
  private sweep: Timer | undefined
  private over = false

  constructor(wire: Wire, options: PublisherOptions) {
    this.wire = wire
    this.options = options
  }

  /** Resolves once the message is durable in the region. Waits while there are too many of them on the way. */
  async publish(message: message.Message): Promise<messaging.PublishReceipt> {
    while (this.pending.size >= publisherLimits.pendingMax && !this.over) {
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
    if (this.over) throw closed()
    return new Promise((resolve, reject) => {
      const until = this.options.clock.now() + this.options.deadlineMs
      this.pending.set(++this.sequence, { message, resolve, reject, sent: false, until })
      this.flushSoon()
      this.sweep ??= this.options.clock.after(this.options.deadlineMs, () => this.sweepLate())
    })
  }

  /** Resolves once nothing is on the way. */
  async idle(): Promise<void> {
    const settled = () => new Promise<void>((resolve) => this.waiting.push(resolve))
    while (this.pending.size > 0 && !this.over) await settled()
  }

  close(): void {
    if (this.over) return
    this.over = true
    this.retry?.cancel()
    this.sweep?.cancel()
    this.stream?.cancel()
    this.failAll(closed())
  }

  private flushSoon(): void {
    if (this.flushing) return
    this.flushing = true
    this.options.clock.soon(() => {
      this.flushing = false
      this.flush()
    })
  }

  private flush(): void {
    if (this.over || this.retry !== undefined) return
    if (this.stream === undefined) this.open()
    while (this.stream !== undefined && !this.blocked && this.unacked < this.unackedMax) {
      const items = this.gather()
      if (items.length === 0) return
      this.blocked = !this.stream.send({ frame: { $case: 'items', value: { items } } })
    }
  }

  private gather(): messaging.PublishStreamRequest_Item[] {
    const { itemsPerFrame, frameBytesMax } = publisherLimits
    const items: messaging.PublishStreamRequest_Item[] = []
    let bytes = 0
    while (items.length < itemsPerFrame && bytes < frameBytesMax && this.unacked < this.unackedMax) {
      if (this.next > this.sequence) break
      const pending = this.pending.get(this.next++)
      if (pending === undefined || pending.sent) continue
      pending.sent = true
      this.unacked++
      bytes += pending.message.payload.length
      items.push({ sequence: this.next - 1, message: pending.message })
    }
    return items
  }

  private open(): void {
    const { producerId, clientId } = this.options
    const stream = this.wire.publish({
      frame: ({ frame }) => {
        if (this.stream !== stream || frame === undefined) return
        if (frame.$case === 'acks') this.acked(frame.value.acks)
        else {
          this.attempt = 0
          this.unackedMax = frame.value.receiveMaximum
          this.flush()
        }
      },
      drained: () => {
        this.blocked = false
        this.flush()
      },
      ended: (ending) => {
        if (this.stream === stream) this.broken(ending)
      },
    })
    this.stream = stream
    this.unackedMax = 0
    stream.send({ frame: { $case: 'open', value: { producerId, clientId } } })
  }

  private acked(acks: readonly messaging.PublishStreamResponse_Ack[]): void {
    for (const { sequence, result } of acks) {
      const pending = this.pending.get(sequence)
      if (pending === undefined) continue
      if (pending.sent) this.unacked--
      this.pending.delete(sequence)
      const outcome = result?.outcome
      if (outcome?.$case === 'receipt') pending.resolve(outcome.value)
      else pending.reject(new TernError(refusalOf(outcome?.value)))
    }
    this.madeRoom()
    this.flush()
  }

  /** All that is not acknowledged goes again, in order, on the next stream; unless nothing will make it pass. */
  private broken(ending: Ending | undefined): void {
    this.stream = undefined
    this.blocked = false
    this.unacked = 0
    if (this.over) return
    if (ending !== undefined && !mayPass(ending)) this.failAll(new TernError(ending))
    const [first] = this.pending.keys()
    if (first === undefined) return
    this.next = first
    for (const pending of this.pending.values()) pending.sent = false
    const wait = ending?.retryAfterMs ?? backoff(++this.attempt, this.options.chance())
    this.retry = this.options.clock.after(wait, () => {
      this.retry = undefined
      this.flush()
    })
  }

  private sweepLate(): void {
    this.sweep = undefined
    const now = this.options.clock.now()
    for (const [sequence, pending] of this.pending) {
      if (pending.until > now) {
        this.sweep = this.options.clock.after(pending.until - now, () => this.sweepLate())
        break
      }
      if (pending.sent) this.unacked--
      this.pending.delete(sequence)
      pending.reject(timedOut('no receipt came', this.options.deadlineMs))
    }
    this.madeRoom()
  }

  private failAll(error: Error): void {
    for (const pending of this.pending.values()) pending.reject(error)
    this.pending.clear()
    this.next = this.sequence + 1
    this.madeRoom()
  }

  private madeRoom(): void {
    if (this.pending.size === 0) {
      this.sweep?.cancel()
      this.sweep = undefined
    }
    if (this.waiting.length > 0) for (const resume of this.waiting.splice(0)) resume()
  }
}

/** A google.rpc.Status of one item: its reason is read by who made the wire. */
const refusalOf = (status: { code: number; message: string } | undefined): Ending => ({
  code: 'INVALID_ARGUMENT',
  reason: 'REFUSED',
  message: status?.message ?? 'the message was refused',
})
