import { reasonCode, reasonName, type SubscribePacket, type UnsubscribePacket } from '@tern/mqtt'
import { home, type state } from '@tern/proto'
import { inSpan, type Span } from '@tern/telemetry'
import { type Grant, grantsOf } from '../../core/connection/grants.ts'
import { HeldFilters } from '../../core/connection/held-filters.ts'
import { sendRetained } from './retained.ts'
import type { Session } from './session.ts'

/** The position after which a new subscription begins in a queue; `latest`: where it begins by itself. */
export type StartsOf = (queue: number, latest: number) => number

type Begun = Readonly<{ subscription: state.Subscription; isNew: boolean; retainHandling: 0 | 1 | 2 }>

/** SUBSCRIBE and UNSUBSCRIBE, one at a time: nothing after them is read until they are answered. */
export class Subscribing {
  private readonly session: Session
  /** Filters whose interest this session holds. */
  private readonly interests: HeldFilters
  private closed = false

  constructor(session: Session) {
    this.session = session
    this.interests = new HeldFilters(session.connection.context.shapes)
  }

  /** `startsOf`: where it begins, if otherwise than with what comes next. */
  subscribe(packet: SubscribePacket, startsOf: StartsOf = (_, latest) => latest): void {
    const { counters, tracer } = this.session.connection.context
    counters.subscribes += packet.subscriptions.length
    const filters = packet.subscriptions.map(({ filter }) => filter).join(' ')
    const attributes = { 'messaging.client.id': this.session.author.clientId, 'tern.filters': filters.slice(0, 1_024) }
    this.alone(() =>
      inSpan(tracer.start('subscribe', { attributes }), (span) => this.subscribeTraced(packet, startsOf, span)),
    )
  }

  private async subscribeTraced(packet: SubscribePacket, startsOf: StartsOf, span: Span): Promise<void> {
    const begun = await Promise.all(grantsOf(packet).map((grant) => this.begin(grant, startsOf)))
    if (this.closed) return
    const subscriptions = begun.flatMap((each) => (typeof each === 'number' ? [] : [each.subscription]))
    const refusal = await this.keep(subscriptions)
    if (this.closed) return
    if (refusal !== undefined) span.set({ 'tern.reason': reasonName(refusal) })
    if (refusal !== undefined) this.takeBack(begun)
    else await this.join(subscriptions)
    if (this.closed) return
    const reasonCodes = begun.map((each) => (typeof each === 'number' ? each : (refusal ?? each.subscription.qos)))
    const { connection } = this.session
    const refused = reasonCodes.find((code) => code >= 0x80)
    if (refused !== undefined) connection.note?.('subscription refused', reasonName(refused), refused)
    connection.send({ type: 'suback', packetId: packet.packetId, reasonCodes, properties: {} })
    if (refusal === undefined) this.answerRetained(begun)
  }

  unsubscribe({ packetId, filters }: UnsubscribePacket): void {
    this.alone(async () => {
      const known = filters.map((filter) => this.interests.has(filter))
      const { connection, author, persists } = this.session
      if (persists && known.includes(true)) {
        const value = { connection: author.connection, filters: filters.filter((_, i) => known[i]) }
        if ((await this.session.callHome({ $case: 'unsubscribe', value })) === undefined) return
      }
      for (const filter of filters) this.end(filter)
      const codes = known.map((was) => (was ? reasonCode.success : reasonCode.noSubscriptionExisted))
      connection.send({ type: 'unsuback', packetId, reasonCodes: codes, properties: {} })
    })
  }

  /** Makes the subscriptions of a session that goes on; their starts stay. */
  async resume(subscriptions: readonly state.Subscription[]): Promise<void> {
    const { region } = this.session.connection.context
    await Promise.all(
      subscriptions.map(async (subscription) => {
        this.interests.add(subscription.filter)
        if (isShared(subscription.filter)) {
          await this.session.delivery.subscribeShared(subscription)
          return
        }
        const effective = await region.addInterest(subscription.filter)
        if (
          !this.closed &&
          this.interests.has(subscription.filter) &&
          !this.session.delivery.subscriptions.get(subscription.filter)
        ) {
          this.session.delivery.subscribe(subscription, effective)
        }
      }),
    )
  }

  close(): void {
    this.closed = true
    const { region } = this.session.connection.context
    for (const filter of this.interests.clear()) if (!isShared(filter)) region.removeInterest(filter)
  }

  /** Delivery begins at once, at a start that neither an owner nor this proxy has passed (D2). */
  private async begin(grant: Grant, startsOf: StartsOf): Promise<Begun | number> {
    if (typeof grant === 'number') return grant
    const { filter } = grant.subscription
    const { connection, delivery } = this.session
    const { region } = connection.context
    const refusal = this.interests.refusalOf(filter)
    if (refusal !== undefined) return refusal
    const isNew = this.interests.add(filter)
    if (grant.shared) {
      // Before its home keeps the subscription: a session that comes back finds each of its groups.
      const refused = await region.makeGroup(filter)
      if (refused === undefined) return { ...grant, isNew }
      if (isNew) this.interests.delete(filter)
      return refused
    }
    const effective = await region.addInterest(filter)
    // Counted once for this session; a close meanwhile has given back what was held, this one too.
    if (!isNew) region.removeInterest(filter)
    if (this.closed) return reasonCode.unspecifiedError
    const before = delivery.subscriptions.get(filter)?.subscription.starts
    const starts =
      before ??
      effective.map(({ queue, position }) => {
        return { queue, position: startsOf(queue, Math.max(position, region.next(queue) - 1)) }
      })
    const subscription = { ...grant.subscription, starts }
    delivery.subscribe(subscription, effective)
    return { subscription, isNew, retainHandling: grant.retainHandling }
  }

  /** Durable at the home before SUBACK, when the session outlives its connection. */
  private async keep(subscriptions: state.Subscription[]): Promise<number | undefined> {
    const { persists, author } = this.session
    if (!persists || subscriptions.length === 0) return undefined
    const value = { connection: author.connection, subscriptions }
    const answer = await this.session.callHome({ $case: 'subscribe', value })
    if (answer === undefined || answer.status === home.HomeStatus.OK) return undefined
    return answer.reasonCode || reasonCode.unspecifiedError
  }

  /** After they are kept: what a member takes for good must find it a member when it comes back. */
  private async join(subscriptions: readonly state.Subscription[]): Promise<void> {
    const { delivery } = this.session
    const shared = subscriptions.filter(({ filter }) => isShared(filter))
    await Promise.all(shared.map((subscription) => delivery.subscribeShared(subscription)))
  }

  /** What the session had before, it still has. */
  private takeBack(begun: readonly (Begun | number)[]): void {
    for (const each of begun) if (typeof each !== 'number' && each.isNew) this.end(each.subscription.filter)
  }

  private end(filter: string): void {
    if (!this.interests.delete(filter)) return
    this.session.delivery.unsubscribe(filter)
    if (!isShared(filter)) this.session.connection.context.region.removeInterest(filter)
  }

  /** Retained messages follow SUBACK [MQTT5-3.3.1-9] [MQTT5-3.3.1-10] [MQTT5-3.3.1-11]. */
  private answerRetained(begun: readonly (Begun | number)[]): void {
    for (const each of begun) {
      if (typeof each === 'number' || each.retainHandling === 2) continue
      if (each.retainHandling === 0 || each.isNew) void sendRetained(this.session, each.subscription)
    }
  }

  private alone(task: () => Promise<void>): void {
    const { connection } = this.session
    connection.block()
    task().then(
      () => connection.unblock(),
      (error: unknown) => {
        const { clientId } = this.session.author
        connection.context.logger.error('a subscription failed', { clientId, error: (error as Error).stack })
        connection.close(reasonCode.implementationSpecificError, 'an internal error')
      },
    )
  }
}

const isShared = (filter: string): boolean => filter.startsWith('$share/')
