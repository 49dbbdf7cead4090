import { messaging } from '@tern/proto'
import type { History } from '../history.ts'
import { Caller, type DialCall } from './caller.ts'

type Frame = NonNullable<messaging.SubscribeRequest['frame']>
type DialSubscribe = DialCall<messaging.SubscribeRequest, messaging.SubscribeResponse>

export type StreamSubscriberOptions = Readonly<{
  clientId: string
  addresses: readonly string[]
  history: History
  dial: DialSubscribe
  filters: readonly string[]
  /** Of the members that share `filters`. */
  group?: string
  windowMax: number
  /** What it says to a delivery, now or later; it acknowledges at once when left out. */
  settle?: (delivery: messaging.Delivery, say: (frame: Frame) => void) => void
}>

export const ackOf = ({ ackId }: messaging.Delivery): Frame => ({ $case: 'ack', value: { ackIds: [ackId] } })

/** Subscribes by the API, at least once: a session as that of a device, whose connections are streams. It writes down all that it sees. */
export class StreamSubscriber {
  readonly options: StreamSubscriberOptions
  private readonly caller: Caller<messaging.SubscribeRequest, messaging.SubscribeResponse>
  private everConnected = false
  private isOpen = false
  private opened = Promise.withResolvers<void>()

  constructor(options: StreamSubscriberOptions) {
    this.options = options
    this.caller = new Caller(options.addresses, options.dial, {
      begun: () => this.begin(),
      response: ({ frame }) => this.hear(frame),
      lost: () => this.lost(),
    })
  }

  /** Resolves once it is subscribed. */
  start(): Promise<void> {
    this.caller.start()
    return this.opened.promise
  }

  async goOffline(): Promise<void> {
    this.caller.stop()
  }

  comeBack(): Promise<void> {
    return this.start()
  }

  /** Says nothing more on its stream, which stays. */
  abandon(): void {
    this.caller.abandon()
  }

  hop(): void {
    this.caller.hop()
  }

  get isOnline(): boolean {
    return this.isOpen
  }

  private begin(): void {
    const { clientId, filters, group = '', windowMax } = this.options
    const open = messaging.SubscribeRequest_Open.fromPartial({
      ...{ subscriberId: clientId, topicFilters: [...filters], group },
      ackDeadline: { seconds: 10, nanos: 0 },
      flowControl: { $case: 'window', value: { maxUnackedMessages: windowMax, maxUnackedBytes: 0 } },
    })
    this.say({ $case: 'open', value: open })
  }

  private hear(frame: messaging.SubscribeResponse['frame']): void {
    if (frame?.$case === 'opened') this.connected(frame.value)
    if (frame?.$case === 'deliveries') for (const delivery of frame.value.deliveries) this.take(delivery)
  }

  private connected({ resumed }: messaging.SubscribeResponse_Opened): void {
    const { clientId, history, filters, group } = this.options
    const owed = this.everConnected ? 'kept' : 'either'
    history.record(clientId, { kind: 'connected', sessionPresent: resumed, owed })
    if (!resumed || !this.everConnected) {
      for (const each of filters) {
        const wanted = { filter: group === undefined ? each : `$share/${group}/${each}`, qos: 1 }
        history.record(clientId, { kind: 'subscribing', ...wanted })
        history.record(clientId, { kind: 'subscribed', ...wanted })
      }
    }
    this.everConnected = true
    this.isOpen = true
    this.opened.resolve()
  }

  private take(delivery: messaging.Delivery): void {
    const { clientId, history, settle } = this.options
    const { message, attempt, retainedReplay: retained } = delivery
    if (message === undefined) return
    // The lower one of those that it was published and subscribed with.
    const qos = Math.min(1, message.qos - 1)
    const key = `${message.payload}`
    history.record(clientId, { kind: 'delivery', key, topic: message.topic, qos, dup: attempt > 1, retained })
    const say = (frame: Frame) => this.say(frame)
    if (settle === undefined) say(ackOf(delivery))
    else settle(delivery, say)
  }

  private lost(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.opened = Promise.withResolvers()
    this.options.history.record(this.options.clientId, { kind: 'closed', why: 'its stream' })
  }

  private say(frame: Frame): void {
    this.caller.send({ frame })
  }
}
