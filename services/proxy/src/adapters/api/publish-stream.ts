import type { messaging } from '@tern/proto'
import { publishLimits } from '../../core/api/publish-limits.ts'
import { type ApiAuthor, publishedRecord } from '../../core/api/published-record.ts'
import { producerName } from '../../core/api/publisher-key.ts'
import { badField, Refusal } from '../../core/api/refusal.ts'
import type { Region } from '../../ports.ts'
import type { CallContext, Looking } from './call.ts'
import { openOf } from './first-frame.ts'
import { resultOf } from './outcomes.ts'
import { refusalOf } from './publish.ts'
import { authorOf } from './publish-batch.ts'
import { receiptOf } from './receipt.ts'

type Request = messaging.PublishStreamRequest
type Response = messaging.PublishStreamResponse
type Item = messaging.PublishStreamRequest_Item
type Ack = messaging.PublishStreamResponse_Ack

/** What streams of publishers stand on. */
export type StreamPorts = Readonly<{
  region: Pick<Region, 'append' | 'hasRoom' | 'whenRoom' | 'queueOf' | 'publishedThrough'>
  looking: Pick<Looking, 'clock' | 'traceIds'>
  anonymous: ApiAuthor
}>

/** One stream of a publisher: items in, acknowledgements of each turn of the event loop out together. */
export async function* publishStream(
  requests: AsyncIterable<Request>,
  ports: StreamPorts,
  call: CallContext,
): AsyncGenerator<Response> {
  const frames = requests[Symbol.asyncIterator]()
  const { producerId, clientId } = await openOf<messaging.PublishStreamRequest_Open>(frames)
  const author = authorOf('open.client_id', clientId || producerId, ports.anonymous)
  const publisher = producerName(producerId)
  const { receiveMaximum } = publishLimits
  // Exact, for as long as it takes: who begins below it would publish nothing.
  const lastSequence = publisher === undefined ? 0 : await ports.region.publishedThrough(publisher)
  yield { frame: { $case: 'opened', value: { lastSequence, receiveMaximum } } }
  const items = new PublishedItems(ports, author, publisher, call.signal)
  const reading = items.read(frames)
  // Told below, once all that was taken is answered.
  reading.catch(() => {})
  for (;;) {
    const acks = items.take()
    if (acks.length > 0) yield { frame: { $case: 'acks', value: { acks } } }
    else if (items.isOver) break
    else await items.more()
  }
  if (!call.signal.aborted) await reading
}

/** The items of one stream that are not acknowledged yet. */
class PublishedItems {
  private readonly ports: StreamPorts
  private readonly author: ApiAuthor
  private readonly publisher: string | undefined
  private readonly signal: AbortSignal
  private acks: Ack[] = []
  private unanswered = 0
  private sequence = 0
  private readEnded = false
  private wake: (() => void) | undefined
  private room: (() => void) | undefined

  constructor(ports: StreamPorts, author: ApiAuthor, publisher: string | undefined, signal: AbortSignal) {
    this.ports = ports
    this.author = author
    this.publisher = publisher
    this.signal = signal
    signal.addEventListener('abort', () => this.gone(), { once: true })
  }

  get isOver(): boolean {
    return this.signal.aborted || (this.readEnded && this.unanswered === 0)
  }

  /** Takes items for as long as there is room for them; then the transport holds the publisher back. */
  async read(frames: AsyncIterator<Request>): Promise<void> {
    try {
      for (let next = await frames.next(); !next.done && !this.signal.aborted; next = await frames.next()) {
        const { frame } = next.value
        if (frame?.$case !== 'items') throw badField('frame', 'STREAM_NOT_OPENED', 'is no items after the open')
        for (const item of frame.value.items) {
          if (!this.hasRoomFor(item)) await this.untilRoom(item)
          if (this.signal.aborted) return
          this.publish(item)
        }
      }
    } finally {
      this.readEnded = true
      this.tell()
    }
  }

  take(): Ack[] {
    const { acksPerFrame } = publishLimits
    if (this.acks.length > acksPerFrame) return this.acks.splice(0, acksPerFrame)
    const all = this.acks
    this.acks = []
    return all
  }

  /** Resolves at the end of the turn in which there is more to say. */
  more(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }

  private hasRoomFor({ message }: Item): boolean {
    const { region } = this.ports
    return this.unanswered < publishLimits.receiveMaximum && region.hasRoom(region.queueOf(message?.topic ?? ''))
  }

  private async untilRoom(item: Item): Promise<void> {
    const { region } = this.ports
    const queue = region.queueOf(item.message?.topic ?? '')
    while (!this.hasRoomFor(item) && !this.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.room = resolve
        if (!region.hasRoom(queue)) region.whenRoom(queue, resolve)
      })
    }
  }

  private publish({ sequence, message }: Item): void {
    const field = `item ${sequence}`
    if (sequence <= this.sequence) {
      throw badField(field, 'SEQUENCE_NOT_RISING', `comes after item ${this.sequence}; sequences rise on a stream`)
    }
    this.sequence = sequence
    try {
      if (message === undefined) throw badField(field, 'FIELD_INVALID', 'has no message')
      this.append(sequence, publishedRecord(message, this.author, this.ports.looking.clock.now(), field))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.answer(sequence, resultOf(error))
    }
  }

  private append(sequence: number, record: ReturnType<typeof publishedRecord>): void {
    const { region, looking } = this.ports
    const queue = region.queueOf(record.topic ?? '')
    if (this.publisher !== undefined) record.envelope.publisher = { name: this.publisher, sequence }
    this.unanswered++
    region.append(queue, record, (result) => {
      this.unanswered--
      if (result.verdict === 'stored') {
        const value = receiptOf({ queue, position: result.position, repeated: result.repeated }, looking)
        this.answer(sequence, { outcome: { $case: 'receipt', value } })
      } else this.answer(sequence, resultOf(refusalOf(result)))
    })
  }

  private answer(sequence: number, result: messaging.PublishResult): void {
    this.acks.push({ sequence, result })
    this.tell()
  }

  private tell(): void {
    const { room, wake } = this
    this.room = undefined
    room?.()
    if (wake === undefined) return
    this.wake = undefined
    // Answers of one turn go together.
    this.ports.looking.clock.soon(wake)
  }

  private gone(): void {
    this.room?.()
    this.wake?.()
  }
}
