import { type AckPacket, encodeAck, type QoS } from '@tern/mqtt'
import { state } from '@tern/proto'
import type { Message } from '../../ports.ts'
import { type DropReason, dropReasons } from '../counters.ts'
import { DeliveryAccount } from '../ledger/delivery-account.ts'
import type { Lease } from '../shared/lease.ts'
import { SharedExchanges } from '../shared/shared-exchanges.ts'
import type { TakenRecord } from '../shared/taken-record.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { Carried } from './carried.ts'
import { CatchUp } from './catch-up.ts'
import type { DeliveryOptions } from './delivery-options.ts'
import type { Departure } from './departure.ts'
import { type InFlight, InFlightWindow, inFlightOf } from './in-flight.ts'
import { OutboundJournal } from './outbound-journal.ts'
import { Outbox } from './outbox.ts'
import { Outgoing } from './outgoing.ts'
import { QueueCursor } from './queue-cursor.ts'
import { covers, cursorOf } from './session-cursor.ts'
import { filterOf, grantedTo, identifiersOf, LiveSubscription, SubscriptionSet } from './subscription-set.ts'
import { TopicAliases } from './topic-aliases.ts'

/** No session has more in flight, whatever its client allows. */
export const inFlightMax = 1_024

const { RELEASED, DONE } = state.JournalPhase

/** The outbound half of a session: subscriptions, a cursor for each queue, and what is in flight (D4). */
export class Delivery {
  readonly options: DeliveryOptions
  readonly window: InFlightWindow
  readonly subscriptions = new SubscriptionSet()
  /** Shared ones, by their whole filter. */
  readonly shared = new Map<string, LiveSubscription>()
  readonly queues = new Map<number, QueueCursor>()
  closed = false
  /** Messages that never left to the client. */
  dropped = 0
  /** Not resumed yet. */
  held: boolean
  /** Grows with everything that changes the cursor. */
  revision = 0
  private readonly outbox: Outbox
  private readonly aliases: TopicAliases | undefined
  private readonly catchUp: CatchUp
  private readonly progress: ReadonlyMap<number, state.QueueProgress>
  private readonly journal: OutboundJournal
  private readonly account: DeliveryAccount
  private readonly acknowledgements: Acknowledgements
  private readonly exchanges: SharedExchanges
  /** Of a stream of the public API. */
  readonly carried: Carried | undefined
  private roomWanted: (() => void)[] = []

  constructor(options: DeliveryOptions) {
    this.options = options
    this.window = new InFlightWindow(Math.min(options.receiveMaximum, inFlightMax))
    this.outbox = new Outbox((bytes) => options.send(bytes), options.counters)
    this.journal = new OutboundJournal(options, this.window, this.outbox)
    this.account = new DeliveryAccount(options.ledger, options.clientId)
    this.acknowledgements = new Acknowledgements(this, this.journal, this.account)
    if (options.carrier) this.carried = new Carried(this, options.carrier, this.account, this.acknowledgements)
    if (options.version === 5 && options.topicAliasMaximum > 0) {
      this.aliases = new TopicAliases(options.topicAliasMaximum)
    }
    this.progress = options.cursor ? new Map(options.cursor.progress.map((each) => [each.queue, each])) : noProgress
    this.catchUp = new CatchUp(this)
    this.exchanges = new SharedExchanges(this)
    this.held = options.present
    this.restore()
  }

  /**
   * Begins delivery for a subscription, whose starts are filled in. `effective`: the positions from which the owners know
   * of the filter, as `addInterest` answered.
   */
  subscribe(subscription: state.Subscription, effective: readonly state.QueuePosition[]): void {
    const { fanOut } = this.options
    const before = this.subscriptions.get(subscription.filter)
    if (before) fanOut.remove(before)
    const live = new LiveSubscription(this, subscription)
    this.subscriptions.set(live)
    for (const { queue, position } of subscription.starts) this.reach(queue, position)
    for (const { queue, position } of effective) {
      const cursor = this.queues.get(queue)
      if (cursor !== undefined && cursor.phase !== 'live') cursor.readThrough = Math.max(cursor.readThrough, position)
    }
    fanOut.add(live)
    for (const { queue } of subscription.starts) this.catchUp.goOn(queue)
  }

  /** What an earlier connection took of groups is known from then on. */
  attachShared(groups: readonly string[]): Promise<void> {
    return this.exchanges.attach(groups)
  }

  /** Becomes a member of the group; resolves once that is durable. */
  subscribeShared(subscription: state.Subscription): Promise<void> {
    const live = new LiveSubscription(this, subscription)
    this.shared.set(subscription.filter, live)
    return this.options.groups.join(live)
  }

  unsubscribe(filter: string): void {
    const member = this.shared.get(filter)
    if (member !== undefined) this.options.groups.leave(member)
    this.shared.delete(filter)
    const live = this.subscriptions.get(filter)
    if (live === undefined) return
    this.options.fanOut.remove(live)
    this.subscriptions.delete(filter)
    const reached = [...this.subscriptions.values()]
    for (const { queue } of live.subscription.starts) {
      if (!reached.some((other) => other.reaches(queue))) this.queues.delete(queue)
    }
  }

  /** After CONNACK of a present session, its subscriptions being made: what was in flight goes first [MQTT5-4.4.0-1]. */
  resume(): void {
    this.held = false
    this.options.groups.roomAgain(this)
    for (const { packetId, phase } of [...this.window]) {
      if (phase !== RELEASED) continue
      if (this.carried === undefined) this.sendAck('pubrel', packetId, 0)
      else this.carried.settle(packetId)
    }
    this.catchUp.resend()
    this.exchanges.resume()
  }

  /** Whether the session takes messages of the queue as they come, and this one is next or later. */
  isAt(queue: number, position: number): boolean {
    const cursor = this.queues.get(queue)
    return cursor?.phase === 'live' && position >= cursor.next
  }

  /** A message as it comes, with the subscriptions that match it. */
  offer(message: Outgoing, subscriptions: readonly LiveSubscription[]): void {
    const cursor = this.queues.get(message.queue)
    if (cursor === undefined || this.tryTake(message, subscriptions, false, undefined, true) !== 'no room') return
    this.account.gaveUp(message, 'waiting', message.qos, filterOf(subscriptions), this.whyNoRoom())
    // No room: from here on the queue is read, when there is room again.
    cursor.phase = 'reading'
    cursor.next = message.position
    cursor.readThrough = -1
  }

  /** A record that the group leased to this proxy; false when there is no room for it now. */
  takeShared(message: Outgoing, member: LiveSubscription, lease: Lease): boolean {
    return !this.closed && !this.held && this.take(message, [member], false, lease)
  }

  /** False when there is no room for the message now. */
  take(message: Outgoing, matching: readonly LiveSubscription[], retained = false, lease?: Lease): boolean {
    const taken = this.tryTake(message, matching, retained, lease)
    // Nothing is in flight that would settle it later.
    if (taken === 'done') lease?.settle()
    return taken !== 'no room'
  }

  private tryTake(
    message: Outgoing,
    matching: readonly LiveSubscription[],
    retained: boolean,
    lease: Lease | undefined,
    comesLive = false,
  ): 'in flight' | 'done' | 'no room' {
    const subscriptions = matching.some(({ subscription }) => this.isOwn(message, subscription))
      ? matching.filter(({ subscription }) => !this.isOwn(message, subscription))
      : matching
    if (subscriptions.length === 0) return 'done'
    const secondsLeft = message.secondsLeft(this.options.clock)
    if (secondsLeft !== undefined && secondsLeft < 0) {
      return this.drop('message_expired', message, message.qos, filterOf(subscriptions))
    }
    if (this.carried?.leavesOut(message, subscriptions)) return 'done'
    const qos = this.carried ? 1 : (Math.min(message.qos, grantedTo(subscriptions)) as QoS)
    if (!this.options.writable() || this.outbox.isFull) {
      return qos === 0 && comesLive ? this.drop('slow_client', message, 0, filterOf(subscriptions)) : 'no room'
    }
    if (qos > 0 && this.window.isFull) return 'no room'
    if (qos === 2 && this.journal.isFull) return 'no room'
    const retain =
      retained || (message.retain && subscriptions.some(({ subscription }) => subscription.retainAsPublished))
    if (qos === 2 && lease !== undefined) {
      this.exchanges.take(message, subscriptions[0] as LiveSubscription, lease)
      return 'in flight'
    }
    const how = { qos, retain, dup: false, secondsLeft, retained, entry: undefined, lease }
    return this.publish(message, how, subscriptions) ? 'in flight' : 'done'
  }

  /** At most once: what a slow client cannot take at QoS 0 as it comes is not kept for it, nor read again for it alone. */
  private drop(reason: DropReason, message: Outgoing, qos: number, filter: string): 'done' {
    this.dropped++
    this.options.counters.dropped[reason]++
    const kind = reason === 'message_expired' ? 'expired' : 'dropped'
    this.account.gaveUp(message, kind, qos, filter, dropReasons[reason])
    return 'done'
  }

  /** Sends what was in flight on an earlier connection again, with its packet id. */
  repeat(message: Outgoing, entry: InFlight): void {
    const { qos, retained, lease } = entry
    const member = lease && this.shared.get(lease.group)
    const own = () => this.subscriptions.matching(message.topic, message.queue, message.position)
    const subscriptions = lease === undefined ? own() : member ? [member] : []
    const secondsLeft = message.secondsToTell(this.options.clock)
    const how = { qos, retain: retained, dup: true, secondsLeft, retained, entry, lease }
    if (!this.publish(message, how, subscriptions)) lease?.settle()
  }

  /** A record of a group that is this session's for good, in an exchange that was begun for it or begins now. */
  sendTaken(message: Outgoing, lease: TakenRecord, member: LiveSubscription | undefined, entry?: InFlight): void {
    const { qos: granted, retainAsPublished } = member?.subscription ?? { qos: 2, retainAsPublished: false }
    const qos = entry?.qos ?? (Math.min(message.qos, granted) as QoS)
    const how = { qos, retain: message.retain && retainAsPublished, dup: false, retained: false, entry, lease }
    const secondsLeft = message.secondsToTell(this.options.clock)
    if (!this.publish(message, { ...how, secondsLeft }, member ? [member] : [])) lease.settle()
  }

  /** There is nothing left to send of what an earlier connection had in flight. */
  forget(entry: InFlight): void {
    entry.lease?.settle()
    this.window.settle(entry.packetId)
    if (entry.qos === 2) this.journal.forget(entry)
  }

  /** What the client acknowledges. Undefined when it fits, else the reason code for closing the connection. */
  acked(packet: AckPacket): number | undefined {
    return this.acknowledgements.acked(packet)
  }

  /** The socket has drained. */
  writableAgain(): void {
    this.roomAgain()
  }

  /** Resolves when there may be room again; asked for by whoever waits with more than a queue's messages. */
  whenRoom(): Promise<void> {
    return new Promise((resolve) => void this.roomWanted.push(resolve))
  }

  /** One retained message, in answer to a subscription; false when there is no room for it now. */
  takeRetained(message: Message, filter: string): boolean {
    const live = this.subscriptions.get(filter)
    return live === undefined || this.closed || this.take(new Outgoing(message), [live], true)
  }

  /** Low-water marks, settled ranges, and QoS 1 packets in flight (D7). */
  get cursor(): state.Cursor {
    // Subscriptions are still being made, and nothing was sent: it is where it was left.
    if (this.held) return this.options.cursor ?? { progress: [], inFlight: [] }
    return cursorOf(this.window, this.queues.values(), (cursor) => this.takenOf(cursor))
  }

  /** The cursor as it is now, and what to call when it is durable at the home. */
  checkpoint(): Readonly<{ cursor: state.Cursor; durable: () => void }> {
    const covered = this.journal.covered()
    const durable = () => {
      covered()
      this.roomAgain()
    }
    return { cursor: this.cursor, durable }
  }

  close(): void {
    this.journal.writeReleases()
    this.closed = true
    for (const live of this.subscriptions.values()) this.options.fanOut.remove(live)
    for (const member of this.shared.values()) this.options.groups.leave(member)
    for (const entry of this.window) {
      this.account.interrupted(entry, this.options.taker.clean)
      entry.lease?.ended()
    }
    this.exchanges.close()
    for (const resolve of this.roomWanted.splice(0)) resolve()
  }

  /** A few times a second. */
  tick(): void {
    if (this.window.count > 0) this.account.tellPending(this.window)
  }

  private whyNoRoom(): string {
    if (this.window.isFull) return 'the window of unacknowledged messages is full'
    return this.options.writable() ? 'messages of QoS 2 wait to be written down' : 'the client does not read'
  }

  /** Everything below has been taken by the session. */
  takenOf({ phase, queue, next }: QueueCursor): number {
    return phase === 'live' ? Math.max(next, this.options.region.next(queue)) : next
  }

  /** PUBLISH packets to the client. */
  get delivered(): number {
    return this.outbox.delivered
  }

  get hasRoom(): boolean {
    return !this.closed && !this.held && this.options.writable() && !this.window.isFull && !this.outbox.isFull
  }

  get hasRoomAtQosTwo(): boolean {
    return this.hasRoom && !this.journal.isFull
  }

  private isOwn(message: Outgoing, { noLocal }: state.Subscription): boolean {
    return noLocal && message.clientId === this.options.clientId
  }

  /** What was in flight on the connection before keeps its packet id. */
  private restore(): void {
    const { cursor, journal } = this.options
    const inFlight = cursor?.inFlight ?? []
    for (const stored of [...inFlight, ...journal.filter((each) => !this.isStale(each, inFlight))]) {
      const { packetId, queue, position, phase, qos, group } = stored
      if (phase === DONE) continue
      const lease = group === '' ? undefined : this.exchanges.restored(queue, group, position)
      // At or below the low-water mark lies only what was sent as a retained message.
      const retained = lease === undefined && position <= (this.progress.get(queue)?.low ?? -1)
      const entry = inFlightOf(packetId, queue, position, qos === 2 ? 2 : 1, phase, retained, lease)
      // That earlier connection wrote it.
      entry.attempt = 1
      this.window.restore(entry)
    }
  }

  /**
   * An exchange whose packet id went to a message of QoS 1 since: it was over and in the cursor before that, and the home had not been told
   * to forget it, since only exchanges write to its journal.
   */
  private isStale(entry: state.JournalEntry, inFlight: readonly state.JournalEntry[]): boolean {
    const { packetId, queue, position } = entry
    if (!inFlight.some((other) => other.packetId === packetId)) return false
    const isPast = covers(this.progress.get(queue), position)
    if (isPast) this.journal.forget(entry)
    return isPast
  }

  /** Makes the queue one of the session's: from its stored progress, or from the start of the subscription. */
  private reach(queue: number, start: number): void {
    if (this.queues.has(queue)) return
    const stored = this.progress.get(queue)
    const cursor = stored ? new QueueCursor(queue, stored.low + 1, stored.settled) : new QueueCursor(queue, start + 1)
    // This proxy may be behind what an earlier connection had: what comes live to it could come again.
    cursor.readThrough = Math.max(cursor.settledThrough, this.window.restoredThrough(queue))
    this.queues.set(queue, cursor)
  }

  /** True when it is in flight now, false when nothing more will come of it. */
  private publish(message: Outgoing, how: Departure, subscriptions: readonly LiveSubscription[]): boolean {
    const { version, packetBytesMax } = this.options
    const { qos, retain, dup, secondsLeft, retained } = how
    this.revision++
    let { entry } = how
    if (this.carried !== undefined) return this.carried.carry(message, how, subscriptions)
    if (qos > 0) entry ??= this.window.begin(message.queue, message.position, qos as 1 | 2, retained, how.lease)
    const packetId = entry?.packetId ?? 0
    const topicAlias = this.aliases?.of(message.topic)
    const subscriptionIdentifiers = identifiersOf(subscriptions)
    const frame = message.template.frame({
      ...{ version, qos, retain, dup, packetId, subscriptionIdentifiers, topicAlias },
      messageExpiryInterval: secondsLeft,
    })
    if (frame.length > packetBytesMax) {
      // As if it had been delivered [MQTT5-3.1.2-25].
      if (packetId > 0) this.window.settle(packetId)
      this.drop('packet_too_large', message, qos, filterOf(subscriptions, how.lease))
      return false
    }
    // Durable before PUBLISH leaves, those of one turn together (D8).
    if (qos === 2 && entry !== undefined && !dup) this.journal.begin(entry, () => this.roomAgain())
    this.outbox.put(frame, qos)
    this.account.written(message, entry, filterOf(subscriptions, how.lease))
    return qos > 0
  }

  /** Out of the window, and so behind the cursor. */
  pass({ packetId, lease, queue, position }: InFlight): void {
    this.revision++
    if (lease === undefined && this.window.wasRestored(queue, position)) this.queues.get(queue)?.settle(position)
    this.window.settle(packetId)
  }

  roomAgain(): void {
    if (!this.hasRoom) return
    for (const resolve of this.roomWanted.splice(0)) resolve()
    this.catchUp.goOnAll()
    this.exchanges.goOn()
    if (this.shared.size > 0) this.options.groups.roomAgain(this)
  }

  sendAck(type: 'pubrel', packetId: number, code: number): void {
    this.options.send(encodeAck(type, packetId, code, this.options.version))
  }
}

const noProgress: ReadonlyMap<number, state.QueueProgress> = new Map()
