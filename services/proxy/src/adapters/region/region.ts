import { parseFilter } from '@tern/mqtt'
import { type append, type deliver, type envelope, group, type home, type link, type state } from '@tern/proto'
import { unpack } from '@tern/record'
import { partitionOf, type RouteWatcher } from '@tern/routing'
import type { Clock, Logger } from '@tern/runtime'
import { type Ledger, silentLedger } from '../../core/ledger/ledger.ts'
import type {
  AppendResult,
  Covered,
  Message,
  OutgoingRecord,
  ReadFilter,
  Region,
  RegionListener,
  TakenPosition,
  Taker,
} from '../../ports.ts'
import { type DialBroker, overGrpc } from './broker-link.ts'
import { BrokerLinks } from './broker-links.ts'
import { QueueChannel } from './queue-channel.ts'

/** So long a subscription waits for an owner's log end, when an earlier position can serve (D2). */
const startWithin = 500
const readLimits = { recordsMax: 256, bytesMax: 128 * 1024 } as const

export type RegionOptions = Readonly<{
  proxy: number
  /** Its table must know the number of queues. */
  routes: RouteWatcher
  clock: Clock
  logger: Logger
  /** Nothing is told of messages when left out. */
  ledger?: Ledger
  dial?: DialBroker
}>

/** The region over one link to each broker. */
export class LinkedRegion implements Region {
  readonly proxy: number
  readonly queues: number
  /** Every queue has been attached once. */
  readonly ready: Promise<void>
  private readonly channels: readonly QueueChannel[]
  private readonly links: BrokerLinks
  private readonly clock: Clock
  private listener: RegionListener = {
    covered: () => 0,
    superseded() {},
    disconnected() {},
    homeMoved() {},
    leased() {},
    connected: () => false,
  }
  private asked = 0

  constructor({ proxy, routes, clock, logger, ledger = silentLedger, dial = overGrpc }: RegionOptions) {
    this.proxy = proxy
    this.clock = clock
    this.queues = routes.table().queues
    const attached = new Set<number>()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ready = promise
    this.channels = Array.from({ length: this.queues }, (_, queue) => {
      return new QueueChannel({
        ...{ queue, proxy, clock, ledger },
        covered: (range) => this.listener.covered(range),
        homeMoved: () => this.listener.homeMoved(queue),
        connected: (clientId) => this.listener.connected(clientId),
        leased: (group, messages) => this.listener.leased(queue, group, messages),
        attached: () => {
          attached.add(queue)
          if (attached.size === this.queues) resolve()
        },
      })
    })
    const push = (pushed: home.HomePush) => this.pushed(pushed)
    this.links = new BrokerLinks({ proxy, channels: this.channels, routes, clock, logger, dial, push })
  }

  stop(): void {
    this.links.stop()
  }

  queueOf(key: string): number {
    return partitionOf(key, this.queues)
  }

  listen(listener: RegionListener): void {
    this.listener = listener
  }

  append(queue: number, record: OutgoingRecord, answer: (result: AppendResult) => void): void {
    this.at(queue).append(record, answer)
  }

  hasRoom(queue: number): boolean {
    return this.at(queue).appends.hasRoom
  }

  whenRoom(queue: number, then: () => void): void {
    this.at(queue).appends.whenRoom(then)
  }

  /** Records that no owner has answered yet, over all queues. */
  get unanswered(): number {
    return this.channels.reduce((sum, { appends }) => sum + appends.count, 0)
  }

  /** Queues whose owner this proxy has a stream to. */
  get linkedQueues(): number {
    return this.channels.filter(({ linked }) => linked).length
  }

  next(queue: number): number {
    return this.at(queue).position + 1
  }

  async openExchanges(clientId: string, session: envelope.ConnectionNumber): Promise<Map<number, number>> {
    const answers = await Promise.all(
      this.channels.map((_, queue) =>
        this.ask<append.OpenExchangesAnswer>(queue, (id, { openExchangesReads }) =>
          openExchangesReads.push({ id, clientId, session, queues: [queue] }),
        ),
      ),
    )
    return new Map(answers.flatMap(({ open }) => open.map(({ packetId, queue }) => [packetId, queue] as const)))
  }

  async publishedThrough(publisher: string): Promise<number> {
    const answers = await Promise.all(
      this.channels.map((_, queue) =>
        this.ask<append.PublisherAnswer>(queue, (id, { publisherReads }) =>
          publisherReads.push({ id, queue, publisher }),
        ),
      ),
    )
    return answers.reduce((most, { sequence }) => Math.max(most, sequence), 0)
  }

  callHome(clientId: string, call: NonNullable<home.HomeCall['call']>): Promise<home.HomeAnswer> {
    const queue = this.queueOf(clientId)
    return this.ask(queue, (id, { homeCalls }) => homeCalls.push({ id, queue, clientId, call }))
  }

  addInterest(filter: string): Promise<state.QueuePosition[]> {
    const starts = this.reach(filter).map(async (queue) => ({ queue, position: await this.startOf(queue, filter) }))
    return Promise.all(starts)
  }

  removeInterest(filter: string): void {
    for (const queue of this.reach(filter)) this.at(queue).removeInterest(filter)
  }

  async makeGroup(name: string): Promise<number | undefined> {
    const answers = await Promise.all(
      this.queuesOf(name).map((queue) =>
        this.ask<group.GroupMakeAnswer>(queue, (id, { groupMakes }) => groupMakes.push({ id, queue, group: name })),
      ),
    )
    return answers.find(({ reasonCode }) => reasonCode !== 0)?.reasonCode
  }

  async joinGroup(name: string, credit: number): Promise<void> {
    await Promise.all(
      this.queuesOf(name).map(
        (queue) => new Promise<void>((resolve) => this.at(queue).joinGroup(++this.asked, name, credit, resolve)),
      ),
    )
  }

  settleLease(queue: number, name: string, position: number): void {
    this.at(queue).endLease(name, position, 'settled')
  }

  returnLease(queue: number, name: string, position: number, how: 'returned' | 'unused'): void {
    this.at(queue).endLease(name, position, how)
  }

  async takeLease(
    queue: number,
    name: string,
    position: number,
    taker: Taker,
  ): Promise<'taken' | 'refused' | 'superseded'> {
    const { verdict } = await this.ask<group.GroupTakeAnswer>(queue, (id, { groupTakes }) =>
      groupTakes.push({ id, queue, group: name, position, taker }),
    )
    const { TAKEN, SUPERSEDED } = group.GroupTakeVerdict
    if (verdict !== TAKEN) return verdict === SUPERSEDED ? 'superseded' : 'refused'
    this.at(queue).leases.end(name, position)
    return 'taken'
  }

  async endTaken(queue: number, name: string, position: number, { clientId, session }: Taker): Promise<void> {
    const part = { queue, group: name, position, clientId, ...(session && { session }) }
    await this.ask(queue, (id, { groupDones }) => groupDones.push({ id, session: undefined, ...part }))
  }

  attachTaker(queue: number, taker: Taker, listed: (taken: readonly TakenPosition[]) => void): void {
    this.at(queue).attachTaker(taker, listed)
  }

  detachTaker(queue: number, taker: Taker): void {
    this.at(queue).detachTaker(taker)
  }

  queuesOf(filter: string): readonly number[] {
    return this.reach(parseFilter(filter)?.filter ?? filter)
  }

  async read(
    queue: number,
    from: number,
    filters: readonly ReadFilter[],
  ): Promise<Covered & Readonly<{ gap: boolean }>> {
    const { delivery, gap } = await this.ask<deliver.ReadAnswer>(queue, (id, { reads }) =>
      reads.push({ id, queue, from, filters: [...filters], ...readLimits }),
    )
    if (delivery === undefined) return { queue, first: from, last: from - 1, messages: [], gap }
    const { first, last, baseTimeMs, records } = delivery
    return { queue, first, last, messages: messagesOf(queue, records, first, baseTimeMs), gap }
  }

  async retained(
    queue: number,
    filter: string,
    through: number,
    afterTopic: string,
  ): Promise<Readonly<{ messages: readonly Message[]; nextAfterTopic: string }>> {
    const { records, baseTimeMs, nextAfterTopic } = await this.ask<deliver.RetainedAnswer>(
      queue,
      (id, { retainedReads }) => retainedReads.push({ id, queue, filter, through, afterTopic }),
    )
    return { messages: messagesOf(queue, records, 0, baseTimeMs), nextAfterTopic }
  }

  private at(queue: number): QueueChannel {
    return this.channels[queue] as QueueChannel
  }

  /** The queues that a filter can reach: an exact one is a topic. */
  private reach(filter: string): number[] {
    const wildcard = filter.includes('+') || filter.includes('#')
    return wildcard ? this.channels.map((_, queue) => queue) : [this.queueOf(filter)]
  }

  private startOf(queue: number, filter: string): Promise<number> {
    const channel = this.at(queue)
    const { attachment } = channel
    return new Promise((resolve) => {
      const timer = this.clock.after(startWithin, () => {
        if (channel.position < -1) return
        channel.restate(attachment)
        resolve(channel.position)
      })
      channel.addInterest(++this.asked, filter, (position) => {
        timer.cancel()
        resolve(position)
      })
    })
  }

  private ask<Answer>(queue: number, put: (id: number, request: link.LinkRequest) => void): Promise<Answer> {
    const id = ++this.asked
    return new Promise((answered) => this.at(queue).ask({ id, put: (request) => put(id, request), answered }))
  }

  private pushed({ clientId, push }: home.HomePush): void {
    const connection = push?.value.connection
    if (connection === undefined) return
    if (push?.$case === 'disconnected') this.listener.disconnected(clientId, { ...push.value, connection })
    else this.listener.superseded(clientId, connection)
  }
}

const messagesOf = (queue: number, records: Uint8Array, base: number, baseTimeMs: number): Message[] =>
  [...unpack(records, base, baseTimeMs)].map((record) => ({ queue, ...record }))
