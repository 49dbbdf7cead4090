import { mergePages } from '@tern/mqtt'
import { clients, inspect, proxy } from '@tern/proto'
import { type ClientFilter, isLeft, parseClientFilter, valuesOf } from '../../core/admin/client-filter.ts'
import type { NamedMember } from '../../core/admin/member-names.ts'
import { badField } from '../../core/api/refusal.ts'
import { type Admin, pageSizeOf, stateOf, timestamp, tokenOf } from './admin-context.ts'

const { InspectServiceService: homes } = inspect
const { ProxyServiceService: proxies } = proxy

/** A filter that few fulfil is looked through for so long; the page that is told then may be short, and says how to go on. */
const lookMs = 1_000
/** Sessions that are looked at in one round when their proxies must be asked about each. */
const roundMax = 1_000
const never = 0xffff_ffff

const orders: Readonly<Record<string, proxy.ConnectionOrder>> = {
  'inflight desc': proxy.ConnectionOrder.INFLIGHT,
  'dropped desc': proxy.ConnectionOrder.DROPPED,
  'connected_at desc': proxy.ConnectionOrder.CONNECTED_AT,
  'delivered desc': proxy.ConnectionOrder.DELIVERED,
  'published desc': proxy.ConnectionOrder.PUBLISHED,
}
const topMax = 1_000

type Session = inspect.SessionSummary
type Listed = Readonly<{ found: clients.Client[]; next: string | undefined; total: number; unreachable: Set<string> }>

export async function listClients(
  request: clients.ListClientsRequest,
  admin: Admin,
): Promise<clients.ListClientsResponse> {
  const size = pageSizeOf(request.pageSize)
  const filter = parseClientFilter(request.filter)
  const { orderBy } = request
  if (orderBy !== '' && orderBy !== 'client_id') return topClients(request, size, admin)
  const question = `ListClients ${request.filter}`
  const { after } = stateOf(admin.tokens, request.pageToken, question, { after: '' })
  const { found, next, total, unreachable } = await clientPage(filter, after, size, admin)
  return {
    clients: found,
    nextPageToken: next === undefined ? '' : tokenOf(admin.tokens, { after: next }, question),
    unreachable: [...unreachable].sort(),
    totalSize: total,
  }
}

/** Clients in the order of their ids, above `after`. */
export async function clientPage(filter: ClientFilter, after: string, size: number, admin: Admin): Promise<Listed> {
  const { clock } = admin
  const until = clock.now() + lookMs
  const found: clients.Client[] = []
  const unreachable = new Set<string>()
  let total = -1
  let next: string | undefined = after
  for (let first = true; next !== undefined && found.length < size && (first || clock.now() < until); first = false) {
    const limit = filter.isHomes ? size - found.length : roundMax
    const page = await sessionPage(filter, next, limit, filter.isHomes && first, admin, unreachable)
    if (page.count >= 0) total = page.count
    const shown = await clientsOf(page.items, admin, unreachable)
    const left = shown.filter(({ client, connection }) => isLeftOver(client, connection, filter))
    next = page.next
    if (found.length + left.length > size) {
      left.length = size - found.length
      next = left.at(-1)?.client.clientId
    }
    found.push(...left.map(({ client }) => client))
  }
  return { found, next, total, unreachable }
}

async function sessionPage(
  { prefix, connected, clauses }: ClientFilter,
  after: string,
  limit: number,
  count: boolean,
  { members }: Admin,
  unreachable: Set<string>,
) {
  const wanted = clauses.filter(({ field, operator }) => operator === '=' && (field === 'zone' || field === 'proxy'))
  const here = (member: NamedMember) =>
    wanted.every(({ field, value }) => (field === 'zone' ? member.zone === value : member.name === value))
  const among = wanted.length === 0 ? [] : members.proxies().filter(here)
  const nobody = wanted.length > 0 && among.length === 0
  const wish = inspect.SessionWish.fromPartial({
    proxies: nobody ? [-1 >>> 0] : among.map(({ incarnation }) => incarnation),
    ...(connected !== undefined && { connected }),
  })
  const asked = { prefix, after, limit, wish, count }
  const gathered = await members.gatherHomes(homes.listSessions, asked, (answer) => answer.homes)
  for (const name of gathered.unreachable) unreachable.add(name)
  const told = new Set<number>()
  const pages = gathered.answered.map(({ answer: { sessions, nextAfter, homes: here } }) => {
    // A home that moved meanwhile is told by both of its brokers.
    const items = sessions.filter(({ home }) => !told.has(home))
    for (const home of here) told.add(home)
    return { items, next: nextAfter === '' ? undefined : nextAfter }
  })
  const counts = gathered.answered.map(({ answer }) => answer.count)
  const known = counts.filter((each) => each >= 0).reduce((sum, each) => sum + each, 0)
  return { ...mergePages(pages, ({ clientId }) => clientId, limit), count: count ? known : -1 }
}

type Shown = Readonly<{ client: clients.Client; connection: proxy.Connection | undefined }>

/** With what the proxies of their connections know of them. */
export async function clientsOf(
  sessions: readonly Session[],
  { members }: Admin,
  unreachable: Set<string>,
): Promise<Shown[]> {
  const byProxy = Map.groupBy(sessions, ({ proxy: incarnation }) => incarnation)
  const asked = members.proxies().filter(({ incarnation }) => byProxy.has(incarnation))
  const gathered = await members.gather(asked, proxies.describeConnections, ({ incarnation }) => ({
    clientIds: (byProxy.get(incarnation) ?? []).map(({ clientId }) => clientId),
  }))
  for (const name of gathered.unreachable) unreachable.add(name)
  const connections = new Map<string, proxy.Connection>()
  const endings = new Map<string, proxy.ClientEvent>()
  for (const { answer } of gathered.answered) {
    for (const each of answer.connections) connections.set(each.clientId, each)
    for (const each of answer.endings) endings.set(each.clientId, each)
  }
  const named = new Map(members.all().map((member) => [member.incarnation, member]))
  return sessions.map((session) => {
    const connection = session.disconnectedAtMs === undefined ? connections.get(session.clientId) : undefined
    const owner = members.ownerOf(session.home)
    const client = clientOf(session, named.get(session.proxy), owner, connection, endings.get(session.clientId))
    return { client, connection }
  })
}

function clientOf(
  session: Session,
  at: NamedMember | undefined,
  home: NamedMember | undefined,
  connection: proxy.Connection | undefined,
  ending: proxy.ClientEvent | undefined,
): clients.Client {
  const { clientId, disconnectedAtMs, expirySeconds, principal, subscriptions, home: homeQueue } = session
  const isConnected = disconnectedAtMs === undefined
  const { CONNECTED, DISCONNECTED } = clients.ClientState
  return clients.Client.fromPartial({
    ...{ clientId, principal, homeQueue, zone: at?.zone ?? '', proxy: at?.name ?? '' },
    ...{ homeBroker: home?.name ?? '', homeZone: home?.zone ?? '', queued: -1 },
    state: isConnected ? CONNECTED : DISCONNECTED,
    disconnectedAt: isConnected ? undefined : timestamp(disconnectedAtMs),
    sessionExpiry: expirySeconds === never ? undefined : timestamp(expirySeconds * 1_000),
    subscriptions: Math.max(subscriptions, connection?.subscriptions ?? 0),
    ...(connection && {
      protocol: connection.protocol,
      address: connection.address,
      connectedAt: timestamp(connection.connectedAtMs),
      keepAlive: timestamp(connection.keepAliveSeconds * 1_000),
      inflight: connection.inflight,
      receiveMaximum: connection.receiveMaximum,
      delivered: connection.delivered,
      published: connection.published,
      dropped: connection.dropped,
      cleanStart: connection.cleanStart,
    }),
    ...(ending && !isConnected && { lastReason: ending.reason, lastReasonCode: ending.reasonCode }),
  })
}

function isLeftOver(client: clients.Client, connection: proxy.Connection | undefined, filter: ClientFilter): boolean {
  const connected = client.state === clients.ClientState.CONNECTED
  return isLeft(valuesOf({ ...client, connected }, connection, client.subscriptions), filter)
}

/** The greatest ones of those that are connected: of all others the numbers are 0. */
async function topClients(
  { filter, orderBy, pageToken }: clients.ListClientsRequest,
  size: number,
  admin: Admin,
): Promise<clients.ListClientsResponse> {
  const order = Object.hasOwn(orders, orderBy) ? orders[orderBy] : undefined
  if (order === undefined) {
    const known = ['client_id', ...Object.keys(orders)].join(', ')
    throw badField('order_by', 'FIELD_INVALID', `is ${JSON.stringify(orderBy.slice(0, 40))}; give one of ${known}`)
  }
  const { members, tokens } = admin
  const question = `ListClients ${orderBy} ${filter}`
  const { skip } = stateOf(tokens, pageToken, question, { skip: 0 })
  const asked = { order, filter, limit: topMax }
  const gathered = await members.gather(members.proxies(), proxies.topConnections, () => asked)
  const unreachable = new Set(gathered.unreachable)
  const number = (client: proxy.Connection) => numberIn(client, order)
  const top = gathered.answered
    .flatMap(({ answer }) => answer.connections)
    .sort((a, b) => number(b) - number(a) || (a.clientId < b.clientId ? -1 : 1))
    .slice(0, topMax)
  const page = top.slice(skip, skip + size)
  const found = await sessionsOf(
    page.map(({ clientId }) => clientId),
    admin,
    unreachable,
  )
  const shown = await clientsOf(
    found.map(({ summary }) => summary as Session),
    admin,
    unreachable,
  )
  const byId = new Map(shown.map(({ client }) => [client.clientId, client]))
  return {
    clients: page.flatMap(({ clientId }) => byId.get(clientId) ?? []),
    nextPageToken: skip + size < top.length ? tokenOf(tokens, { skip: skip + size }, question) : '',
    unreachable: [...unreachable].sort(),
    totalSize: -1,
  }
}

function numberIn(connection: proxy.Connection, order: proxy.ConnectionOrder): number {
  const { INFLIGHT, DROPPED, CONNECTED_AT, DELIVERED } = proxy.ConnectionOrder
  if (order === INFLIGHT) return connection.inflight
  if (order === DROPPED) return connection.dropped
  if (order === CONNECTED_AT) return connection.connectedAtMs
  return order === DELIVERED ? connection.delivered : connection.published
}

/** Those of the clients that have a session, as their homes know them. */
export async function sessionsOf(
  clientIds: readonly string[],
  { members, context: { region } }: Admin,
  unreachable: Set<string>,
  whole = false,
): Promise<inspect.SessionState[]> {
  const byOwner = new Map<NamedMember, string[]>()
  const owners = new Map<number, NamedMember>()
  for (const clientId of clientIds) {
    const queue = region.queueOf(clientId)
    const owner = members.ownerOf(queue)
    if (owner === undefined) {
      unreachable.add(`queue-${queue}`)
      continue
    }
    const same = owners.get(owner.incarnation) ?? owner
    owners.set(same.incarnation, same)
    byOwner.set(same, [...(byOwner.get(same) ?? []), clientId])
  }
  const asked = (member: NamedMember) => ({ clientIds: byOwner.get(member) ?? [], whole })
  const gathered = await members.gather([...byOwner.keys()], homes.getSessions, asked)
  for (const name of gathered.unreachable) unreachable.add(name)
  return gathered.answered.flatMap(({ answer }) => answer.sessions).filter(({ summary }) => summary !== undefined)
}
