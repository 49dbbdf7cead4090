import { messaging } from '@tern/proto'
import { badField } from '../../../core/api/refusal.ts'
import { streamLimits } from '../../../core/stream/limits.ts'
import { millisOf, type StreamPlan, streamPlanOf } from '../../../core/stream/open-request.ts'
import type { CallContext } from '../call.ts'
import { openStream } from './open-stream.ts'
import type { StreamConnection } from './stream-connection.ts'
import { lostEntry } from './stream-frames.ts'
import { checkedAckIds, nack, nackDelayOf, type SubscribePorts } from './subscribe.ts'

export type PullPorts = SubscribePorts &
  Readonly<{
    /** By the proxy that has the subscriber's connection; undefined: none has, or it does not answer. */
    settleElsewhere(request: messaging.AcknowledgeRequest): Promise<messaging.AcknowledgeResponse | undefined>
  }>

type Delivery = messaging.Delivery
type Parked = {
  readonly connection: StreamConnection
  readonly question: string
  readonly plan: StreamPlan
  /** Of an earlier call, which took no more. */
  left: Delivery[]
  /** Ends with the call before. */
  turn: Promise<unknown>
  calls: number
}

const { pull: limits, sessionExpiryMs } = streamLimits
const usualExpirySeconds = sessionExpiryMs.usual / 1_000

/** Sessions of subscribers that call for messages some at a time: connected here between their calls, and quiet. */
export class Pulls {
  private readonly ports: PullPorts
  /** By client id, the one that was used longest ago first. */
  private readonly parked = new Map<string, Parked>()

  constructor(ports: PullPorts) {
    this.ports = ports
  }

  async pull(request: messaging.PullRequest, call: CallContext): Promise<messaging.PullResponse> {
    const { subscription } = request
    if (subscription === undefined) throw badField('subscription', 'SUBSCRIPTION_INVALID', 'is missing')
    const messagesMax = messagesOf(request.maxMessages)
    const waitMs = waitOf(request.wait)
    const parked = await this.find(streamPlanOf(subscription), questionOf(subscription), call)
    const { connection } = parked
    return this.alone(parked, async () => {
      const deliveries = await this.collect(parked, messagesMax, waitMs, call)
      if (connection.ending !== undefined) throw connection.ending
      return { deliveries, subscriberId: connection.clientId }
    })
  }

  async acknowledge(request: messaging.AcknowledgeRequest, call: CallContext): Promise<messaging.AcknowledgeResponse> {
    const { subscriberId, ackIds, delay } = request
    if (subscriberId === '') throw badField('subscriber_id', 'SUBSCRIPTION_INVALID', 'is empty; give that of the pull')
    const ids = checkedAckIds(ackIds)
    nackDelayOf(delay)
    const answer = (await this.acknowledgeHere(request)) ?? (await this.ports.settleElsewhere(request))
    if (answer !== undefined) return answer
    const found = await this.takeOver(subscriberId, call)
    return found === undefined ? lost(ids) : this.settle(found, request)
  }

  /** Undefined: the subscriber has no connection here. */
  async acknowledgeHere(request: messaging.AcknowledgeRequest): Promise<messaging.AcknowledgeResponse | undefined> {
    const { subscriberId, ackIds } = request
    const parked = this.here(subscriberId)
    if (parked !== undefined) return this.settle(parked, request)
    // A stream or a client of MQTT: it acknowledges what it has by itself.
    return this.ports.context.connections.has(subscriberId) ? lost(ackIds) : undefined
  }

  private async settle(
    parked: Parked,
    { ackIds, nack: action, delay }: messaging.AcknowledgeRequest,
  ): Promise<messaging.AcknowledgeResponse> {
    const { connection } = parked
    const known = ackIds.filter((id) => connection.leaseOf(id) !== undefined)
    const others = ackIds.filter((id) => connection.leaseOf(id) === undefined)
    const { UNSPECIFIED, SKIP } = messaging.NackAction
    if (action === UNSPECIFIED) connection.ack(known)
    else await nack({ ackIds: known, action, delay, reason: '' }, connection, this.ports)
    const settles = action === UNSPECIFIED || action === SKIP
    const errors = others.filter((id) => !(settles && connection.settleEarlier(id)))
    this.park(parked)
    return lost(errors)
  }

  private here(clientId: string): Parked | undefined {
    const parked = this.parked.get(clientId)
    return parked?.connection.isClosed === false ? parked : undefined
  }

  private async find(plan: StreamPlan, question: string, call: CallContext): Promise<Parked> {
    const known = this.here(plan.clientId)
    if (known !== undefined && (known.question === question || known.calls > 0)) {
      if (known.question === question) return known
      throw badField('subscription', 'SUBSCRIPTION_INVALID', 'is another one than that of a call which is under way')
    }
    known?.connection.left(false)
    const lasting = { ...plan, expirySeconds: plan.expirySeconds || usualExpirySeconds }
    return (await this.openAnew(lasting, question, call)).parked
  }

  /** Nobody is connected for it, or a proxy that does not answer: the session is taken over, and what it had in flight with it. */
  private async takeOver(clientId: string, call: CallContext): Promise<Parked | undefined> {
    const open = messaging.SubscribeRequest_Open.create({ topicFilters: ['#'], subscriberId: clientId })
    const { parked, resumed } = await this.openAnew({ ...streamPlanOf(open), filters: [] }, '', call)
    if (resumed) return parked
    // There is no such session; the one that was just made ends.
    this.parked.delete(clientId)
    parked.connection.left(false, 0)
    return undefined
  }

  private async openAnew(plan: StreamPlan, question: string, call: CallContext) {
    const { context, looking } = this.ports
    const { connection, resumed, outcomes } = await openStream({ ...plan, credit: 0 }, context, looking, call)
    const refused = outcomes.find(({ error }) => error !== undefined)
    if (refused !== undefined) {
      connection.left(false)
      throw badField('subscription.topic_filters', 'SUBSCRIPTION_INVALID', `${refused.topicFilter} was refused`)
    }
    const parked: Parked = { connection, question, plan, left: [], turn: Promise.resolve(), calls: 0 }
    this.parked.set(connection.clientId, parked)
    for (const [clientId, oldest] of this.parked) {
      if (this.parked.size <= limits.parkedMax) break
      if (oldest.calls === 0 && oldest !== parked) this.leave(clientId, oldest)
    }
    return { parked, resumed }
  }

  /** Calls of one subscriber wait for one another. */
  private alone<Result>(parked: Parked, task: () => Promise<Result>): Promise<Result> {
    parked.calls++
    const mine = parked.turn.then(task)
    parked.turn = mine
      .catch(() => {})
      .then(() => {
        parked.calls--
        this.park(parked)
      })
    return mine
  }

  private async collect(parked: Parked, most: number, waitMs: number, { signal }: CallContext): Promise<Delivery[]> {
    const { connection } = parked
    const { clock } = this.ports.context
    await connection.returnToGroups()
    if (parked.left.length < most) {
      connection.setCredit(most - parked.left.length)
      const until = clock.now() + waitMs
      if (parked.left.length === 0) await this.first(connection, waitMs, signal)
      const gatherMs = Math.min(limits.gatherMs, Math.max(0, until - clock.now()))
      if (connection.waiting > 0 && connection.waiting < most) {
        await new Promise<void>((resolve) => void clock.after(gatherMs, resolve))
      }
      connection.setCredit(0)
    }
    connection.leaveGroups()
    const taken = connection.take().flatMap((frame) => (frame.$case === 'deliveries' ? frame.value.deliveries : []))
    const all = [...parked.left, ...taken]
    parked.left = all.slice(most)
    return all.slice(0, most)
  }

  /** Until something has come, the time is over or the caller has gone. */
  private async first(connection: StreamConnection, waitMs: number, signal: AbortSignal): Promise<void> {
    const over = Promise.withResolvers<void>()
    const timer = this.ports.context.clock.after(waitMs, over.resolve)
    signal.addEventListener('abort', () => over.resolve(), { once: true })
    let isOver = signal.aborted
    void over.promise.then(() => {
      isOver = true
    })
    while (connection.waiting === 0 && !connection.isClosed && !isOver) {
      await Promise.race([connection.more(), over.promise])
      // Heartbeats and the like are none of its business.
      if (connection.waiting === 0) connection.take()
    }
    timer.cancel()
  }

  /** Stays connected for as long as what was delivered may be settled. */
  private park(parked: Parked): void {
    const { connection, plan } = parked
    const { clientId } = connection
    if (this.parked.get(clientId) !== parked) return
    // Used now: the last one to be left.
    this.parked.delete(clientId)
    this.parked.set(clientId, parked)
    if (connection.isClosed) {
      this.parked.delete(clientId)
      return
    }
    if (parked.calls > 0) return
    connection.leaveGroups()
    const { turn } = parked
    this.ports.context.clock.after(plan.ackDeadlineMs, () => {
      if (parked.turn === turn && parked.calls === 0) this.leave(clientId, parked)
    })
  }

  private leave(clientId: string, parked: Parked): void {
    if (this.parked.get(clientId) === parked) this.parked.delete(clientId)
    parked.connection.left(false)
  }
}

const lost = (ackIds: readonly string[]): messaging.AcknowledgeResponse => ({ errors: ackIds.map(lostEntry) })

/** What a subscription asks for, whoever's it is. */
const questionOf = (open: messaging.SubscribeRequest_Open): string =>
  Buffer.from(messaging.SubscribeRequest_Open.encode({ ...open, subscriberId: '' }).finish()).toString('base64')

function messagesOf(given: number): number {
  const { usual, most } = limits.messages
  if (given >= 0 && given <= most) return given || usual
  throw badField('max_messages', 'SUBSCRIPTION_INVALID', `is ${given}; give 1 to ${most}`)
}

function waitOf(given: messaging.PullRequest['wait']): number {
  const { usual, most } = limits.waitMs
  const millis = millisOf(given, usual)
  if (millis >= 0 && millis <= most) return millis
  throw badField('wait', 'SUBSCRIPTION_INVALID', `is ${millis} ms; give at most ${most / 1_000} s`)
}
