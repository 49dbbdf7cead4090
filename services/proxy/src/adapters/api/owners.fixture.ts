import { matches } from '@tern/mqtt'
import { control, envelope, scan } from '@tern/proto'
import { encodeBody, encodeEnvelope, PackedWriter } from '@tern/record'
import { applyRoutes, emptyRouteTable, partitionOf, type RouteTable, type RouteWatcher } from '@tern/routing'
import { type RpcServer, rpcError, startServer, unaryHandler } from '@tern/rpc'
import { systemClock } from '@tern/runtime'
import type { Region } from '../../ports.ts'
import { Scans } from '../region/scans.ts'
import type { Looking } from './call.ts'

type Stored = Readonly<{ topic: string; timeMs: number; body: Buffer }>
type Wanted = (stored: Stored) => boolean

/** Positions that one call looks at: little, so that answers come in parts. */
const positionsPerCall = 7

/** Brokers of which each owns some queues and answers for them over gRPC; what they hold, all of them hold. */
export class FakeOwners {
  readonly logs: Stored[][]
  readonly starts: number[]
  readonly retained = new Map<string, Stored>()
  readonly scans: Scans
  /** How far each publisher has come. */
  readonly published = new Map<string, number>()
  /** Of what was appended by the region. */
  readonly envelopes: envelope.Envelope[] = []
  /** Calls that looked into queues. */
  calls = 0
  /** Answers RESOURCE_EXHAUSTED. */
  busy = false
  private readonly servers: (RpcServer | undefined)[] = []
  private readonly owners: number[]
  private table: RouteTable = emptyRouteTable
  private revision = 0
  private readonly changed: ((table: RouteTable) => void)[] = []
  private grown: (() => void)[] = []

  private constructor(queues: number) {
    this.logs = Array.from({ length: queues }, () => [])
    this.starts = this.logs.map(() => 0)
    this.owners = this.logs.map((_, queue) => queue % 2)
    const routes: RouteWatcher = {
      table: () => this.table,
      onChange: (listener) => void this.changed.push(listener),
      onDied() {},
      stop() {},
    }
    this.table = applyRoutes(emptyRouteTable, {
      snapshot: true,
      revision: 0,
      queues,
      routes: [],
      members: [],
      died: [],
    })
    this.scans = new Scans({ routes, clock: systemClock })
  }

  static async start(queues: number): Promise<FakeOwners> {
    const owners = new FakeOwners(queues)
    for (let broker = 0; broker < 3; broker++) owners.servers.push(await owners.serve(broker))
    owners.tell()
    return owners
  }

  looking(): Looking {
    const tokens = {
      write: (state: Uint8Array, question: string) => `${Buffer.from(state).toString('base64url')} ${question}`,
      read(token: string, question: string) {
        const [state = '', ...rest] = token.split(' ')
        if (rest.join(' ') !== question) throw new Error('of another question')
        return Buffer.from(state, 'base64url')
      },
    }
    const traceIds = { traceIdOf: (queue: number, position: number) => `trace ${queue}-${position}` }
    return { scans: this.scans, clock: systemClock, traceIds, tokens }
  }

  /** Stored at the time in the queue of the topic. */
  publish(topic: string, payload: string, timeMs = Date.now(), fields: Partial<envelope.Envelope> = {}): number {
    const header = encodeEnvelope(envelope.Envelope.create({ clientId: 'c', qos: 1, ...fields }))
    const body = encodeBody(Buffer.from(topic), Buffer.from(payload), [['tern', header]])
    const log = this.logs[partitionOf(topic, this.logs.length)]
    log?.push({ topic, timeMs, body })
    if (fields.retain && payload !== '') this.retained.set(topic, { topic, timeMs, body })
    else if (fields.retain) this.retained.delete(topic)
    for (const wake of this.grown.splice(0)) wake()
    return (log?.length ?? 0) - 1
  }

  /** The region as a proxy publishes to it. */
  region(): Region {
    const region: Pick<Region, 'queues' | 'queueOf' | 'hasRoom' | 'append' | 'publishedThrough'> = {
      queues: this.logs.length,
      queueOf: (topic) => this.scans.queueOf(topic),
      hasRoom: () => true,
      publishedThrough: async (publisher) => this.published.get(publisher) ?? 0,
      append: (_, record, answer) => {
        this.envelopes.push(record.envelope)
        const position = this.publish(record.topic ?? '', String(record.payload), Date.now(), record.envelope)
        answer({ verdict: 'stored', position })
      },
    }
    return region as Region
  }

  /** The queue is another broker's from now on. */
  move(queue: number, broker: number): void {
    this.owners[queue] = broker
    this.tell()
    for (const wake of this.grown.splice(0)) wake()
  }

  /** The broker is gone at once; who its queues go to is said later. */
  kill(broker: number): void {
    this.servers[broker]?.stop()
    this.servers[broker] = undefined
  }

  stop(): void {
    this.scans.stop()
    for (const server of this.servers) server?.stop()
  }

  private tell(): void {
    this.revision++
    const members = this.servers.map((server, broker) => ({
      incarnation: broker + 1,
      kind: control.MemberKind.BROKER,
      zone: 'az-a',
      address: server?.address ?? '127.0.0.1:1',
      nonce: 'n',
      draining: false,
      detail: undefined,
    }))
    const routes = this.owners.map((broker, queue) => ({ queue, epoch: this.revision, broker: broker + 1 }))
    const { revision } = this
    const update = { snapshot: true, revision, queues: this.logs.length, routes, members, died: [] }
    this.table = applyRoutes(emptyRouteTable, update)
    for (const listener of this.changed) listener(this.table)
  }

  private serve(broker: number): Promise<RpcServer> {
    const owns = (queue: number) => this.owners[queue] === broker
    const implementation: scan.ScanServiceServer = {
      locate: unaryHandler(({ queues, timesMs }: scan.LocateRequest) => ({
        extents: queues.map((queue) => this.extentOf(queue, timesMs, owns(queue))),
      })),
      readRecords: unaryHandler(({ queue, positions }: scan.ReadRecordsRequest) => ({
        notOwner: !owns(queue),
        records: positions.map((position) => this.recordAt(queue, position)),
      })),
      scan: unaryHandler((request: scan.ScanRequest, signal) => this.scan(request, owns, signal)),
      scanRetained: unaryHandler((request: scan.ScanRetainedRequest) => ({
        parts: request.queues.map((queue) => this.retainedIn(queue, request, owns(queue))),
      })),
    }
    return startServer('127.0.0.1:0', [{ definition: scan.ScanServiceService, implementation }])
  }

  private retainedIn(
    queue: number,
    { filter, afterTopic, recordsMax }: scan.ScanRetainedRequest,
    isOwner: boolean,
  ): scan.RetainedPart {
    const own = [...this.retained.values()]
      .filter(({ topic }) => partitionOf(topic, this.logs.length) === queue && matches(filter, topic))
      .filter(({ topic }) => Buffer.compare(Buffer.from(topic), Buffer.from(afterTopic)) > 0)
      .sort((a, b) => Buffer.compare(Buffer.from(a.topic), Buffer.from(b.topic)))
    const page = own.slice(0, recordsMax)
    const writer = new PackedWriter(0, 0)
    for (const { timeMs, body } of page) writer.add(0, timeMs, body)
    const nextAfterTopic = page.length < own.length ? (page.at(-1)?.topic ?? '') : ''
    return { queue, notOwner: !isOwner, count: writer.count, baseTimeMs: 0, records: writer.finish(), nextAfterTopic }
  }

  private extentOf(queue: number, timesMs: number[], isOwner: boolean): scan.QueueExtent {
    const log = this.logs[queue] ?? []
    const positions = timesMs.map((timeMs) => {
      const found = log.findIndex((stored) => stored.timeMs >= timeMs)
      return found < 0 ? log.length : Math.max(found, this.starts[queue] ?? 0)
    })
    return { queue, notOwner: !isOwner, start: this.starts[queue] ?? 0, end: log.length, positions }
  }

  private recordAt(queue: number, position: number): scan.ReadRecord {
    const { MESSAGE, FUTURE, PASSED } = scan.RecordVerdict
    const stored = this.logs[queue]?.[position]
    if (stored === undefined) return scan.ReadRecord.fromPartial({ verdict: FUTURE })
    if (position < (this.starts[queue] ?? 0)) return scan.ReadRecord.fromPartial({ verdict: PASSED })
    return { verdict: MESSAGE, timeMs: stored.timeMs, body: stored.body, voidReason: 0 }
  }

  private async scan(
    request: scan.ScanRequest,
    owns: (queue: number) => boolean,
    signal: AbortSignal,
  ): Promise<scan.ScanResponse> {
    this.calls++
    if (this.busy) throw rpcError('RESOURCE_EXHAUSTED', 'busy')
    const look = () => request.parts.map((part) => this.look(part, request, owns(part.queue)))
    let parts = look()
    const until = Date.now() + request.waitMs
    const isIdle = () => parts.every(({ count, notOwner, done }) => count === 0 && !notOwner && done)
    while (request.waitMs > 0 && isIdle() && Date.now() < until && !signal.aborted) {
      await new Promise<void>((resolve) => void this.grown.push(resolve))
      parts = look()
    }
    return { parts }
  }

  private look({ queue, from, until }: scan.ScanPart, request: scan.ScanRequest, isOwner: boolean): scan.ScannedPart {
    const log = this.logs[queue] ?? []
    const start = this.starts[queue] ?? 0
    const { backwards, conditions, recordsMax } = request
    const low = backwards ? Math.max(until ?? 0, start, from - positionsPerCall) : Math.max(from, start)
    const high = backwards ? from : Math.min(until ?? log.length, log.length, low + positionsPerCall)
    const wanted: Wanted = ({ topic, timeMs }) =>
      (conditions?.filter === '' || matches(conditions?.filter ?? '#', topic)) &&
      timeMs >= (conditions?.fromTimeMs ?? 0) &&
      timeMs < (conditions?.untilTimeMs || Number.POSITIVE_INFINITY)
    const positions = Array.from({ length: Math.max(0, high - low) }, (_, i) => low + i)
    const ordered = backwards ? positions.toReversed() : positions
    const fitting = ordered.filter((position) => wanted(log[position] as Stored))
    const found = fitting.slice(0, recordsMax)
    const last = fitting.length > found.length ? found.at(-1) : undefined
    const next = last === undefined ? (backwards ? low : high) : backwards ? last : last + 1
    const writer = new PackedWriter(0, 0)
    for (const position of found.toSorted((a, b) => a - b)) {
      const { timeMs, body } = log[position] as Stored
      writer.add(position, timeMs, body)
    }
    return {
      ...{ queue, notOwner: !isOwner, next: isOwner ? next : from, gap: !backwards && from < start },
      timeMs: log[backwards ? next : next - 1]?.timeMs ?? 0,
      done: backwards ? next <= Math.max(until ?? 0, start) : next >= Math.min(until ?? log.length, log.length),
      ...{ lookedAt: Math.abs(next - from), end: log.length, count: isOwner ? writer.count : 0, basePosition: 0 },
      ...{ baseTimeMs: 0, records: isOwner ? writer.finish() : Buffer.alloc(0), voidPositions: [], leftOut: 0 },
    }
  }
}
