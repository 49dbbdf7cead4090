import { type Packet, serverPackets } from '@tern/mqtt/testing'
import { home } from '@tern/proto'
import { silentLogger } from '@tern/runtime'
import { noTracer } from '@tern/telemetry'
import { WildcardShapes } from '../../core/connection/held-filters.ts'
import { ProxyCounters } from '../../core/counters.ts'
import { FanOut } from '../../core/delivery/fan-out.ts'
import { silentLedger } from '../../core/ledger/ledger.ts'
import { GroupHub } from '../../core/shared/group-hub.ts'
import type { AppendResult, OutgoingRecord, Region } from '../../ports.ts'
import type { ClientSocket, ClientSocketListener } from '../net/client-socket.ts'
import { ClientConnection } from './client-connection.ts'
import { Connections } from './connections.ts'
import type { Context } from './context.ts'

/** Virtual time: what is due happens when the test lets it pass. */
class FakeClock {
  private time = 0
  private due: { at: number; task: () => void }[] = []
  readonly now = () => this.time
  readonly soon = (task: () => void) => void this.due.push({ at: this.time, task })
  readonly after = (ms: number, task: () => void) => {
    const entry = { at: this.time + ms, task }
    this.due.push(entry)
    const cancel = () => {
      this.due = this.due.filter((each) => each !== entry)
    }
    return { cancel }
  }

  /** Everything that becomes due, in its order, and what promises lead to. */
  async pass(ms: number): Promise<void> {
    const until = this.time + ms
    for (;;) {
      for (let i = 0; i < 20; i++) await Promise.resolve()
      const next = Math.min(...this.due.map(({ at }) => at))
      if (next > until) break
      this.time = Math.max(this.time, next)
      const ready = this.due.filter(({ at }) => at <= next)
      this.due = this.due.filter(({ at }) => at > next)
      for (const { task } of ready) task()
    }
    this.time = until
  }
}

/** A client's socket, held from the client's side. */
export class FakeSocket implements ClientSocket {
  readonly peer = '10.0.0.1:5'
  readonly sent: Buffer[] = []
  paused = false
  closed = false
  /** What the client has not read. */
  pending = 0
  private listener: ClientSocketListener | undefined
  private readonly held: Buffer[] = []
  listen(listener: ClientSocketListener): void {
    this.listener = listener
  }
  write(bytes: Buffer): void {
    this.sent.push(Buffer.from(bytes))
    this.pending += bytes.length
  }
  pendingBytes(): number {
    return this.pending
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
    while (!this.paused && this.held.length > 0) this.listener?.data(this.held.shift() as Buffer)
  }
  end(): void {
    this.closed = true
  }
  destroy(): void {
    this.closed = true
  }
  /** The client sends, and reads all that it was answered. */
  receive(...bytes: (readonly number[] | Uint8Array)[]): void {
    this.pending = 0
    this.pour(...bytes)
  }
  /** The client sends, and reads nothing. */
  pour(...bytes: (readonly number[] | Uint8Array)[]): void {
    this.held.push(...bytes.map((each) => Buffer.from(each)))
    if (!this.paused) this.resume()
  }
  drain(): void {
    this.pending = 0
    this.listener?.drain()
  }
  get packets(): Packet[] {
    return serverPackets(this.sent, 5)
  }
}

/** A region of one queue, whose answers the test gives. */
export class FakeRegion {
  readonly appended: { record: OutgoingRecord; answer: (result: AppendResult) => void }[] = []
  readonly calls: NonNullable<home.HomeCall['call']>[] = []
  /** How many hold each filter. */
  readonly interests = new Map<string, number>()
  readonly joined: { group: string; afterCall: NonNullable<home.HomeCall['call']>['$case'] | undefined }[] = []
  full = false
  /** What a shared subscription is refused with. */
  groupRefusal: number | undefined
  status: home.HomeStatus = home.HomeStatus.OK
  private readonly waiting: (() => void)[] = []

  /** There is room in the queue again. */
  makeRoom(): void {
    this.full = false
    for (const then of this.waiting.splice(0)) then()
  }

  private held(filter: string, by: 1 | -1): void {
    this.interests.set(filter, (this.interests.get(filter) ?? 0) + by)
  }

  readonly region: Region = {
    ...{ proxy: 1, queues: 1, queueOf: () => 0, listen() {}, next: () => 0 },
    append: (_, record, answer) => void this.appended.push({ record, answer }),
    hasRoom: () => !this.full,
    whenRoom: (_, then) => void this.waiting.push(then),
    openExchanges: async () => new Map(),
    publishedThrough: async () => 0,
    callHome: async (_, call) => {
      this.calls.push(call)
      const connection = { epoch: 1, counter: this.calls.length }
      const opened = home.SessionOpened.fromPartial({ connection, session: connection })
      return home.HomeAnswer.fromPartial({ status: this.status, ...(call.$case === 'open' && { opened }) })
    },
    addInterest: async (filter) => {
      this.held(filter, 1)
      return []
    },
    removeInterest: (filter) => this.held(filter, -1),
    makeGroup: async () => this.groupRefusal,
    joinGroup: async (group) => void this.joined.push({ group, afterCall: this.calls.at(-1)?.$case }),
    settleLease() {},
    returnLease() {},
    takeLease: async () => 'refused',
    endTaken: async () => {},
    attachTaker: (_, __, listed) => listed([]),
    detachTaker() {},
    queuesOf: () => [0],
    read: async (queue, from) => ({ queue, first: from, last: from - 1, messages: [], gap: false }),
    retained: async () => ({ messages: [], nextAfterTopic: '' }),
  }
}

export function setUp(tracer = noTracer) {
  const clock = new FakeClock()
  const fake = new FakeRegion()
  const counters = new ProxyCounters()
  const connections = new Connections(clock, silentLogger, counters)
  const { region } = fake
  const groups = new GroupHub(region)
  const context: Context = {
    ...{ region, groups, connections, counters, clock, shapes: new WildcardShapes(), fanOut: new FanOut(counters) },
    logger: silentLogger,
    tracer,
    ledger: silentLedger,
    drawId: () => 'drawn',
  }
  const connect = () => {
    const socket = new FakeSocket()
    return { socket, connection: new ClientConnection(socket, context) }
  }
  return { clock, fake, connections, counters, connect, context }
}

/** CONNECT of MQTT 5, clean start, client id "c". */
export function connectBytes({ keepAlive = 10, expirySeconds = 0, will = false } = {}): number[] {
  const body = [
    ...[0, 4, 0x4d, 0x51, 0x54, 0x54, 5, will ? 0x0e : 2, keepAlive >> 8, keepAlive & 0xff],
    ...(expirySeconds > 0 ? [5, 0x11, 0, 0, 0, expirySeconds] : [0]),
    ...[0, 1, 0x63],
    ...(will ? [0, 0, 1, 0x77, 0, 1, 0x78] : []),
  ]
  return [0x10, body.length, ...body]
}
/** PUBLISH to topic "a" without a payload. */
export const publishBytes = (qos: 0 | 1 | 2, packetId = 1): number[] =>
  qos === 0 ? [0x30, 4, 0, 1, 0x61, 0] : [0x30 | (qos << 1), 6, 0, 1, 0x61, packetId >> 8, packetId & 0xff, 0]
/** SUBSCRIBE to "$share/g/a" at QoS 2. */
export const subscribeSharedBytes = [0x82, 16, 0, 1, 0, 0, 10, ...Buffer.from('$share/g/a'), 2]
/** SUBSCRIBE to "a" at QoS 1. */
export const subscribeBytes = [0x82, 7, 0, 1, 0, 0, 1, 0x61, 1]
