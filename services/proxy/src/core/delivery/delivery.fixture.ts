import { type AckPacket, type AckType, matches, type ProtocolVersion, parseFilter } from '@tern/mqtt'
import { type IPublishPacket, type Packet, serverPackets } from '@tern/mqtt/testing'
import { envelope, state } from '@tern/proto'
import { encodeBody, encodeEnvelope, entryKind, readBody } from '@tern/record'
import type { Clock } from '@tern/runtime'
import type { Covered, Message, ReadFilter, Region, TakenPosition } from '../../ports.ts'
import { ProxyCounters } from '../counters.ts'
import { Ledger, silentLedger } from '../ledger/ledger.ts'
import { GroupHub } from '../shared/group-hub.ts'
import { Delivery } from './delivery.ts'
import type { DeliveryOptions } from './delivery-options.ts'
import { FanOut } from './fan-out.ts'

/** One queue in memory: what is published is covered when the test says so, and read back page by page. */
export class FakeQueue {
  readonly messages: Message[] = []
  covered = 0
  pageMax = 3
  reads = 0
  /** What it is when messages are covered. */
  now = 0
  readonly counters = new ProxyCounters()
  readonly fanOut: FanOut
  readonly groups: GroupHub
  readonly region: Region
  readonly settled: number[] = []
  readonly returned: number[] = []
  /** Takes that are not answered yet. */
  readonly takes: { position: number; answer: (verdict: 'taken' | 'refused' | 'superseded') => void }[] = []
  /** Ends of taken records that are not durable yet. */
  readonly ends: { group: string; position: number; durable: () => void }[] = []
  /** What the owner says to a session that attaches. */
  taken: TakenPosition[] = []
  list: ((taken: readonly TakenPosition[]) => void) | undefined

  constructor() {
    const unused = (): never => {
      throw new Error('not used here')
    }
    this.region = {
      proxy: 1,
      queues: 1,
      queueOf: () => 0,
      listen() {},
      append: unused,
      hasRoom: () => true,
      whenRoom: unused,
      publishedThrough: unused,
      openExchanges: unused,
      callHome: unused,
      addInterest: unused,
      removeInterest() {},
      next: () => this.covered,
      read: async (_, from, filters) => this.read(from, filters),
      retained: unused,
      makeGroup: async () => undefined,
      joinGroup: async () => {},
      settleLease: (_, __, position) => void this.settled.push(position),
      returnLease: (_, __, position) => void this.returned.push(position),
      takeLease: (_, __, position) => new Promise((answer) => void this.takes.push({ position, answer })),
      endTaken: (_, group, position) => new Promise((durable) => void this.ends.push({ group, position, durable })),
      attachTaker: (_, __, listed) => {
        this.list = listed
        listed(this.taken)
      },
      detachTaker() {},
      queuesOf: () => [0],
    }
    this.fanOut = new FanOut(this.counters)
    this.groups = new GroupHub(this.region)
  }

  /** Appends messages without telling anybody. */
  append(...texts: (string | [text: string, fields: Partial<envelope.Envelope> & { topic?: string }])[]): void {
    for (const each of texts) {
      const [text, { topic = 't', ...fields }] = typeof each === 'string' ? [each, {}] : each
      const header = encodeEnvelope(envelope.Envelope.create({ clientId: 'publisher', qos: 1, ...fields }))
      const body = encodeBody(Buffer.from(topic), Buffer.from(text), [['tern', header]])
      this.messages.push({ queue: 0, position: this.messages.length, timeMs: 0, body })
    }
  }

  /** Lets the live range come up to the end. */
  cover(): void {
    const first = this.covered
    this.covered = this.messages.length
    if (this.covered === first) return
    const messages = this.messages.slice(first)
    this.fanOut.covered({ queue: 0, first, last: this.covered - 1, messages }, this.now)
  }

  publish(...texts: Parameters<FakeQueue['append']>): void {
    this.append(...texts)
    this.cover()
  }

  private read(from: number, filters: readonly ReadFilter[]): Covered & { gap: boolean } {
    this.reads++
    const last = Math.min(this.messages.length, from + this.pageMax) - 1
    const messages = this.messages.slice(from, last + 1).filter((message) => {
      const topic = String(readBody(message.body, 0, message.body.length).key)
      const wants = ({ filter, start }: ReadFilter) => message.position > start && matches(filter, topic)
      return filters.length === 0 || filters.some(wants)
    })
    return { queue: 0, first: from, last, messages, gap: false }
  }
}

/** A ledger that keeps what it is told; its time is the test's. */
export function keptLedger(): Readonly<{ ledger: Ledger; time: { us: number }; told: () => (string | number)[][] }> {
  const time = { us: 1 }
  const ledger = new Ledger({
    microseconds: () => time.us,
    drawContext: () => ({ traceId: 'd'.repeat(32), spanId: '0'.repeat(16) }),
    wake() {},
    full() {},
  })
  const names = Object.keys(entryKind)
  const told = () =>
    Array.from({ length: ledger.ring.count }, (_, i) => {
      const { kinds, positions, names: of, attempts, reasons, codes } = ledger.ring
      return [names[kinds[i]!]!, positions[i]!, of[i]!, attempts[i]!, codes[i]! || reasons[i]!]
    })
  return { ledger, time, told }
}

export type Client = Readonly<{
  delivery: Delivery
  /** Everything sent so far, decoded. */
  packets(): Packet[]
  publishes(): IPublishPacket[]
  texts(): string[]
  ack(type: AckType, packetId: number, reasonCode?: number): number | undefined
  /** Journal writes that are not durable yet. */
  journal: { entries: state.JournalEntry[]; done: (ok: boolean) => void }[]
  time: { now: number }
  socket: { writable: boolean }
  subscribe(filter: string, fields?: Partial<state.Subscription>): void
}>

export function client(queue: FakeQueue, options: Partial<DeliveryOptions> = {}): Client {
  const sent: Buffer[] = []
  const journal: Client['journal'] = []
  const time = { now: 0 }
  const socket = { writable: true }
  const clock: Clock = {
    now: () => time.now,
    after: () => ({ cancel() {} }),
    soon: (task) => queueMicrotask(task),
  }
  const number = { epoch: 1, counter: 1 }
  const version: ProtocolVersion = options.version ?? 5
  const delivery = new Delivery({
    ...{ fanOut: queue.fanOut, groups: queue.groups, region: queue.region, clock, clientId: 'subscriber', version },
    ...{ ledger: silentLedger, counters: queue.counters },
    ...{ receiveMaximum: 65_535, packetBytesMax: Number.POSITIVE_INFINITY, topicAliasMaximum: 0 },
    ...{ journalled: false, journal: [], present: false },
    send: (bytes) => void sent.push(Buffer.from(bytes)),
    writable: () => socket.writable,
    writeJournal: (entries, done) => void journal.push({ entries, done }),
    checkpointWanted() {},
    onGap() {},
    onSuperseded() {},
    taker: { clientId: 'subscriber', session: number, connection: number, clean: options.journalled !== true },
    ...options,
  })
  const packets = () => serverPackets(sent, version)
  const publishes = () => packets().filter((packet): packet is IPublishPacket => packet.cmd === 'publish')
  return {
    ...{ delivery, packets, publishes, journal, time, socket },
    texts: () => publishes().map(({ payload }) => String(payload)),
    ack: (type, packetId, reasonCode = 0) =>
      delivery.acked({ type, packetId, reasonCode, properties: {} } as AckPacket),
    subscribe(filter, fields = {}) {
      const starts = [{ queue: 0, position: queue.covered - 1 }]
      const subscription = state.Subscription.create({ filter, qos: 2, starts, ...fields })
      if (parseFilter(filter)?.share === undefined) delivery.subscribe(subscription, starts)
      else void delivery.subscribeShared({ ...subscription, starts: [] })
    },
  }
}

/** All that promises lead to has happened: no chain of them here is longer. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}
