import { clientAndFilterOf, type KeyedPage, mergePages, subscriptionKeyOf, subscriptionPage } from '@tern/mqtt'
import type { inspect, state } from '@tern/proto'
import { isWished, type SessionWish } from '../../core/home/session-index.ts'
import type { HomeRunner } from '../home/runner.ts'

type Homes = ReadonlyMap<number, HomeRunner>

export const pageMax = 1_000

const limitOf = (limit: number): number => Math.min(limit || pageMax, pageMax)

export function listSessions(homes: Homes, request: inspect.ListSessionsRequest): inspect.ListSessionsResponse {
  const { prefix, after } = request
  const limit = limitOf(request.limit)
  const wish = { connected: request.wish?.connected, proxies: new Set(request.wish?.proxies) }
  const pages = [...homes].map(([home, runner]): KeyedPage<inspect.SessionSummary> => {
    const { items, next } = runner.index.page({ prefix, after, limit }, (clientId) => isWanted(runner, clientId, wish))
    return { items: items.flatMap((clientId) => summaryOf(runner, home, clientId) ?? []), next }
  })
  const { items, next = '' } = mergePages(pages, ({ clientId }) => clientId, limit)
  const count = request.count ? countOf(homes, prefix, wish) : -1
  return { homes: [...homes.keys()], sessions: [...items], nextAfter: next, count }
}

function isWanted(runner: HomeRunner, clientId: string, wish: SessionWish): boolean {
  const session = runner.client(clientId)?.session
  return session !== undefined && isWished(session, wish)
}

function countOf(homes: Homes, prefix: string, wish: SessionWish): number {
  let count = 0
  for (const runner of homes.values()) {
    if (prefix === '' && wish.proxies.size === 0) count += countWithoutLooking(runner, wish.connected)
    else for (const clientId of runner.index.from(prefix, '')) if (isWanted(runner, clientId, wish)) count++
  }
  return count
}

function countWithoutLooking({ index: { size, connected } }: HomeRunner, wished: boolean | undefined): number {
  if (wished === undefined) return size
  return wished ? connected : size - connected
}

function summaryOf(runner: HomeRunner, home: number, clientId: string): inspect.SessionSummary | undefined {
  const session = runner.client(clientId)?.session
  if (session === undefined) return undefined
  const { incarnation, connection, expirySeconds, disconnectedAtMs, proxy, principal, subscriptions } = session
  const ended = disconnectedAtMs === undefined ? {} : { disconnectedAtMs }
  const about = { incarnation, connection, expirySeconds, proxy, principal, ...ended }
  return { clientId, home, ...about, subscriptions: subscriptions.length }
}

export function getSessions(homes: Homes, { clientIds, whole }: inspect.GetSessionsRequest) {
  const sessions = clientIds.flatMap((clientId): inspect.SessionState[] => {
    for (const [home, runner] of homes) {
      const summary = summaryOf(runner, home, clientId)
      if (summary === undefined) continue
      const client = runner.client(clientId)
      if (!whole || client === undefined) return [{ ...nothing, summary }]
      const subscriptions = [...(client.session?.subscriptions ?? [])]
      const { cursor, journal, will } = client
      return [{ summary, subscriptions, cursor, journal: [...journal.values()], will: will?.stored }]
    }
    return []
  })
  return { homes: [...homes.keys()], sessions }
}

const nothing = { subscriptions: [], cursor: undefined, journal: [], will: undefined }

export function listSubscriptions(
  homes: Homes,
  request: inspect.ListSubscriptionsRequest,
): inspect.ListSubscriptionsResponse {
  const limit = limitOf(request.limit)
  const pages = [...homes.values()].map((runner) => subscriptionPage(runner, request, limit))
  const { items, next } = mergePages(pages, subscriptionKeyOf, limit)
  const subscriptions = items.map(({ clientId, subscription }) =>
    entryOf(clientId, homeOf(homes, clientId), subscription),
  )
  const [nextAfterClientId, nextAfterFilter] = clientAndFilterOf(next ?? '')
  const more = next !== undefined
  return { homes: [...homes.keys()], subscriptions, more, nextAfterClientId, nextAfterFilter }
}

const homeOf = (homes: Homes, clientId: string): HomeRunner | undefined =>
  [...homes.values()].find((runner) => runner.client(clientId)?.session !== undefined)

/** Starts are of use to nobody who looks, and are as many as there are queues. */
export const entryOf = (
  clientId: string,
  runner: HomeRunner | undefined,
  subscription: state.Subscription,
): inspect.SessionSubscription => ({
  clientId,
  connected: runner?.client(clientId)?.session?.disconnectedAtMs === undefined,
  subscription: { ...subscription, starts: [] },
})
