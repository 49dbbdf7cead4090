import { clients, inspect, proxy } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { messageIdOf } from '@tern/telemetry'
import { parseClientFilter } from '../../core/admin/client-filter.ts'
import { badField } from '../../core/api/refusal.ts'
import { type Admin, pageSizeOf, stateOf, timestamp, timestampUnless0, tokenOf } from './admin-context.ts'
import { clientPage, clientsOf, listClients, sessionsOf } from './client-pages.ts'
import { listQueued, queuedOf } from './queued.ts'
import { homeUnreachable, qosOf, sessionOf } from './sessions.ts'
import { willOf } from './will.ts'

const { InspectServiceService: homes } = inspect
const { ProxyServiceService: proxies } = proxy

const idsMax = 1_000
const matchedMax = 10_000
const administrativeAction = 0x98

/** Sessions and connections, of all zones. */
export function clientService(admin: Admin): PublicService {
  return publicService(clients.ClientServiceService, {
    listClients: (request) => listClients(request, admin),
    getClient: (request) => getClient(request, admin),
    listInflight: (request) => listInflight(request, admin),
    listQueued: (request) => listQueued(request, admin),
    listClientEvents: (request) => listClientEvents(request, admin),
    disconnectClients: (request) => disconnectClients(request, admin),
    deleteSession: (request) => deleteSession(request, admin),
  })
}

async function getClient({ clientId }: clients.GetClientRequest, admin: Admin): Promise<clients.GetClientResponse> {
  const session = await sessionOf(clientId, admin)
  const summary = session.summary as inspect.SessionSummary
  const [shown] = await clientsOf([summary], admin, new Set())
  const client = shown?.client
  if (client !== undefined) {
    client.queued = await queuedOf(session, admin)
    if (session.will !== undefined) client.will = willOf(session.will)
  }
  const subscriptions = [...session.subscriptions, ...(await subscriptionsElsewhere(summary, admin))]
  return {
    client,
    subscriptions: subscriptions.map(({ filter, qos, noLocal, retainAsPublished, retainHandling, identifier }) => ({
      ...{ topicFilter: filter, qos: qosOf(qos), noLocal, retainAsPublished, retainHandling, identifier },
    })),
  }
}

/** Those that end with the connection are known to its proxy alone. */
async function subscriptionsElsewhere(
  { clientId, proxy: at, subscriptions }: inspect.SessionSummary,
  { members }: Admin,
) {
  const member = members.get(at)
  if (member === undefined || subscriptions > 0) return []
  const answer = members.ask(member, proxies.describeConnections, { clientIds: [clientId] })
  return (await answer.catch(() => undefined))?.subscriptions ?? []
}

async function listInflight(
  { clientId }: clients.ListInflightRequest,
  admin: Admin,
): Promise<clients.ListInflightResponse> {
  const { summary, cursor, journal } = await sessionOf(clientId, admin)
  const at = admin.members.get(summary?.proxy ?? 0)
  if (at !== undefined && summary?.disconnectedAtMs === undefined) {
    const { connected, entries } = await admin.members.ask(at, proxies.listInflight, { clientId })
    if (connected) return { inflight: entries.map(inflightOf) }
  }
  const kept = [...(cursor?.inFlight ?? []), ...journal].map(({ packetId, queue, position, qos, phase }) => ({
    ...{ packetId, queue, position, qos, received: phase === 2, writtenAtMs: 0, attempts: 1, waiting: false },
  }))
  return { inflight: kept.map(inflightOf) }
}

function inflightOf({ packetId, queue, position, qos, received, writtenAtMs, attempts, waiting }: proxy.InflightEntry) {
  const awaited = qos === 1 ? 'awaiting PUBACK' : received ? 'awaiting PUBCOMP' : 'awaiting PUBREC'
  return {
    ...{ packetId, messageId: messageIdOf(queue, position), qos: qosOf(qos), attempts },
    state: waiting ? 'awaiting ack' : awaited,
    writtenAt: timestampUnless0(writtenAtMs),
  }
}

async function listClientEvents(
  { clientId, pageSize, pageToken }: clients.ListClientEventsRequest,
  { members, tokens }: Admin,
): Promise<clients.ListClientEventsResponse> {
  const limit = pageSizeOf(pageSize)
  const question = `ListClientEvents ${clientId}`
  /** By incarnation: the number below which each proxy goes on. */
  const state = stateOf<Record<string, number>>(tokens, pageToken, question, {})
  const gathered = await members.gather(members.proxies(), proxies.listClientEvents, ({ incarnation }) => ({
    ...{ clientId, before: state[incarnation] ?? 0, limit },
  }))
  const all = gathered.answered.flatMap(({ member, answer }) => answer.events.map((event) => ({ member, event })))
  all.sort((a, b) => b.event.timeMs - a.event.timeMs || b.event.number - a.event.number)
  const page = all.slice(0, limit)
  for (const { member, event } of page) state[member.incarnation] = event.number
  const more = all.length > limit || gathered.answered.some(({ answer }) => answer.more)
  return {
    events: page.map(({ member: { name, zone }, event }) => ({
      time: timestamp(event.timeMs),
      ...{ clientId: event.clientId, kind: event.kind, reason: event.reason, reasonCode: event.reasonCode },
      ...{ proxy: name, zone, address: event.address },
    })),
    nextPageToken: more ? tokenOf(tokens, state, question) : '',
    unreachable: [...gathered.unreachable],
  }
}

async function disconnectClients(
  request: clients.DisconnectClientsRequest,
  admin: Admin,
): Promise<clients.DisconnectClientsResponse> {
  const { filter, validateOnly, reason } = request
  const reasonCode = request.reasonCode || administrativeAction
  if (reasonCode < 0x80 || reasonCode > 0xff)
    throw badField(
      'reason_code',
      'FIELD_INVALID',
      `is ${reasonCode}; give an MQTT reason code of a refusal, 128 to 255`,
    )
  const clientIds = [...new Set(request.clientIds)]
  if (clientIds.length > idsMax)
    throw badField('client_ids', 'FIELD_INVALID', `has ${clientIds.length} ids; give at most ${idsMax}`)
  if (clientIds.length > 0 === (filter !== ''))
    throw badField('client_ids', 'FIELD_INVALID', 'or filter is wanted: one of them, not both')
  const unreachable = new Set<string>()
  const wanted = filter === '' ? clientIds : await matchedBy(filter, admin, unreachable)
  const told: string[] = []
  for (let from = 0; from < wanted.length; from += idsMax) {
    const part = wanted.slice(from, from + idsMax)
    if (validateOnly) {
      const sessions = await sessionsOf(part, admin, unreachable)
      told.push(...sessions.filter(isConnected).map(({ summary }) => summary?.clientId ?? ''))
    } else told.push(...(await disconnect(part, reasonCode, reason, admin)))
  }
  const connected = new Set(told)
  const notConnected = filter === '' ? wanted.filter((clientId) => !connected.has(clientId)) : []
  return { disconnected: told.length, notConnected }
}

const isConnected = ({ summary }: inspect.SessionState): boolean => summary?.disconnectedAtMs === undefined

async function disconnect(clientIds: string[], reasonCode: number, reason: string, { members }: Admin) {
  const words = reason === '' ? 'disconnected by an operator' : reason.slice(0, 1_024)
  const asked = { clientIds, reasonCode, reason: words }
  const { answered } = await members.gather(members.brokers(), homes.disconnect, () => asked)
  return answered.flatMap(({ answer }) => answer.told)
}

/** Connected ones that the filter leaves, at most 10,000. */
async function matchedBy(filter: string, admin: Admin, unreachable: Set<string>): Promise<string[]> {
  const wanted = parseClientFilter(filter)
  const found: string[] = []
  let next: string | undefined = ''
  while (next !== undefined && found.length < matchedMax) {
    const page = await clientPage(wanted, next, Math.min(idsMax, matchedMax - found.length), admin)
    const { CONNECTED } = clients.ClientState
    found.push(...page.found.filter(({ state }) => state === CONNECTED).map(({ clientId }) => clientId))
    for (const name of page.unreachable) unreachable.add(name)
    next = page.next
  }
  return found
}

async function deleteSession({ clientId }: clients.DeleteSessionRequest, admin: Admin) {
  await sessionOf(clientId, admin)
  const owner = admin.members.ownerOf(admin.context.region.queueOf(clientId))
  if (owner === undefined) throw homeUnreachable(clientId, 'nobody owns its queue')
  // Its end is durable by then: longer than others may take to tell something.
  const answer = await admin.members.ask(owner, homes.deleteSession, { clientId }, 5_000)
  if (answer.notOwner) throw homeUnreachable(clientId, owner.name)
  return {}
}
