import type { append } from '@tern/proto'
import { encodeMessage, PackedWriter, recordPrefixBytesMax } from '@tern/record'
import { formatTraceparent } from '@tern/telemetry'
import type { Ledger } from '../../core/ledger/ledger.ts'
import { contextOf, type Publish, tellPublish } from '../../core/ledger/publish-entry.ts'
import type { AppendResult, OutgoingRecord } from '../../ports.ts'

/** Records and bytes of one queue that may be unanswered; beyond that whoever has more stops reading its socket (rule 7). */
export const appendWindow = { records: 8_192, bytes: 8 * 1024 * 1024 } as const
/** An Append holds about so much. */
const packetBytes = 512 * 1024

type Answer = (result: AppendResult) => void
type Pending = Publish & Readonly<{ body: Buffer; answer: Answer }>

const superseded: AppendResult = { verdict: 'superseded' }

/** The unanswered records of one queue, numbered and in order (rule 1). */
export class AppendWindow {
  private readonly queue: number
  private readonly proxy: number
  private readonly ledger: Ledger
  private pending: Pending[] = []
  /** Index of the first unanswered record, whose sequence is `first`. */
  private head = 0
  private first = 1
  /** The sequence from which on nothing has been sent on the present stream. */
  private unsent = 1
  private bytes = 0
  private waiting: (() => void)[] = []

  constructor(queue: number, proxy: number, ledger: Ledger) {
    this.queue = queue
    this.proxy = proxy
    this.ledger = ledger
  }

  get hasRoom(): boolean {
    return this.count < appendWindow.records && this.bytes < appendWindow.bytes
  }

  get hasUnsent(): boolean {
    return this.unsent < this.first + this.count
  }

  /** Everything up to this sequence is answered. */
  get answeredThrough(): number {
    return this.first - 1
  }

  /** Who has something unanswered. */
  clients(): Set<string> {
    return new Set(this.pending.slice(this.head).map(({ clientId }) => clientId))
  }

  whenRoom(then: () => void): void {
    if (this.hasRoom) then()
    else this.waiting.push(then)
  }

  add({ topic, payload, envelope }: OutgoingRecord, answer: Answer): void {
    envelope.producer = this.proxy
    envelope.sequence = this.first + this.count
    const context = contextOf(envelope.userProperties)
    // Consumers of Kafka know nothing of MQTT's properties.
    const traceparent = context && formatTraceparent(context)
    const body = encodeMessage(topic, topic === null ? null : payload, envelope, traceparent)
    const { clientId, qos } = envelope
    this.pending.push({ clientId, topic, qos, context, receivedUs: this.ledger.now(), body, answer })
    this.bytes += body.length
  }

  /** On a new stream everything unanswered goes again, before anything else. */
  rewind(): void {
    this.unsent = this.first
  }

  /** What has not been sent on this stream yet, cut into parts. */
  takeUnsent(): append.Append[] {
    const parts: append.Append[] = []
    const end = this.first + this.count
    while (this.unsent < end) {
      const firstSequence = this.unsent
      const writer = new PackedWriter(0, 0, this.bytesFrom(firstSequence))
      while (this.unsent < end && writer.bytes < packetBytes) {
        writer.add(0, 0, (this.pending[this.head + this.unsent - this.first] as Pending).body)
        this.unsent++
      }
      parts.push({ queue: this.queue, firstSequence, count: writer.count, records: writer.finish() })
    }
    return parts
  }

  /** Verdicts on records from `sequence` on, the first of which is at `base` (-1: nobody knows); before the first unanswered one are repetitions. */
  answered(
    sequence: number,
    count: number,
    verdict: 'stored' | 'superseded' | number,
    base: number,
    repeated = false,
  ): void {
    // All of them became durable together.
    const durableUs = this.ledger.now()
    for (let at = Math.max(sequence, this.first); at < sequence + count && this.count > 0; at++) {
      const pending = this.pending[this.head] as Pending
      this.head++
      this.first++
      this.bytes -= pending.body.length
      const position = base < 0 ? -1 : base + at - sequence
      pending.answer(resultOf(verdict, position, repeated))
      tellPublish(this.ledger, this.queue, pending, verdict, position, durableUs)
    }
    if (this.unsent < this.first) this.unsent = this.first
    this.compact()
    if (this.waiting.length > 0 && this.hasRoom) for (const then of this.waiting.splice(0)) then()
  }

  /** What a part that begins there may take, prefixes of its records included. */
  private bytesFrom(sequence: number): number {
    let bytes = 0
    for (let at = this.head + sequence - this.first; at < this.pending.length && bytes < packetBytes; at++)
      bytes += (this.pending[at] as Pending).body.length + recordPrefixBytesMax
    return bytes
  }

  get count(): number {
    return this.pending.length - this.head
  }

  private compact(): void {
    if (this.head === this.pending.length) {
      this.pending = []
      this.head = 0
    } else if (this.head > 4_096 && this.head * 2 > this.pending.length) {
      this.pending = this.pending.slice(this.head)
      this.head = 0
    }
  }
}

function resultOf(verdict: 'stored' | 'superseded' | number, position: number, repeated: boolean): AppendResult {
  if (verdict === 'stored') return repeated ? { verdict, position, repeated } : { verdict, position }
  return verdict === 'superseded' ? superseded : { verdict: 'refused', reasonCode: verdict }
}
