import { clientAndFilterOf, matches, mergePages, parseFilter, subscriptionKeyOf, subscriptionPage } from '@tern/mqtt'
import { inspect, type messaging, proxy } from '@tern/proto'
import { type RpcService, rpcError, unaryHandler } from '@tern/rpc'
import type { Timer } from '@tern/runtime'
import { RateWindow } from '@tern/telemetry'
import { processLoad } from '@tern/telemetry/node'
import { isLeft, parseClientFilter, valuesOf } from '../../core/admin/client-filter.ts'
import type { Context } from '../connection/context.ts'

const pageMax = 1_000
const membersMax = 10_000
const lookEveryMs = 1_000

const { INFLIGHT, DROPPED, CONNECTED_AT, DELIVERED, PUBLISHED } = proxy.ConnectionOrder

const numberOf: Readonly<Record<number, (connection: proxy.Connection) => number>> = {
  [INFLIGHT]: ({ inflight }) => inflight,
  [DROPPED]: ({ dropped }) => dropped,
  [CONNECTED_AT]: ({ connectedAtMs }) => connectedAtMs,
  [DELIVERED]: ({ delivered }) => delivered,
  [PUBLISHED]: ({ published }) => published,
}

export type Identity = Readonly<{ name: string; zone: string }>

/** What this proxy knows of its connections, told to the public API of all proxies. */
export class ProxyInspect {
  private readonly context: Context
  private readonly identity: Identity
  private readonly rates = new RateWindow()
  private timer: Timer

  constructor(context: Context, identity: Identity) {
    this.context = context
    this.identity = identity
    this.timer = context.clock.after(0, () => this.look())
  }

  stop(): void {
    this.timer.cancel()
  }

  describeConnections({ clientIds }: proxy.DescribeConnectionsRequest): proxy.DescribeConnectionsResponse {
    if (clientIds.length > pageMax)
      throw rpcError('INVALID_ARGUMENT', `${clientIds.length} client ids; at most ${pageMax}`)
    const { clients, events } = this.context.connections
    const connections = clientIds.flatMap((clientId) => clients.get(clientId)?.describe() ?? [])
    const endings = events.endings(new Set(clientIds.filter((clientId) => clients.get(clientId) === undefined)))
    const only = clientIds.length === 1 ? clients.subscriptionsOf(clientIds[0] ?? '') : []
    return { connections, endings, subscriptions: [...only] }
  }

  topConnections({ order, filter, limit }: proxy.TopConnectionsRequest): proxy.TopConnectionsResponse {
    const number = numberOf[order] ?? (() => 0)
    const wanted = parseClientFilter(filter)
    const { name, zone } = this.identity
    const left: proxy.Connection[] = []
    for (const client of this.context.connections.clients.all()) {
      const connection = client.describe()
      const session = { clientId: connection.clientId, connected: true, zone, proxy: name, principal: '' }
      if (isLeft(valuesOf(session, connection, connection.subscriptions), wanted)) left.push(connection)
    }
    left.sort((a, b) => number(b) - number(a) || (a.clientId < b.clientId ? -1 : 1))
    return { connections: left.slice(0, Math.min(limit || pageMax, pageMax)) }
  }

  listInflight({ clientId }: proxy.ListInflightRequest): proxy.ListInflightResponse {
    const client = this.context.connections.clients.get(clientId)
    return { connected: client !== undefined, entries: client?.inflight() ?? [] }
  }

  listClientEvents({ clientId, before, limit }: proxy.ListClientEventsRequest): proxy.ListClientEventsResponse {
    return this.context.connections.events.page(clientId, before, Math.min(limit || pageMax, pageMax))
  }

  listSubscriptions(request: inspect.ListSubscriptionsRequest): inspect.ListSubscriptionsResponse {
    const limit = Math.min(request.limit || pageMax, pageMax)
    const page = mergePages(
      [subscriptionPage(this.context.connections.clients, request, limit)],
      subscriptionKeyOf,
      limit,
    )
    const [nextAfterClientId, nextAfterFilter] = clientAndFilterOf(page.next ?? '')
    const subscriptions = page.items.map(({ clientId, subscription }) => ({
      ...{ clientId, connected: true },
      subscription: { ...subscription, starts: [] },
    }))
    return { homes: [], subscriptions, more: page.next !== undefined, nextAfterClientId, nextAfterFilter }
  }

  matchTopic({ topic, limit }: inspect.MatchTopicRequest): inspect.MatchTopicResponse {
    const { clients } = this.context.connections
    const max = Math.min(limit || pageMax, pageMax)
    const found: inspect.SessionSubscription[] = []
    let total = 0
    for (const clientId of clients.from('', '')) {
      for (const subscription of clients.subscriptionsOf(clientId)) {
        if (!matches(parseFilter(subscription.filter)?.filter ?? '', topic)) continue
        if (total++ < max) found.push({ clientId, connected: true, subscription: { ...subscription, starts: [] } })
      }
    }
    return { homes: [], subscriptions: found, total }
  }

  listGroupMembers({ sharedFilters }: proxy.ListGroupMembersRequest): proxy.ListGroupMembersResponse {
    const wanted = new Set(sharedFilters)
    const members: proxy.GroupMember[] = []
    for (const client of this.context.connections.clients.all()) {
      const groups = [...client.unsettled()].filter(([name]) => wanted.size === 0 || wanted.has(name))
      if (groups.length === 0) continue
      const { clientId, delivered } = client.describe()
      for (const [sharedFilter, unsettled] of groups) {
        if (members.length < membersMax) members.push({ sharedFilter, clientId, unsettled, delivered })
      }
    }
    return { members }
  }

  getStats(): proxy.GetStatsResponse {
    const { connections, counters, region } = this.context
    const [publishes = 0, deliveries = 0, publishBytes = 0, deliveryBytes = 0] = this.rates.perSecond()
    return {
      proxy: region.proxy,
      connections: connections.clients.size,
      publishesPerSecond: publishes,
      deliveriesPerSecond: deliveries,
      publishBytesPerSecond: publishBytes,
      deliveryBytesPerSecond: deliveryBytes,
      latencyBoundsMs: counters.publishToOffer.bounds.map((seconds) => seconds * 1_000),
      latencyCounts: this.rates.growth().slice(4),
      oldestUnackedMs: Math.round(connections.inFlight.oldestMs),
      load: processLoad(),
    }
  }

  private look(): void {
    const { clock, counters } = this.context
    const { published, delivered, publishedBytes, deliveredBytes, publishToOffer } = counters
    const sums = [published, delivered, publishedBytes, deliveredBytes].map(sum)
    this.rates.look(clock.now(), [...sums, ...publishToOffer.counts])
    this.timer = clock.after(lookEveryMs, () => this.look())
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)

type Acknowledging = Readonly<{
  acknowledgeHere(request: messaging.AcknowledgeRequest): Promise<messaging.AcknowledgeResponse | undefined>
}>

/** Serves whichever incarnation this process is at the moment. */
export function proxyRpcService(
  present: () => ProxyInspect | undefined,
  pulls: () => Acknowledging | undefined,
): RpcService {
  const here = (): ProxyInspect => {
    const found = present()
    if (found === undefined) throw rpcError('UNAVAILABLE', 'this proxy is between two incarnations')
    return found
  }
  const implementation: proxy.ProxyServiceServer = {
    describeConnections: unaryHandler((request) => here().describeConnections(request)),
    topConnections: unaryHandler((request) => here().topConnections(request)),
    listInflight: unaryHandler((request) => here().listInflight(request)),
    listClientEvents: unaryHandler((request) => here().listClientEvents(request)),
    listSubscriptions: unaryHandler(({ request = inspect.ListSubscriptionsRequest.create() }) => ({
      response: here().listSubscriptions(request),
    })),
    matchTopic: unaryHandler(({ request = inspect.MatchTopicRequest.create() }) => ({
      response: here().matchTopic(request),
    })),
    listGroupMembers: unaryHandler((request) => here().listGroupMembers(request)),
    getStats: unaryHandler(() => here().getStats()),
    acknowledge: unaryHandler(async ({ request }) => ({
      response: request && (await pulls()?.acknowledgeHere(request)),
    })),
  }
  return { definition: proxy.ProxyServiceService, implementation }
}
