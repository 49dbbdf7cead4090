import { reasonCode, reasonName, type ServerPacket } from '@tern/mqtt'
import type { envelope, messaging } from '@tern/proto'
import { ApiError } from '@tern/rpc'
import type { TraceIds } from '@tern/telemetry'
import { timestampOf } from '../../../core/api/message.ts'
import type { ClientEventKind } from '../../../core/clients/client-events.ts'
import type { ConnectedClient } from '../../../core/clients/connected-client.ts'
import type { Carrier } from '../../../core/delivery/carrier.ts'
import type { InFlightTotals } from '../../../core/delivery/in-flight-totals.ts'
import type { Outgoing } from '../../../core/delivery/outgoing.ts'
import { encodeCursor } from '../../../core/query/places.ts'
import { ackIdOf, connectionName, isOf, readAckId } from '../../../core/stream/ack-id.ts'
import { type Lease, Leases } from '../../../core/stream/leases.ts'
import { streamLimits } from '../../../core/stream/limits.ts'
import type { StreamPlan } from '../../../core/stream/open-request.ts'
import type { Connection } from '../../connection/connection.ts'
import type { Context } from '../../connection/context.ts'
import type { Session } from '../../connection/session.ts'
import { streamClient } from './stream-client.ts'
import { type Frame, idsOf, lostEntry, shownAs } from './stream-frames.ts'

type SubackOf = (reasonCodes: readonly number[]) => void

/** A subscriber's stream: the connection of its session, in place of a socket that speaks MQTT. */
export class StreamConnection implements Connection {
  readonly context: Context
  readonly clientId: string
  readonly carrier: Carrier
  readonly packetBytesMax = Number.POSITIVE_INFINITY
  /** Why it is over; undefined while it is not, and when its client ended it. */
  ending: ApiError | undefined
  private readonly plan: StreamPlan
  private readonly traceIds: Pick<TraceIds, 'traceIdOf'>
  private readonly leases = new Leases()
  private readonly frames: Frame[] = []
  private deliveries: messaging.Delivery[] = []
  private unsentBytes = 0
  private session: Session | undefined
  private client: ConnectedClient | undefined
  private credit: number
  private over = false
  private draining = false
  private saidAt: number
  private wake: (() => void) | undefined
  /** Counts how often all that waited was taken. */
  private rounds = 0
  private taken: (() => void)[] = []
  private suback: SubackOf | undefined
  private readonly finished = Promise.withResolvers<void>()

  constructor(context: Context, clientId: string, plan: StreamPlan, traceIds: Pick<TraceIds, 'traceIdOf'>) {
    this.context = context
    this.clientId = clientId
    this.plan = plan
    this.traceIds = traceIds
    this.credit = plan.credit ?? Number.POSITIVE_INFINITY
    this.saidAt = context.clock.now()
    this.carrier = { wants: (message) => this.wants(message), carry: (...it) => this.carry(...it) }
    context.connections.add(this)
    context.connections.name(clientId, this)
  }

  get isClosed(): boolean {
    return this.over
  }

  /** Nothing of it is in flight, and nothing more will be. */
  get isDrained(): boolean {
    return this.draining && this.leases.count === 0
  }

  /** Deliveries that were not taken yet. */
  get waiting(): number {
    return this.frames.reduce((sum, frame) => sum + idsOf(frame).length, this.deliveries.length)
  }

  /** `address`: host:port of its caller. */
  opened(session: Session, address: string): void {
    this.session = session
    const { clock, connections } = this.context
    this.client = streamClient(session, address, clock.now())
    connections.clients.add(this.clientId, this.client)
    this.note('connected', '', reasonCode.success)
  }

  /** What is done for a connection that is over may never come to its end: then this rejects with why it is over. */
  async whileOpen<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.over ? undefined : work()
    await Promise.race([done, this.finished.promise])
    if (done !== undefined && !this.over) return done
    done?.catch(() => {})
    throw this.ending ?? new ApiError('CANCELLED', 'CANCELLED', 'the caller went while its session was opened')
  }

  /** Resolves with the reason codes of the next SUBACK. */
  whenSubscribed(): Promise<readonly number[]> {
    return new Promise((resolve) => {
      this.suback = resolve
    })
  }

  // What its session says as to any client; of the packets only SUBACK says something to a stream.

  send(packet: ServerPacket): void {
    if (packet.type === 'suback') this.suback?.(packet.reasonCodes)
  }

  write(): void {}

  isWritable(): boolean {
    const { bytesMax } = this.plan
    const held = this.draining || this.over || this.credit <= 0
    return !held && this.unsentBytes < streamLimits.unsentBytesMax && this.leases.bytes < bytesMax
  }

  block(): void {}

  unblock(): void {}

  close(code: number, why: string): void {
    const taken = code === reasonCode.sessionTakenOver
    this.end(
      taken
        ? new ApiError('ABORTED', 'SUPERSEDED', `${this.clientId} has a newer connection`)
        : new ApiError('ABORTED', 'STREAM_ENDED', `${why} (${reasonName(code)})`),
      true,
    )
  }

  /** The proxy does: whoever did not go elsewhere in time is told to. */
  stops(): void {
    this.end(new ApiError('UNAVAILABLE', 'DRAINING', 'the proxy stops; open the next stream elsewhere'), true)
  }

  left(willApplies: boolean, expirySeconds?: number): void {
    this.end(undefined, willApplies, expirySeconds)
  }

  superseded(number: envelope.ConnectionNumber): void {
    if (this.session?.isAtMost(number)) this.close(reasonCode.sessionTakenOver, 'the session was taken over')
  }

  announce(queue: number): void {
    this.session?.announce(queue)
  }

  destroy(why: string): void {
    if (this.over) return
    this.session?.dropped()
    this.finish(new ApiError('UNAVAILABLE', 'DRAINING', why), why)
  }

  tick(now: number, totals: InFlightTotals): void {
    if (this.over) return
    for (const lease of this.leases.due(now)) this.overdue(lease, now)
    this.session?.tick(now, totals)
    if (now - this.saidAt >= streamLimits.heartbeatMs) this.heartbeat(now)
  }

  // What the client says.

  moreCredit(messages: number): void {
    this.credit += messages
    this.session?.drained()
  }

  /** In place of what is left. */
  setCredit(messages: number): void {
    this.credit = messages
    this.session?.drained()
  }

  drain(): void {
    this.draining = true
    this.tell()
  }

  ack(ackIds: readonly string[]): void {
    this.settleEach(ackIds, ({ entry }) => void this.session?.delivery.carried?.settle(entry.packetId))
  }

  /** Puts deliveries off; those of a group go back to it when their time comes. */
  retry(ackIds: readonly string[], delayMs: number): void {
    const dueAt = this.context.clock.now() + delayMs
    this.forEach(ackIds, (lease) => {
      Object.assign(lease, { dueAt, isPutOff: true })
      if (delayMs === 0) this.again(lease)
    })
  }

  extend(ackIds: readonly string[], deadlineMs: number): void {
    const dueAt = this.context.clock.now() + deadlineMs
    this.forEach(ackIds, (lease) => {
      if (!lease.isPutOff) lease.dueAt = dueAt
    })
  }

  leaseOf(ackId: string): Lease | undefined {
    const id = readAckId(ackId)
    const number = this.session?.author.connection
    if (id === undefined || number === undefined || id.connection !== connectionName(number)) return undefined
    const lease = this.leases.get(id.packetId)
    return isOf(id, lease?.entry) ? lease : undefined
  }

  /** Of a message that an earlier connection of the session delivered, alone: what it had of a group is another's by now. */
  settleEarlier(ackId: string): boolean {
    const id = readAckId(ackId)
    const { delivery } = this.session ?? {}
    const entry = id && delivery?.window.get(id.packetId)
    if (id === undefined || entry === undefined || entry.lease !== undefined || !isOf(id, entry)) return false
    this.leases.end(id.packetId)
    return delivery?.carried?.settle(id.packetId) ?? false
  }

  // What the transport takes.

  push(frame: Frame): void {
    this.flush()
    this.frames.push(frame)
    this.tell()
  }

  /** What is to be written, in order; with it, room for more. */
  take(): Frame[] {
    this.flush()
    const frames = this.frames.splice(0)
    if (frames.length === 0) return frames
    this.saidAt = this.context.clock.now()
    this.unsentBytes = 0
    this.rounds++
    for (const resolve of this.taken.splice(0)) resolve()
    if (this.plan.isAutomatic) this.ack(frames.flatMap(idsOf))
    this.session?.drained()
    return frames
  }

  /** Resolves at the end of the turn in which there is more to write, or the stream is over. */
  more(): Promise<void> {
    if (this.over || this.frames.length > 0 || this.deliveries.length > 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }

  /** Resolves when few enough answers wait for a subscriber that does not read them. */
  async whenRead(): Promise<void> {
    while (this.frames.length > streamLimits.framesWaitingMax && !this.over) {
      await new Promise<void>((resolve) => void this.taken.push(resolve))
    }
  }

  /** Its shared subscriptions get nothing until `returnToGroups`; what it has of them it keeps. */
  leaveGroups(): void {
    for (const member of this.session?.delivery.shared.values() ?? []) this.context.groups.leave(member)
  }

  async returnToGroups(): Promise<void> {
    const members = [...(this.session?.delivery.shared.values() ?? [])]
    await Promise.all(members.map((member) => this.context.groups.join(member)))
  }

  private wants(message: Outgoing): boolean {
    const { userProperties: wanted } = this.plan
    if (wanted.length === 0) return true
    const { userProperties: given } = shownAs(message, this.traceIds)
    return wanted.every(({ name, value }) => given.some((each) => each.name === name && each.value === value))
  }

  private carry(message: Outgoing, entry: Lease['entry'], filters: readonly string[]): void {
    const number = this.session?.author.connection
    if (number === undefined) return
    const ackBy = this.context.clock.now() + this.plan.ackDeadlineMs
    const lease = this.leases.begin(message, entry, filters, ackBy, this.rounds)
    this.credit--
    this.unsentBytes += message.bytes
    this.deliveries.push({
      ackId: ackIdOf(number, entry),
      message: shownAs(message, this.traceIds),
      attempt: lease.attempt,
      ackBy: timestampOf(ackBy),
      retainedReplay: entry.retained,
      topicFilters: [...filters],
    })
    if (this.deliveries.length >= streamLimits.deliveriesPerFrame) this.flush()
    this.tell()
  }

  private overdue(lease: Lease, now: number): void {
    const isUnwritten = lease.round === this.rounds && !lease.isPutOff
    // A repetition of what the subscriber has not read would only pile up.
    if (isUnwritten && lease.entry.lease === undefined) lease.dueAt = now + this.plan.ackDeadlineMs
    else this.again(lease)
  }

  /** Its deadline has passed, or it was put off until now. */
  private again(lease: Lease): void {
    const carried = this.session?.delivery.carried
    if (carried === undefined) return
    if (lease.entry.lease !== undefined) {
      this.leases.end(lease.entry.packetId)
      carried.giveBack(lease.entry)
    } else carried.again(lease.message, lease.entry, lease.filters)
  }

  private flush(): void {
    const { deliveriesPerFrame } = streamLimits
    while (this.deliveries.length > 0) {
      const deliveries = this.deliveries.splice(0, deliveriesPerFrame)
      this.frames.push({ $case: 'deliveries', value: { deliveries } })
    }
  }

  private settleEach(ackIds: readonly string[], settle: (lease: Lease) => void): void {
    this.forEach(ackIds, (lease) => {
      this.leases.end(lease.entry.packetId)
      settle(lease)
    })
    // The window by bytes is the stream's own.
    this.session?.drained()
    if (this.isDrained) this.tell()
  }

  private forEach(ackIds: readonly string[], act: (lease: Lease) => void): void {
    const lost: string[] = []
    for (const ackId of ackIds) {
      const lease = this.leaseOf(ackId)
      if (lease === undefined) lost.push(ackId)
      else act(lease)
    }
    if (lost.length > 0) this.push({ $case: 'settleErrors', value: { entries: lost.map(lostEntry) } })
  }

  private heartbeat(now: number): void {
    const { session, context } = this
    if (session === undefined || this.frames.some(({ $case }) => $case === 'heartbeat')) return
    const { region } = context
    const lows = new Map<number, number>()
    let backlogMessages = 0
    for (const { queue, low } of session.delivery.cursor.progress) {
      lows.set(queue, low + 1)
      backlogMessages += Math.max(0, region.next(queue) - 1 - low)
    }
    const cursor = encodeCursor(lows)
    const { count: unacked, oldestMs } = this.leases
    const backlogAge = oldestMs === undefined ? undefined : timestampOf(Math.max(0, now - oldestMs))
    this.push({
      $case: 'heartbeat',
      value: { time: timestampOf(now), cursor, backlogMessages, backlogAge, unacked },
    })
  }

  private end(ending: ApiError | undefined, willApplies: boolean, expirySeconds?: number): void {
    if (this.over) return
    this.session?.ended({ willApplies, expirySeconds })
    this.finish(ending, ending?.message ?? 'the subscriber left')
  }

  private finish(ending: ApiError | undefined, why: string): void {
    this.over = true
    this.finished.resolve()
    for (const resolve of this.taken.splice(0)) resolve()
    this.ending = ending
    this.context.connections.remove(this, why)
    if (this.client !== undefined) {
      this.context.connections.clients.remove(this.clientId, this.client)
      this.note('disconnected', why, ending === undefined ? reasonCode.success : reasonCode.unspecifiedError)
    }
    this.wake?.()
  }

  note(kind: ClientEventKind, reason: string, code: number): void {
    const { clock, connections } = this.context
    connections.events.note(clock.now(), { clientId: this.clientId, kind, reason, reasonCode: code, address: '' })
  }

  private tell(): void {
    const { wake } = this
    if (wake === undefined) return
    this.wake = undefined
    // Deliveries of one turn go together.
    this.context.clock.soon(wake)
  }
}
