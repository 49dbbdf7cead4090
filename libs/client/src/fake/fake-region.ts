import { isValidTopicName, parseFilter } from '@tern/mqtt'
import { message, type messaging } from '@tern/proto'
import { type Clock, systemClock } from '@tern/runtime'
import { Tern } from '../tern.ts'
import { millisOf } from '../time.ts'
import { activeTraceparent } from '../trace-context.ts'
import type { Ending, Wire, WireListener, WireStream } from '../wire.ts'
import { FakeSubscriber, type SubscriberPorts } from './fake-subscriber.ts'
import { type Letter, Mailbox } from './mailbox.ts'
import { MessageStore, offsetOf } from './message-store.ts'

export type FakeRegionOptions = Readonly<{
  /** Of deadlines, delays and times of publishing. */
  clock?: Clock
  /** Messages that are stored, and that wait for a subscriber; the oldest go first. */
  kept?: number
}>

export type FakeConnectOptions = Readonly<{ clientId?: string; publishDeadlineMs?: number }>

type Publishing = WireStream<messaging.PublishStreamRequest> & Readonly<{ finish(ending: Ending): void }>

const broken: Ending = { code: 'UNAVAILABLE', reason: 'PROXY_STOPPING', message: 'the fake region broke the stream' }
const superseded: Ending = { code: 'ABORTED', reason: 'SUPERSEDED', message: 'another stream has this subscriber id' }

/** A region in memory, for tests of programs that use the client: the client is the real one, only what it talks to is not. */
export class FakeRegion {
  private readonly clock: Clock
  private readonly kept: number
  private readonly store: MessageStore
  private readonly mailboxes = new Map<string, Mailbox>()
  private readonly subscribers = new Set<FakeSubscriber>()
  private readonly publishers = new Set<Publishing>()
  /** Of each producer, what came last: what it sends again is stored once. */
  private readonly sequences = new Map<string, messaging.PublishResult>()
  private drawn = 0

  constructor({ clock = systemClock, kept = 10_000 }: FakeRegionOptions = {}) {
    this.clock = clock
    this.kept = kept
    this.store = new MessageStore(clock, kept)
  }

  /** As `connect` of the package. */
  connect({ clientId = '', publishDeadlineMs = 10_000 }: FakeConnectOptions = {}): Tern {
    const wire: Wire = {
      publish: (listener) => this.publishing(listener),
      subscribe: (listener) => this.subscribing(listener),
    }
    return new Tern({
      ...{ clock: this.clock, clientId, publishDeadlineMs, wire, looking: this.store, activeTraceparent },
      chance: () => 0,
      drawId: () => this.draw(),
      closed() {},
    })
  }

  /** All that was published, oldest first. */
  get messages(): readonly message.Message[] {
    return this.store.messages
  }

  /** Ends every stream, as a proxy that dies: clients open new ones, and what was not settled comes again. */
  breakStreams(): void {
    for (const subscriber of [...this.subscribers]) subscriber.finish(broken)
    for (const publisher of [...this.publishers]) publisher.finish(broken)
  }

  private draw(): string {
    return `${++this.drawn}`
  }

  private publishing(listener: WireListener<messaging.PublishStreamResponse>): Publishing {
    let from = { clientId: '', producerId: '' }
    const say = (frame: NonNullable<messaging.PublishStreamResponse['frame']>) =>
      queueMicrotask(() => {
        if (this.publishers.has(stream)) listener.frame({ frame })
      })
    const finish = (ending: Ending | undefined) => {
      if (this.publishers.delete(stream)) queueMicrotask(() => listener.ended(ending))
    }
    const stream: Publishing = {
      send: ({ frame }) => {
        if (frame?.$case === 'open') {
          from = frame.value
          say({ $case: 'opened', value: { lastSequence: 0, receiveMaximum: 1_000 } })
        } else if (frame?.$case === 'items' && this.publishers.has(stream)) {
          const { items } = frame.value
          const acks = items.map((item) => ({ sequence: item.sequence, result: this.publishedOnce(item, from) }))
          say({ $case: 'acks', value: { acks } })
        }
        return true
      },
      end: () => finish(undefined),
      cancel: () => finish(undefined),
      finish,
    }
    this.publishers.add(stream)
    return stream
  }

  private publishedOnce(
    { sequence, message: given }: messaging.PublishStreamRequest_Item,
    { clientId, producerId }: Readonly<{ clientId: string; producerId: string }>,
  ): messaging.PublishResult {
    const key = `${producerId} ${sequence}`
    const known = this.sequences.get(key)
    if (known !== undefined) return repeated(known)
    const result = this.publish(given ?? message.Message.fromPartial({}), clientId)
    this.sequences.set(key, result)
    const [oldest] = this.sequences.keys()
    if (this.sequences.size > this.kept && oldest !== undefined) this.sequences.delete(oldest)
    return result
  }

  private publish(given: message.Message, clientId: string): messaging.PublishResult {
    if (!isValidTopicName(given.topic)) {
      const told = `topic: ${JSON.stringify(given.topic)} is no topic name; leave out + and #, and give at least one character`
      return { outcome: { $case: 'error', value: { code: 3, message: told, details: [] } } }
    }
    const { messageId, position, publishTime } = this.storeAndDeliver(given, clientId)
    const receipt = { messageId, position, publishTime, traceId: '', deduplicated: false }
    return { outcome: { $case: 'receipt', value: receipt } }
  }

  private storeAndDeliver(given: message.Message, clientId: string): message.Message {
    const stored = this.store.add(given, clientId)
    for (const mailbox of this.mailboxes.values()) mailbox.offer(stored)
    return stored
  }

  private subscribing(listener: WireListener<messaging.SubscribeResponse>): FakeSubscriber {
    const ports: SubscriberPorts = {
      clock: this.clock,
      admit: (open) => this.admit(open),
      deadLetter: (letter, subscriber, reason) => this.deadLetter(letter, subscriber, reason),
      ended: (each) => this.left(each),
    }
    const subscriber = new FakeSubscriber(listener, ports)
    this.subscribers.add(subscriber)
    return subscriber
  }

  private admit(open: messaging.SubscribeRequest_Open): ReturnType<SubscriberPorts['admit']> {
    const { topicFilters, userProperties, group, noRetained } = open
    const subscriberId = open.subscriberId || `subscriber-${this.draw()}`
    const bad = topicFilters.find((filter) => parseFilter(filter) === undefined)
    if (bad !== undefined) {
      const refused = `${JSON.stringify(bad)} is no topic filter: # stands last, + and # are whole levels`
      return { mailbox: new Mailbox([], [], 0), subscriberId, refused }
    }
    const key = keyOf(open, subscriberId)
    // As with MQTT: the newer connection of a session has it.
    if (group === '') {
      const before = [...this.subscribers].filter((each) => each.open.subscriberId === subscriberId)
      for (const each of before) each.finish(superseded)
    }
    const known = this.mailboxes.get(key)
    if (known !== undefined) return { mailbox: known, subscriberId }
    const mailbox = new Mailbox(topicFilters, userProperties, this.kept)
    this.mailboxes.set(key, mailbox)
    const start = this.store.offsetOf(open.start)
    if (group === '' && !noRetained) {
      const older = this.store.retainedOf(topicFilters).filter((each) => offsetOf(each) < start)
      for (const each of older) mailbox.offer(each, true)
    }
    for (const each of this.store.messages) if (offsetOf(each) >= start) mailbox.offer(each)
    return { mailbox, subscriberId }
  }

  /** A session without a name, or that is to end with its stream, is gone; a group stays. */
  private left(subscriber: FakeSubscriber): void {
    this.subscribers.delete(subscriber)
    const { open, mailbox, isNamed } = subscriber
    const lasts = millisOf(open.sessionExpiry, isNamed ? 1 : 0) > 0
    const key = keyOf(open, open.subscriberId)
    if (open.group === '' && !lasts && this.mailboxes.get(key) === mailbox) this.mailboxes.delete(key)
  }

  private deadLetter({ message: dead }: Letter, subscriber: string, reason: string): void {
    const topic = `$dead/${subscriber}/${dead.topic}`
    const told = [
      { name: 'tern-dead-from', value: dead.messageId },
      ...(reason === '' ? [] : [{ name: 'tern-dead-reason', value: reason }]),
    ]
    const userProperties = [...dead.userProperties, ...told]
    this.storeAndDeliver({ ...dead, topic, retain: false, traceparent: '', userProperties }, subscriber)
  }
}

function repeated({ outcome }: messaging.PublishResult): messaging.PublishResult {
  if (outcome?.$case !== 'receipt') return { outcome }
  return { outcome: { $case: 'receipt', value: { ...outcome.value, deduplicated: true } } }
}

/** Members of a group state the same filters, in any order. */
const keyOf = ({ group, topicFilters }: messaging.SubscribeRequest_Open, subscriberId: string): string =>
  group === '' ? subscriberId : `$share/${group}/${[...topicFilters].sort().join(' ')}`
