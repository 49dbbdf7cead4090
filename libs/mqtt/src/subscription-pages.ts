import type { KeyedPage } from './merged-pages.ts'
import { parseFilter } from './topic-filter.ts'

/** A page looks at no more subscriptions than this. */
const lookedAtMax = 20_000

/** Clients in the order of their ids, and what each subscribes to. */
export type SubscriptionSource<Subscription> = Readonly<{
  /** Client ids with the prefix, above `after` unless that is empty. */
  from(prefix: string, after: string): Iterable<string>
  subscriptionsOf(clientId: string): readonly Subscription[]
}>

export type SubscriptionWish = Readonly<{
  clientIdPrefix: string
  /** Of the whole filter, or of what stands behind the group of a shared one. */
  filterPrefix: string
  group: string
  afterClientId: string
  afterFilter: string
}>

export type SubscriptionOf<Subscription> = Readonly<{ clientId: string; subscription: Subscription }>

/** The two keys of a subscription as one, in their order: neither may hold U+0000. */
const keyOf = (clientId: string, filter: string): string => `${clientId}\u0000${filter}`

export const subscriptionKeyOf = ({ clientId, subscription }: SubscriptionOf<{ filter: string }>): string =>
  keyOf(clientId, subscription.filter)

export function clientAndFilterOf(key: string): [clientId: string, filter: string] {
  const [clientId = '', filter = ''] = key.split('\u0000')
  return [clientId, filter]
}

/** Subscriptions in the order of client ids, then filters, after a pair of these. */
export function subscriptionPage<Subscription extends { filter: string }>(
  source: SubscriptionSource<Subscription>,
  wish: SubscriptionWish,
  limit: number,
): KeyedPage<SubscriptionOf<Subscription>> {
  const { afterClientId, afterFilter } = wish
  const after = keyOf(afterClientId, afterFilter)
  const items: SubscriptionOf<Subscription>[] = []
  let looked = 0
  let last = after
  for (const clientId of clientsFrom(source, wish)) {
    for (const subscription of [...source.subscriptionsOf(clientId)].sort(byFilter)) {
      const key = keyOf(clientId, subscription.filter)
      if (afterClientId !== '' && key <= after) continue
      if (items.length >= limit || looked >= lookedAtMax) return { items, next: last }
      looked++
      last = key
      if (isListed(subscription.filter, wish)) items.push({ clientId, subscription })
    }
  }
  return { items }
}

/** Begins with the client itself that the last page ended with: it may have more of them. */
function* clientsFrom(source: SubscriptionSource<unknown>, { clientIdPrefix, afterClientId }: SubscriptionWish) {
  if (afterClientId !== '') yield afterClientId
  yield* source.from(clientIdPrefix, afterClientId)
}

const byFilter = (a: { filter: string }, b: { filter: string }): number =>
  a.filter < b.filter ? -1 : a.filter > b.filter ? 1 : 0

function isListed(filter: string, { filterPrefix, group }: SubscriptionWish): boolean {
  if (filterPrefix === '' && group === '') return true
  const parsed = parseFilter(filter)
  if (group !== '' && parsed?.share !== group) return false
  return filter.startsWith(filterPrefix) || (parsed?.filter ?? filter).startsWith(filterPrefix)
}
