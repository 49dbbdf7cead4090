import { hexOf } from '../spans/hex.ts'
import type { SpanView } from '../spans/trace-view.ts'
import { durationOf } from '../spans/trace-view.ts'
import type { ConnectionType, CountedEdge, CountedSpan, SpanKind, SpanMetrics } from './span-metrics.ts'

const kinds: readonly SpanKind[] = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const statuses = ['UNSET', 'OK', 'ERROR'] as const

/** One side of a request, kept until the other one comes. */
type Side = Readonly<{
  service: string
  failed: boolean
  seconds: number
  traceId: string
  isMessaging: boolean
  /** Whom a client says it called. */
  peer: Readonly<{ name: string; connectionType: ConnectionType }> | undefined
  since: number
}>

/** Sides that wait, and how long. The oldest go first. */
const waitingMax = 20_000
const waitMs = 10_000
const siblingsMax = 100

/** Finds which spans are two sides of one request: a server's parent is the client's span. Each side may come first. */
export class Pairing {
  readonly #metrics: SpanMetrics
  /** Kept though its other side has come: one message goes to many consumers. */
  readonly #clients = new Map<string, { side: Side; isPaired: boolean }>()
  /** By the client that each of them waits for. */
  readonly #servers = new Map<string, Side[]>()

  constructor(metrics: SpanMetrics) {
    this.#metrics = metrics
  }

  /** `now`: milliseconds since 1970. */
  observe(view: SpanView, now: number): void {
    const kind = kinds[view.span.kind] ?? 'UNSPECIFIED'
    this.#metrics.countSpan(countedSpan(view, kind), now)
    if (kind === 'CLIENT' || kind === 'PRODUCER') this.#observeClient(view, sideOf(view, kind, now), now)
    if (kind === 'SERVER' || kind === 'CONSUMER') this.#observeServer(view, sideOf(view, kind, now), now)
    this.expire(now)
  }

  #observeClient(view: SpanView, side: Side, now: number): void {
    const key = `${view.trace.id} ${view.id}`
    const servers = this.#servers.get(key) ?? []
    this.#servers.delete(key)
    for (const server of servers) this.#metrics.countEdge(edgeOf(side, server), now)
    this.#clients.set(key, { side, isPaired: servers.length > 0 })
  }

  #observeServer(view: SpanView, side: Side, now: number): void {
    const parentId = hexOf(view.span.parentSpanId)
    if (/^0*$/.test(parentId)) {
      this.#metrics.countEdge(edgeOf(outsider(side), side, 'virtual_node'), now)
      return
    }
    const key = `${view.trace.id} ${parentId}`
    const client = this.#clients.get(key)
    if (client === undefined) {
      const waiting = this.#servers.get(key) ?? []
      this.#servers.set(key, waiting)
      // Those of one parent that never comes are one entry, which must not grow either.
      if (waiting.length < siblingsMax) waiting.push(side)
      else this.#metrics.unpaired += 1
      return
    }
    client.isPaired = true
    this.#metrics.countEdge(edgeOf(client.side, side), now)
  }

  /** Gives up on those whose other side did not come. */
  expire(now: number): void {
    for (const [key, { side, isPaired }] of this.#clients) {
      if (this.#clients.size <= waitingMax && now - side.since < waitMs) break
      this.#clients.delete(key)
      if (!isPaired) this.#giveUp(side, now)
    }
    for (const [key, sides] of this.#servers) {
      const since = sides[0]?.since ?? 0
      if (this.#servers.size <= waitingMax && now - since < waitMs) break
      this.#servers.delete(key)
      this.#metrics.unpaired += sides.length
    }
  }

  #giveUp(side: Side, now: number): void {
    if (side.peer === undefined) {
      this.#metrics.unpaired += 1
      return
    }
    const { name, connectionType } = side.peer
    this.#metrics.countEdge(edgeOf(side, { ...side, service: name }, connectionType), now)
  }
}

/** Whoever called a root and sends no spans. */
const outsider = (side: Side): Side => ({ ...side, service: side.isMessaging ? 'mqtt-client' : 'user' })

function edgeOf(client: Side, server: Side, connectionType?: ConnectionType): CountedEdge {
  const isMessaging = client.isMessaging && server.isMessaging
  return {
    client: client.service,
    server: server.service,
    connectionType: connectionType ?? (isMessaging ? 'messaging_system' : ''),
    failed: client.failed || server.failed,
    serverSeconds: server.seconds,
    clientSeconds: client.seconds,
    traceId: client.traceId,
  }
}

function textOf(view: SpanView, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = view.span.attributes.find(({ key }) => key === name)?.value?.value
    if (value?.$case === 'stringValue' && value.value !== '') return value.value
  }
  return undefined
}

function sideOf(view: SpanView, kind: SpanKind, since: number): Side {
  const database = textOf(view, 'db.namespace', 'db.name', 'db.system.name', 'db.system')
  const peer = textOf(view, 'peer.service', 'server.address', 'messaging.system')
  const named = database ?? peer
  return {
    service: serviceOf(view),
    failed: view.span.status?.code === 2,
    seconds: Number(durationOf(view.span)) / 1e9,
    traceId: view.trace.id,
    isMessaging: kind === 'PRODUCER' || kind === 'CONSUMER' || textOf(view, 'messaging.system') !== undefined,
    peer:
      named === undefined
        ? undefined
        : { name: named, connectionType: database === undefined ? 'virtual_node' : 'database' },
    since,
  }
}

const serviceOf = ({ service }: SpanView) => (service === '' ? 'unknown_service' : service)

const nameCharactersMax = 200

function countedSpan(view: SpanView, kind: SpanKind): CountedSpan {
  return {
    service: serviceOf(view),
    name: lowCardinality(view),
    kind,
    status: statuses[view.span.status?.code ?? 0] ?? 'UNSET',
    seconds: Number(durationOf(view.span)) / 1e9,
    traceId: view.trace.id,
  }
}

/** A name without what has no end of values: some put the topic or the client into it. */
function lowCardinality(view: SpanView): string {
  let name = view.span.name.slice(0, nameCharactersMax)
  const template = textOf(view, 'messaging.destination.template')
  for (const attribute of ['messaging.destination.name', 'messaging.client.id', 'messaging.message.id']) {
    const value = textOf(view, attribute)
    if (value !== undefined && value !== template) name = name.replaceAll(value, '').trim()
  }
  return name
}
