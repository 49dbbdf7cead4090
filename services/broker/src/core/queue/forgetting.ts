import { envelope } from '@tern/proto'
import {
  type ConnectionNumber,
  isLower,
  type OpenExchange,
  type PublishedWill,
  type QueueState,
} from './queue-state.ts'

/** Clients that are asked about in one go. A client id is at most 64 KiB. */
export const suspectsMax = { clients: 1_000, bytes: 256 * 1024 } as const

/** What a queue remembers of some clients, as it was when the question began. */
export type Suspects = Readonly<{
  clientIds: string[]
  connections: Map<string, ConnectionNumber>
  exchanges: OpenExchange[]
  /** Those whose records retention took. */
  wills: Map<string, PublishedWill>
}>

/** What may not be forgotten. */
export type Kept = Readonly<{
  /** Some proxy has a connection of theirs, or a record under way. */
  clients: ReadonlySet<string>
  /** By `sessionOf`. */
  sessions: ReadonlySet<string>
  /** Clients whose home stores a will. */
  wills: ReadonlySet<string>
}>

/** All that might be forgotten, in slices; each is as the queue is when it is taken. */
export function* suspectsOf(queue: QueueState, logStart: number): Generator<Suspects> {
  let slice = noSuspects()
  let bytes = 0
  for (const clientId of clientsOf(queue, logStart)) {
    slice.clientIds.push(clientId)
    bytes += clientId.length
    if (slice.clientIds.length < suspectsMax.clients && bytes < suspectsMax.bytes) continue
    yield filled(slice, queue, logStart)
    slice = noSuspects()
    bytes = 0
  }
  if (slice.clientIds.length > 0) yield filled(slice, queue, logStart)
}

const noSuspects = (): Suspects => ({ clientIds: [], connections: new Map(), exchanges: [], wills: new Map() })

function* clientsOf({ connections, openExchanges, wills }: QueueState, logStart: number): Generator<string> {
  yield* connections.keys()
  for (const clientId of openExchanges.keys()) if (!connections.has(clientId)) yield clientId
  for (const [clientId, { position }] of wills) {
    if (position < logStart && !connections.has(clientId) && !openExchanges.has(clientId)) yield clientId
  }
}

function filled(slice: Suspects, queue: QueueState, logStart: number): Suspects {
  for (const clientId of slice.clientIds) {
    const connection = queue.connections.get(clientId)
    if (connection !== undefined) slice.connections.set(clientId, connection)
    slice.exchanges.push(...queue.exchangesOf(clientId))
    const will = queue.wills.get(clientId)
    if (will !== undefined && will.position < logStart) slice.wills.set(clientId, will)
  }
  return slice
}

/**
 * The markers that must stand in the log before anything is forgotten: with them every record that an earlier owner may still
 * write for a proxy is void by producer order, whoever its client is. `answered`: of each live proxy, the sequence up to which
 * all its records are answered; `through`: the revision of the route table that says who lives.
 */
export function settlement(
  queue: QueueState,
  answered: ReadonlyMap<number, number>,
  through: number,
): envelope.Envelope[] {
  const markers: Partial<envelope.Envelope>[] = []
  for (const [producer, { ended }] of queue.producers) {
    if (typeof producer !== 'number' || producer > through || ended || answered.has(producer)) continue
    markers.push({ endedProducer: producer })
  }
  for (const [producer, sequence] of answered) {
    const known = queue.producers.get(producer)
    if (known === undefined || known.sequence < sequence) markers.push({ producer, sequence })
  }
  markers.push({ settledThrough: through })
  return markers.map((fields) => envelope.Envelope.create(fields))
}

/** What of the suspects nobody has. */
export function withoutKept({ connections, exchanges, wills }: Suspects, kept: Kept): Suspects {
  const free = (clientId: string) => !kept.clients.has(clientId)
  const lost = exchanges.filter(({ clientId, key }) => !kept.sessions.has(sessionOf(clientId, key.session)))
  return {
    clientIds: [],
    connections: new Map([...connections].filter(([clientId]) => free(clientId))),
    exchanges: lost.filter(({ clientId }) => free(clientId)),
    wills: new Map([...wills].filter(([clientId]) => !kept.wills.has(clientId))),
  }
}

export const countOf = ({ connections, exchanges, wills }: Suspects): number =>
  connections.size + exchanges.length + wills.size

/** Forgets what has not changed since the question. */
export function forget(queue: QueueState, { connections, exchanges, wills }: Suspects): void {
  for (const [clientId, asked] of connections) {
    const known = queue.connections.get(clientId)
    if (known !== undefined && !isLower(asked, known)) queue.connections.delete(clientId)
  }
  for (const { clientId, key, position } of exchanges) queue.forgetExchange(clientId, key, position)
  for (const [clientId, asked] of wills) {
    if (queue.wills.get(clientId) === asked) queue.wills.delete(clientId)
  }
}

export const sessionOf = (clientId: string, session: ConnectionNumber | undefined): string =>
  `${session?.epoch ?? 0}.${session?.counter ?? 0}/${clientId}`
