import { message, messaging } from '@tern/proto'
import type { Clock } from '@tern/runtime'
import {
  type Looking,
  type QueryOptions,
  queryAll,
  type Replayed,
  type ReplayOptions,
  replayAll,
} from './looking-back.ts'
import { type Payload, type PublishOptions, toMessage } from './outgoing-message.ts'
import { Publisher } from './publisher.ts'
import { Subscription } from './subscription.ts'
import { durationOf, timestampOf } from './time.ts'
import type { Wire } from './wire.ts'

export type SubscribeOptions = Readonly<{
  /** Shares the messages with the other members of the group, MQTT ones too. */
  group?: string
  /** The client id of the session, which goes on where it was left. Without one the session ends with the subscription. */
  subscriberId?: string
  /** Of filters that the session does not hold yet; resume (latest for a new one) unless told. */
  start?: 'resume' | 'latest' | 'earliest' | Date
  /** Messages, and their bytes, that may be out unsettled. */
  window?: number
  windowBytes?: number
  /** Within which a message is settled or its lease extended, which is done by itself while the loop works on it. */
  ackDeadlineMs?: number
  /** For how long the session outlives the subscription. */
  sessionExpiryMs?: number
  /** Leaves out messages without these user properties, at the server. */
  userProperties?: readonly message.UserProperty[]
  retained?: boolean
  /** Each time that a stream has been opened. */
  onOpened?: (opened: messaging.SubscribeResponse_Opened) => void
}>

export type TernOptions = Readonly<{
  wire: Wire
  looking: Looking
  clock: Clock
  chance(): number
  drawId(): string
  clientId: string
  publishDeadlineMs: number
  /** W3C traceparent of what the program does now; undefined: nothing is traced. */
  activeTraceparent(): string | undefined
  /** Everything is over. */
  closed(): void
}>

const defaultWindow = { maxUnackedMessages: 256, maxUnackedBytes: 4 * 1024 * 1024 }

/** A region, as one program uses it. */
export class Tern {
  private readonly options: TernOptions
  private readonly subscriptions = new Set<Subscription>()
  private readonly publisher: Publisher

  constructor(options: TernOptions) {
    this.options = options
    const { wire, clock, chance, clientId, publishDeadlineMs, drawId } = options
    this.publisher = new Publisher(wire, {
      ...{ clock, chance, clientId, deadlineMs: publishDeadlineMs },
      producerId: `${clientId || 'client'}-${drawId()}`,
    })
  }

  /** Resolves once the message is durable in the region; rejects with a TernError. Objects are sent as JSON. */
  publish(topic: string, payload: Payload, options: PublishOptions = {}): Promise<messaging.PublishReceipt> {
    return this.publisher.publish(toMessage(topic, payload, options, this.options.activeTraceparent()))
  }

  /** Messages as they come: `for await (const message of tern.subscribe('orders/+')) … message.ack()`. */
  subscribe(filters: string | readonly string[], options: SubscribeOptions = {}): Subscription {
    const { wire, clock, chance } = this.options
    const open = openOf([filters].flat(), options)
    const subscription = new Subscription(wire, {
      ...{ open, clock, chance },
      onOpened: options.onOpened ?? (() => {}),
      onOver: () => void this.subscriptions.delete(subscription),
    })
    this.subscriptions.add(subscription)
    return subscription
  }

  /** One stored message by its id; rejects with a TernError that says why there is none. */
  async get(messageId: string): Promise<message.Message> {
    const found = await this.options.looking.get(messaging.GetMessageRequest.fromPartial({ messageId }))
    return found.message ?? message.Message.fromPartial({ messageId })
  }

  /** What is stored of a filter (empty: of every topic), page after page: `for await (const message of tern.query('orders/#', { from }))`. */
  query(topicFilter: string, options: QueryOptions = {}): AsyncGenerator<message.Message> {
    return queryAll(this.options.looking, topicFilter, options)
  }

  /** Everything of a filter from a start, in the order of each queue, and on to what comes when it follows. Without a session. */
  replay(topicFilter: string, options: ReplayOptions = {}): AsyncGenerator<Replayed> {
    return replayAll(this.options.looking, topicFilter, options)
  }

  /** Subscriptions end once what they handed out is settled; resolves once all that was published has its receipt. */
  async drain(): Promise<void> {
    const over = [...this.subscriptions].map((subscription) => subscription.drained())
    await Promise.all([...over, this.publisher.idle()])
    this.close()
  }

  /** Ends everything now. What has no receipt is rejected; it may be stored all the same. */
  close(): void {
    this.publisher.close()
    for (const subscription of this.subscriptions) subscription.close()
    this.options.closed()
  }
}

function openOf(topicFilters: string[], options: SubscribeOptions): messaging.SubscribeRequest_Open {
  const { group = '', subscriberId = '', userProperties = [], retained = true } = options
  const { maxUnackedMessages, maxUnackedBytes } = defaultWindow
  return messaging.SubscribeRequest_Open.fromPartial({
    ...{ topicFilters, group, subscriberId, noRetained: !retained },
    start: startOf(options.start),
    userProperties: [...userProperties],
    ackMode: messaging.AckMode.EXPLICIT,
    flowControl: {
      $case: 'window',
      value: {
        maxUnackedMessages: options.window ?? maxUnackedMessages,
        maxUnackedBytes: options.windowBytes ?? maxUnackedBytes,
      },
    },
    ...(options.ackDeadlineMs !== undefined && { ackDeadline: durationOf(options.ackDeadlineMs) }),
    ...(options.sessionExpiryMs !== undefined && { sessionExpiry: durationOf(options.sessionExpiryMs) }),
  })
}

const anchors = { resume: 1, latest: 2, earliest: 3 } as const

function startOf(start: SubscribeOptions['start'] = 'resume'): message.StartPosition {
  if (start instanceof Date) return { at: { $case: 'time', value: timestampOf(start) } }
  return { at: { $case: 'anchor', value: anchors[start] } }
}
