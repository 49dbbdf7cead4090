import { message, type messaging } from '@tern/proto'
import { type History, keyOf } from '../history.ts'
import { Caller, type DialCall } from './caller.ts'

type Item = messaging.PublishStreamRequest_Item
type DialPublish = DialCall<messaging.PublishStreamRequest, messaging.PublishStreamResponse>

export type StreamPublisherOptions = Readonly<{
  /** Of the producer, and of the client as which it publishes. */
  clientId: string
  addresses: readonly string[]
  history: History
  dial: DialPublish
  windowMax: number
}>

/** Publishes by the API with sequences of its own: what is not acknowledged goes again on the next stream, as the API asks of it. */
export class StreamPublisher {
  readonly options: StreamPublisherOptions
  private readonly caller: Caller<messaging.PublishStreamRequest, messaging.PublishStreamResponse>
  private readonly unanswered = new Map<number, Item & Readonly<{ key: string }>>()
  private readonly numbers = new Map<string, number>()
  private sequence = 0
  private isOpen = false
  private opened = Promise.withResolvers<void>()

  constructor(options: StreamPublisherOptions) {
    this.options = options
    this.caller = new Caller(options.addresses, options.dial, {
      begun: () => this.begin(),
      response: ({ frame }) => this.hear(frame),
      lost: () => {
        this.isOpen = false
      },
    })
  }

  /** Resolves once a stream is open. */
  start(): Promise<void> {
    this.caller.start()
    return this.opened.promise
  }

  stop(): void {
    this.caller.stop()
  }

  /** Two streams of one producer live for a while. */
  hop(): void {
    this.caller.hop()
  }

  get unacknowledged(): number {
    return this.unanswered.size
  }

  /** Sends the next message of this topic, or false when the window is full. */
  publish(topic: string, qos: 1 | 2, { retain = false } = {}): boolean {
    const { clientId, history, windowMax } = this.options
    if (this.unanswered.size >= windowMax) return false
    const number = this.numbers.get(topic) ?? 0
    this.numbers.set(topic, number + 1)
    const key = keyOf(clientId, topic, number)
    history.record(clientId, { kind: 'invoke', key, topic, qos, retain })
    const { AT_LEAST_ONCE, EXACTLY_ONCE } = message.QualityOfService
    const published = { topic, retain, payload: Buffer.from(key), qos: qos === 2 ? EXACTLY_ONCE : AT_LEAST_ONCE }
    const item = { sequence: ++this.sequence, message: message.Message.create(published), key }
    this.unanswered.set(item.sequence, item)
    if (this.isOpen) this.send([item])
    return true
  }

  private begin(): void {
    const { clientId } = this.options
    this.caller.send({ frame: { $case: 'open', value: { producerId: clientId, clientId: '' } } })
  }

  private hear(frame: messaging.PublishStreamResponse['frame']): void {
    if (frame?.$case === 'acks') for (const ack of frame.value.acks) this.answered(ack)
    if (frame?.$case !== 'opened') return
    this.isOpen = true
    this.opened.resolve()
    if (this.unanswered.size > 0) this.send([...this.unanswered.values()])
  }

  private send(items: Item[]): void {
    this.caller.send({ frame: { $case: 'items', value: { items } } })
  }

  private answered({ sequence, result }: messaging.PublishStreamResponse_Ack): void {
    const { clientId, history } = this.options
    const item = this.unanswered.get(sequence)
    if (item === undefined) return
    this.unanswered.delete(sequence)
    const kind = result?.outcome?.$case === 'receipt' ? 'ok' : 'refused'
    history.record(clientId, { kind, key: item.key })
  }
}
