import { state } from '@tern/proto'
import type { Message, TakenPosition } from '../../ports.ts'
import type { Delivery } from '../delivery/delivery.ts'
import { Outgoing } from '../delivery/outgoing.ts'
import type { LiveSubscription } from '../delivery/subscription-set.ts'
import type { Lease } from './lease.ts'
import { TakenRecord } from './taken-record.ts'

/** When a read brought nothing although there is more. */
const againDelay = 50

const { UNSPECIFIED, PUBLISHED, RELEASED } = state.JournalPhase

/** Exchanges of QoS 2 through shared subscriptions: what a session has taken is its own for good, and it gets it once (D10). */
export class SharedExchanges {
  private readonly delivery: Delivery
  /** What the session has taken, or asked for, until that is durably over. */
  private readonly known = new Map<string, TakenRecord>()
  /** Taken on an earlier connection, and never sent. */
  private readonly unsent: TakenRecord[] = []
  private readonly attached = new Set<number>()
  private reading = false

  constructor(delivery: Delivery) {
    this.delivery = delivery
  }

  /** There is room: the record is made the session's for good, and sent when that is durable. */
  take(message: Outgoing, member: LiveSubscription, lease: Lease): void {
    const { delivery } = this
    const { region, taker } = delivery.options
    const { queue, position } = message
    const { group } = lease
    const record = this.know(new TakenRecord(region, taker, { queue, group, position }, 'asked'))
    const entry = delivery.window.begin(queue, position, 2, false, record)
    entry.phase = UNSPECIFIED
    void region.takeLease(queue, group, position, taker).then((verdict) => {
      if (verdict === 'taken') {
        record.taken()
        entry.phase = PUBLISHED
        if (delivery.closed) record.ended()
        else delivery.sendTaken(message, record, member, entry)
        return
      }
      this.known.delete(nameOf(record))
      lease.ended()
      delivery.window.settle(entry.packetId)
      if (delivery.closed) return
      if (verdict === 'superseded') delivery.options.onSuperseded()
      else delivery.roomAgain()
    })
  }

  /** In flight on an earlier connection, by the journal. */
  restored(queue: number, group: string, position: number): TakenRecord {
    const { region, taker } = this.delivery.options
    return this.know(new TakenRecord(region, taker, { queue, group, position }, 'taken'))
  }

  /** Asks the owners of queues what the session took; resolves when each has answered once. Each new owner is asked again. */
  async attach(groups: readonly string[]): Promise<void> {
    const { region, taker } = this.delivery.options
    for (const { queue } of this.known.values()) this.attached.add(queue)
    for (const queue of groups.flatMap((group) => region.queuesOf(group))) this.attached.add(queue)
    await Promise.all(
      [...this.attached].map(
        (queue) =>
          new Promise<void>((resolve) => {
            region.attachTaker(queue, taker, (listed) => {
              this.listed(queue, listed)
              resolve()
            })
          }),
      ),
    )
  }

  /** After what was in flight has been told of: PUBRELs are under way, PUBLISHes are read and sent again by the catch-up. */
  resume(): void {
    for (const { phase, lease } of this.delivery.window) if (phase === RELEASED) lease?.settle()
    this.goOn()
  }

  /** Sends what was taken and never sent, as far as there is room. */
  goOn(): void {
    const { delivery } = this
    const [first] = this.unsent
    if (this.reading || first === undefined || delivery.held || !delivery.hasRoomAtQosTwo) return
    this.reading = true
    const { queue, position } = first
    void delivery.options.region.read(queue, position, []).then((page) => {
      this.reading = false
      if (delivery.closed) return
      if (page.last < position) {
        delivery.options.clock.after(againDelay, () => this.goOn())
        return
      }
      this.sendFrom(queue, page.last, page.messages)
      this.goOn()
    })
  }

  close(): void {
    const { region, taker } = this.delivery.options
    for (const queue of this.attached) region.detachTaker(queue, taker)
    for (const record of this.known.values()) record.ended()
  }

  private sendFrom(queue: number, last: number, messages: readonly Message[]): void {
    const { delivery } = this
    const byPosition = new Map(messages.map((message) => [message.position, message]))
    for (const record of this.unsent.filter((each) => each.queue === queue && each.position <= last)) {
      if (!delivery.hasRoomAtQosTwo) return
      this.unsent.splice(this.unsent.indexOf(record), 1)
      const message = byPosition.get(record.position)
      // Retention has taken it: there is nothing left to send.
      if (message === undefined) record.settle()
      else delivery.sendTaken(new Outgoing(message), record, delivery.shared.get(record.group))
    }
  }

  private listed(queue: number, listed: readonly TakenPosition[]): void {
    const { delivery } = this
    if (delivery.closed) return
    const names = new Set(listed.map(({ group, position }) => nameOf({ queue, group, position })))
    if (delivery.held) this.drop(queue, names)
    for (const { group, position } of listed) {
      if (!this.known.has(nameOf({ queue, group, position }))) this.unsent.push(this.restored(queue, group, position))
    }
    this.goOn()
  }

  /** What was begun on an earlier connection and has been ended by the owner, since retention or the end of the group took it. */
  private drop(queue: number, names: ReadonlySet<string>): void {
    const { delivery } = this
    for (const entry of [...delivery.window]) {
      const { lease, position } = entry
      if (lease === undefined || entry.queue !== queue || entry.phase !== PUBLISHED) continue
      if (names.has(nameOf({ queue, group: lease.group, position }))) continue
      this.known.delete(nameOf({ queue, group: lease.group, position }))
      delivery.forget(entry)
    }
  }

  private know(record: TakenRecord): TakenRecord {
    const name = nameOf(record)
    this.known.set(name, record)
    record.whenOver(() => void this.known.delete(name))
    return record
  }
}

const nameOf = ({ queue, group, position }: Readonly<{ queue: number; group: string; position: number }>): string =>
  `${queue}/${position}/${group}`
