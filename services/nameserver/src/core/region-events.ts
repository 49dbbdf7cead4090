import { control, type nameserver } from '@tern/proto'
import type { ControlState, Member } from './control-state.ts'

/** Events that are remembered; older ones are forgotten. */
export const eventsMax = 10_000
/** So many more may be there before the oldest are forgotten, all at once. */
const slack = 500
/** How long a death is told of with the living, and a loss is waited for to be made good. */
export const deadShownMs = 10 * 60_000

type Event = nameserver.Event

/** Queues that a dead broker had, until they are served again. */
export type Loss = Readonly<{
  broker: number
  zone: string
  queues: readonly number[]
  diedAtMs: number
  detectionMs: number
}>

const nothing: Omit<Event, 'offset' | 'timeMs' | 'kind'> = {
  zone: '',
  incarnation: 0,
  memberKind: control.MemberKind.UNSPECIFIED,
  nameserver: '',
  reason: '',
  moves: [],
  recovered: undefined,
}

/** What the records of tern.control say to people, by the fold that they are read for: what is void there is not told here. */
export class RegionEvents {
  private readonly ring: Event[] = []
  private readonly lost = new Map<number, Loss>()
  private readonly dying = new Map<number, nameserver.DeadMember>()
  /** Zones of those who are named in moves after their death. */
  private readonly zones = new Map<number, string>()

  take(offset: number, timeMs: number, record: control.ControlEvent, before: ControlState, after: ControlState): void {
    const { claim, event } = record
    const told = { ...nothing, offset, timeMs }
    switch (event?.$case) {
      case 'claimed': {
        if (after.leader === before.leader) return
        const { nameserver, zone } = event.value
        this.add({ ...told, kind: 'leader-changed', zone, nameserver })
        return
      }
      case 'joined':
        if (after.members === before.members) return
        this.zones.set(offset, event.value.zone)
        this.add({ ...told, kind: 'member-joined', ...about(after.members.get(offset)) })
        return
      case 'died':
        if (after.members !== before.members) this.died(told, event.value, before)
        return
      case 'assigned':
        if (after.routes !== before.routes) this.moved(told, event.value, before)
        return
      case 'drainChanged': {
        const member = before.members.get(event.value.incarnation)
        if (after.members === before.members || member === undefined) return
        this.add({ ...told, kind: event.value.draining ? 'drain-begun' : 'drain-ended', ...about(member) })
        return
      }
      case 'recovered':
        if (claim === before.leader?.claim) this.recovered(told, event.value)
        return
      default:
        return
    }
  }

  /** What is not made good yet; nothing is waited for for ever. */
  losses(now: number): Loss[] {
    for (const [broker, { diedAtMs }] of this.lost) if (now - diedAtMs > deadShownMs) this.lost.delete(broker)
    return [...this.lost.values()]
  }

  dead(now: number): nameserver.DeadMember[] {
    for (const [incarnation, { diedAtMs }] of this.dying)
      if (now - diedAtMs > deadShownMs) this.dying.delete(incarnation)
    return [...this.dying.values()]
  }

  page(request: nameserver.ListEventsRequest): Pick<nameserver.ListEventsResponse, 'events' | 'more'> {
    const { after, before, limit, fromTimeMs, untilTimeMs, kinds, zone } = request
    const isListed = (event: Event) =>
      (after === undefined ? before === 0 || event.offset < before : event.offset > after) &&
      event.timeMs >= fromTimeMs &&
      (untilTimeMs === 0 || event.timeMs < untilTimeMs) &&
      (kinds.length === 0 || kinds.includes(event.kind)) &&
      (zone === '' || event.zone === zone)
    const events: Event[] = []
    const size = this.ring.length
    for (let i = 0; i < size; i++) {
      const event = this.ring[after === undefined ? size - 1 - i : i]
      if (event === undefined || !isListed(event)) continue
      if (events.length >= limit) return { events, more: true }
      events.push(event)
    }
    return { events, more: false }
  }

  private add(event: Event): void {
    this.ring.push(event)
    if (this.ring.length > eventsMax + slack) this.ring.splice(0, this.ring.length - eventsMax)
  }

  private died(told: Told, { incarnation, reason, silentMs }: control.Died, before: ControlState): void {
    const member = before.members.get(incarnation)
    if (member === undefined) return
    const { kind, zone, address } = member
    this.add({ ...told, kind: 'member-died', reason, ...about(member) })
    this.dying.set(incarnation, { incarnation, kind, zone, address, diedAtMs: told.timeMs, reason })
    const queues = [...before.routes.values()].flatMap(({ queue, broker }) => (broker === incarnation ? queue : []))
    if (kind !== control.MemberKind.BROKER || queues.length === 0) return
    this.lost.set(incarnation, { broker: incarnation, zone, queues, diedAtMs: told.timeMs, detectionMs: silentMs })
  }

  /** Those of one append are one event. */
  private moved(told: Told, { queue, broker }: control.Assigned, before: ControlState): void {
    const route = before.routes.get(queue)
    const from = route?.broker ?? 0
    const move: nameserver.Move = {
      queue,
      from,
      to: broker,
      epochBefore: route?.epoch ?? 0,
      epochAfter: told.offset,
      fromZone: this.zones.get(from) ?? before.members.get(from)?.zone ?? '',
      toZone: before.members.get(broker)?.zone ?? '',
    }
    const last = this.ring.at(-1)
    const isSameAppend = last?.kind === 'queues-moved' && last.timeMs === told.timeMs
    if (isSameAppend && last.offset + last.moves.length === told.offset) last.moves.push(move)
    else this.add({ ...told, kind: 'queues-moved', zone: move.fromZone, moves: [move] })
  }

  private recovered(told: Told, recovered: control.Recovered): void {
    for (const broker of recovered.brokers) this.lost.delete(broker)
    this.add({ ...told, kind: 'recovered', zone: recovered.zone, recovered })
  }
}

type Told = Omit<Event, 'kind'>

const about = (member: Member | undefined) => ({
  zone: member?.zone ?? '',
  incarnation: member?.incarnation ?? 0,
  memberKind: member?.kind ?? control.MemberKind.UNSPECIFIED,
})
