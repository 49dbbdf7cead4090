import { append, type deliver, type group, type link, type question } from '@tern/proto'
import { unpack } from '@tern/record'
import type { Owner } from '@tern/routing'
import type { Clock } from '@tern/runtime'
import type { Ledger } from '../../core/ledger/ledger.ts'
import type { AppendResult, Covered, Message, OutgoingRecord, TakenPosition, Taker } from '../../ports.ts'
import { AppendWindow } from './append-window.ts'
import type { BrokerLink, Contributor } from './broker-link.ts'
import { Interests } from './interests.ts'
import { Leases } from './leases.ts'
import { PacedDeliveries } from './paced-deliveries.ts'
import { type Question, Questions } from './questions.ts'
import { Takers } from './takers.ts'

/** An owner that says it is none is asked again after so long, unless the route changes before. */
const notOwnerDelay = 100
const fromPresentEnd = -2
/** So many bytes taken are given back together: a quarter of the window that the owner keeps (a frame for each delivery costs more than it). */
export const creditBytesMin = 256 * 1024

export type ChannelOptions = Readonly<{
  queue: number
  proxy: number
  clock: Clock
  ledger: Ledger
  /** Gives the number of times that a message was offered to a client. */
  covered(range: Covered): number
  attached(): void
  homeMoved(): void
  connected(clientId: string): boolean
  leased(group: string, messages: readonly Message[]): void
}>

/** One queue as this proxy sees it: whoever owns it, appends keep their order and deliveries have no hole. */
export class QueueChannel implements Contributor {
  readonly appends: AppendWindow
  readonly interests = new Interests()
  readonly questions = new Questions()
  readonly leases = new Leases()
  private readonly takers: Takers
  private readonly deliveries: PacedDeliveries
  owner: Owner | undefined
  /** The last position told to the proxy; -2 before the first attachment. */
  position = fromPresentEnd
  private readonly options: ChannelOptions
  private link: BrokerLink | undefined
  private attached = false
  /** Number of the newest one. */
  attachment = 0
  private epoch: number | undefined
  /** Taken from the owner's window, and not given back yet. */
  private uncredited = 0

  constructor(options: ChannelOptions) {
    this.options = options
    this.appends = new AppendWindow(options.queue, options.proxy, options.ledger)
    this.takers = new Takers(options.queue)
    this.deliveries = new PacedDeliveries({
      clock: options.clock,
      cover: ({ last, messages }) => this.cover({ first: this.position + 1, last, messages }),
      done: (bytes) => this.credit(bytes),
    })
  }

  append(record: OutgoingRecord, answer: (result: AppendResult) => void): void {
    this.appends.add(record, answer)
    this.link?.wake(this)
  }

  ask(question: Question): void {
    this.questions.add(question)
    if (this.link) question.put(this.link.next())
  }

  /** `then` gets the last position when the filter took effect. */
  addInterest(id: number, filter: string, then: (position: number) => void): void {
    this.interests.add(filter)
    this.interests.wait(id, then)
    this.link?.next().interests.push({ id, queue: this.options.queue, add: [filter], remove: [] })
  }

  removeInterest(filter: string): void {
    if (!this.interests.remove(filter)) return
    this.link?.next().interests.push({ id: 0, queue: this.options.queue, add: [], remove: [filter] })
  }

  get linked(): boolean {
    return this.link !== undefined
  }

  joinGroup(id: number, group: string, credit: number, then: () => void): void {
    this.leases.join(id, group, credit, then)
    const held = this.leases.heldOf(group)
    this.link?.next().groupJoins.push({ id, queue: this.options.queue, group, credit, held })
  }

  groupJoinAnswered({ id, notOwner }: group.GroupJoinAnswer): void {
    if (notOwner) this.askAgainLater()
    else this.leases.answered(id)
  }

  leased({ group, baseTimeMs, basePosition, records, earlier }: group.GroupDelivery): void {
    const { queue } = this.options
    const messages = [...unpack(records, basePosition, baseTimeMs)].map((record, i) => ({
      ...{ queue, ...record },
      earlier: earlier[i] ?? 0,
    }))
    this.leases.take(group, messages)
    this.options.leased(group, messages)
  }

  /** An end that is not told, because there is no owner at the moment, is seen from what the next one is told to be held. */
  endLease(group: string, position: number, how: 'settled' | 'returned' | 'unused'): void {
    if (!this.leases.end(group, position) || this.link === undefined) return
    const { groupSettles } = this.link.next()
    let part = groupSettles.at(-1)
    if (part?.queue !== this.options.queue || part.group !== group) {
      part = { queue: this.options.queue, group, settled: [], returned: [], unused: [] }
      groupSettles.push(part)
    }
    part[how].push(position)
    if (how === 'unused') part.returned.push(position)
  }

  attachTaker(taker: Taker, listed: (taken: readonly TakenPosition[]) => void): void {
    const part = this.takers.attach(taker, listed)
    this.link?.next().takerAttaches.push(part)
  }

  detachTaker(taker: Taker): void {
    const part = this.takers.detach(taker)
    if (part !== undefined) this.link?.next().takerAttaches.push(part)
  }

  takerAttachAnswered(answer: group.TakerAttachAnswer): void {
    if (answer.notOwner) this.askAgainLater()
    else this.takers.answered(answer)
  }

  /** Whether the stream is the one that this queue goes by. */
  goesBy(link: BrokerLink): boolean {
    return this.link === link
  }

  lost(): void {
    this.link = undefined
    this.attached = false
    this.deliveries.clear()
  }

  /** A new stream, or a new owner: interest, attachment, and all that is unanswered, in this order. */
  begin(link: BrokerLink): void {
    this.link = link
    const { queue } = this.options
    const request = link.next()
    this.attach(request)
    for (const join of this.leases.restated(queue)) request.groupJoins.push(join)
    for (const part of this.takers.restated()) request.takerAttaches.push(part)
    this.appends.rewind()
    link.wake(this)
    const open = [...this.questions]
    const moved = this.epoch !== undefined && this.owner !== undefined && this.epoch !== this.owner.epoch
    this.epoch = this.owner?.epoch
    // Live connections are announced to a new home before it is asked anything else (D9).
    if (moved) this.options.homeMoved()
    for (const question of open) question.put(request)
  }

  /**
   * An owner that does not say when a filter took effect may have passed over what matches it: everything after `position` is
   * asked for again, once for all that waited since the attachment of that number.
   */
  restate(since: number): void {
    if (this.link && since === this.attachment) this.attach(this.link.next())
  }

  /** All interest first; what comes before the answer to this attach belongs to an earlier one. */
  private attach({ interests, attaches }: link.LinkRequest): void {
    const { queue } = this.options
    this.attached = false
    this.deliveries.clear()
    this.uncredited = 0
    // Each one that waits for a start position gets its own answer.
    for (const part of this.interests.restated(queue)) interests.push(part)
    attaches.push({ id: ++this.attachment, queue, after: this.position, epoch: this.owner?.epoch ?? 0 })
  }

  interestAnswered({ id, position, notOwner }: deliver.InterestAnswer): void {
    if (notOwner) this.askAgainLater()
    else this.interests.answered(id, position)
  }

  attachAnswered({ id, after, notOwner }: deliver.AttachAnswer): void {
    if (id !== this.attachment) return
    if (notOwner) {
      this.askAgainLater()
      return
    }
    this.attached = true
    // Retention took what lies between, or it is the first time.
    if (this.position === fromPresentEnd) this.position = after
    else if (after > this.position) this.cover({ first: this.position + 1, last: after, messages: [] })
    this.options.attached()
  }

  delivered({ first, last, baseTimeMs, records }: deliver.Delivery): void {
    const known = this.deliveries.last ?? this.position
    if (!this.attached || last <= known) return
    const { queue } = this.options
    const messages: Message[] = []
    let bytes = 0
    for (const { position, timeMs, body } of unpack(records, first, baseTimeMs)) {
      bytes += body.length
      if (position > known) messages.push({ queue, position, timeMs, body })
    }
    this.deliveries.add({ last, messages, bytes })
  }

  private credit(bytes: number): void {
    this.uncredited += bytes
    if (this.uncredited < creditBytesMin) return
    this.link?.next().credits.push({ queue: this.options.queue, bytes: this.uncredited })
    this.uncredited = 0
  }

  appendAnswered({ firstSequence, count, verdict, basePosition, reasonCode, repeated }: append.AppendAnswer): void {
    const { STORED, SUPERSEDED, NOT_OWNER } = append.AppendVerdict
    if (verdict === NOT_OWNER) this.askAgainLater()
    else if (verdict === STORED) this.appends.answered(firstSequence, count, 'stored', basePosition, repeated)
    else if (verdict === SUPERSEDED) this.appends.answered(firstSequence, count, 'superseded', -1)
    else this.appends.answered(firstSequence, count, reasonCode, basePosition)
  }

  /** What the owner may not forget: who has a connection here, or a record under way (rule 4). */
  asked({ id, clientIds }: question.ClientsQuestion): void {
    const unanswered = this.appends.clients()
    const held: number[] = []
    for (const [i, clientId] of clientIds.entries()) {
      if (unanswered.has(clientId) || this.options.connected(clientId)) held.push(i)
    }
    this.link?.next().clientsAnswers.push({ id, held, answeredThrough: this.appends.answeredThrough })
  }

  /** The table and the broker disagree: whichever is behind will have caught up soon. */
  askAgainLater(): void {
    const { link } = this
    if (link === undefined) return
    this.lost()
    this.options.clock.after(notOwnerDelay, () => {
      // Another owner may have come and gone meanwhile: this stream is no longer the way.
      if (this.link === undefined && link.alive && link.address === this.owner?.address) this.begin(link)
    })
  }

  private cover({ first, last, messages }: Omit<Covered, 'queue'>): number {
    this.position = last
    return this.options.covered({ queue: this.options.queue, first, last, messages })
  }

  /** Appends of one turn travel together. */
  contribute(by: BrokerLink, request: link.LinkRequest): void {
    // The owner may have changed since it was asked: what goes to the old one would be missing at the new one.
    if (this.link === by && this.appends.hasUnsent) request.appends.push(...this.appends.takeUnsent())
  }
}
