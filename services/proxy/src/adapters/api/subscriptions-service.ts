import {
  clientAndFilterOf,
  isValidTopicName,
  mergePages,
  parseFilter as parseTopicFilter,
  type SubscriptionOf,
  subscriptionKeyOf,
} from '@tern/mqtt'
import { inspect, proxy, type state, subscriptions } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { type FieldKind, parseFilter } from '../../core/admin/filter.ts'
import { badField, Refusal } from '../../core/api/refusal.ts'
import type { Members } from '../region/members.ts'
import { type Admin, pageSizeMax, pageSizeOf, stateOf, tokenOf } from './admin-context.ts'
import { groupOf, groupsOf } from './group-views.ts'
import { resetGroupPosition } from './reset-group.ts'
import { qosOf } from './sessions.ts'
import { changesOf } from './watching.ts'

const { InspectServiceService: homes } = inspect
const { ProxyServiceService: proxies } = proxy

const fields = {
  client_id: 'prefix',
  topic_filter: 'prefix',
  group: 'text',
} as const satisfies Record<string, FieldKind>

const watchEveryMs = 1_000

/** Who gets what. */
export function subscriptionService(admin: Admin): PublicService {
  return publicService(subscriptions.SubscriptionServiceService, {
    listSubscriptions: (request) => listSubscriptions(request, admin),
    matchTopic: (request) => matchTopic(request, admin.members),
    listGroups: (request) => listGroups(request, admin),
    getGroup: (request) => getGroup(request, admin),
    watchGroups: (_, call) => changesOf(() => allGroups(admin), { everyMs: watchEveryMs, clock: admin.clock, call }),
    resetGroupPosition: (request) => resetGroupPosition(request, admin),
  })
}

/** Whose subscriptions last are known to homes, the others to their proxies. */
async function listSubscriptions(
  { filter, pageSize, pageToken }: subscriptions.ListSubscriptionsRequest,
  { members, tokens }: Admin,
): Promise<subscriptions.ListSubscriptionsResponse> {
  const limit = pageSizeOf(pageSize)
  const clauses = parseFilter(filter, fields)
  const textOf = (field: string) => clauses.find((clause) => clause.field === field)?.value ?? ''
  const question = `ListSubscriptions ${filter}`
  const { after } = stateOf(tokens, pageToken, question, { after: '' })
  const [afterClientId, afterFilter] = clientAndFilterOf(after)
  const request = {
    ...{
      clientIdPrefix: textOf('client_id').replace(/\*$/, ''),
      filterPrefix: textOf('topic_filter').replace(/\*$/, ''),
    },
    ...{ group: textOf('group'), afterClientId, afterFilter, limit },
  }
  const [atHomes, atProxies] = await Promise.all([
    members.gatherHomes(homes.listSubscriptions, request, (answer) => answer.homes),
    members.gather(members.proxies(), proxies.listSubscriptions, () => ({ request })),
  ])
  const answers = [
    ...atHomes.answered.map(({ answer }) => answer),
    ...atProxies.answered.flatMap(({ answer }) => answer.response ?? []),
  ]
  const pages = answers.map(({ subscriptions: items, more, nextAfterClientId, nextAfterFilter }) => ({
    items: items.flatMap(pairOf),
    next: more ? `${nextAfterClientId}\u0000${nextAfterFilter}` : undefined,
  }))
  const { items, next } = mergePages(pages, subscriptionKeyOf, limit)
  const exact = (field: string, value: string) =>
    clauses.every((clause) => clause.field !== field || clause.value.endsWith('*') || clause.value === value)
  const left = items.filter(
    ({ clientId, subscription }) => exact('client_id', clientId) && exact('topic_filter', subscription.filter),
  )
  return {
    subscriptions: left.map(entryOf),
    nextPageToken: next === undefined ? '' : tokenOf(tokens, { after: next }, question),
    unreachable: [...atHomes.unreachable, ...atProxies.unreachable],
  }
}

type Pair = SubscriptionOf<state.Subscription> & Readonly<{ connected: boolean }>

const pairOf = ({ clientId, connected, subscription }: inspect.SessionSubscription): Pair[] =>
  subscription === undefined ? [] : [{ clientId, connected, subscription }]

function entryOf({ clientId, connected, subscription }: Pair): subscriptions.SubscriptionEntry {
  const { filter, qos, noLocal, retainAsPublished, retainHandling, identifier } = subscription
  const group = parseTopicFilter(filter)?.share ?? ''
  const options = { noLocal, retainAsPublished, retainHandling, identifier }
  return { clientId, topicFilter: filter, group, qos: qosOf(qos), ...options, connected }
}

export async function matchTopic(
  { topic, pageSize }: subscriptions.MatchTopicRequest,
  members: Members,
): Promise<subscriptions.MatchTopicResponse> {
  const limit = pageSizeOf(pageSize, 100)
  if (!isValidTopicName(topic))
    throw badField('topic', 'TOPIC_INVALID', `is ${JSON.stringify(topic.slice(0, 80))}, no topic name`)
  const request = { topic, limit }
  const [atHomes, atProxies] = await Promise.all([
    members.gatherHomes(homes.matchTopic, request, (answer) => answer.homes),
    members.gather(members.proxies(), proxies.matchTopic, () => ({ request })),
  ])
  const answers = [
    ...atHomes.answered.map(({ answer }) => answer),
    ...atProxies.answered.flatMap(({ answer }) => answer.response ?? []),
  ]
  const found = answers.flatMap((answer) => answer.subscriptions.flatMap(pairOf))
  found.sort((a, b) => (subscriptionKeyOf(a) < subscriptionKeyOf(b) ? -1 : 1))
  return {
    subscriptions: found.slice(0, limit).map(entryOf),
    totalSize: answers.reduce((sum, { total }) => sum + total, 0),
    unreachable: [...atHomes.unreachable, ...atProxies.unreachable],
  }
}

async function listGroups(
  { name, pageSize, pageToken }: subscriptions.ListGroupsRequest,
  admin: Admin,
): Promise<subscriptions.ListGroupsResponse> {
  const limit = pageSizeOf(pageSize)
  const question = `ListGroups ${name}`
  const { after } = stateOf(admin.tokens, pageToken, question, { after: '' })
  const { groups, next, unreachable } = await groupsOf({ namePrefix: name, sharedFilters: [], after, limit }, admin)
  const nextPageToken = next === '' ? '' : tokenOf(admin.tokens, { after: next }, question)
  return { groups: groups.map((group) => groupOf(group, admin)), nextPageToken, unreachable }
}

async function getGroup({ sharedFilter }: subscriptions.GetGroupRequest, admin: Admin) {
  const wish = { namePrefix: '', sharedFilters: [sharedFilter], after: '', limit: 1 }
  const { groups, unreachable } = await groupsOf(wish, admin)
  const [group] = groups
  if (group !== undefined) return { group: groupOf(group, admin) }
  const name = JSON.stringify(sharedFilter.slice(0, 200))
  if (unreachable.length === 0) throw new Refusal('NOT_FOUND', 'GROUP_NOT_FOUND', `there is no group ${name}`)
  throw new Refusal(
    'UNAVAILABLE',
    'QUEUE_UNREACHABLE',
    `who may know of group ${name} gives no answer: ${unreachable.join(', ')}`,
  )
}

async function allGroups(admin: Admin): Promise<subscriptions.WatchGroupsResponse> {
  const wish = { namePrefix: '', sharedFilters: [], after: '', limit: pageSizeMax }
  const { groups, next, unreachable } = await groupsOf(wish, admin)
  return { groups: groups.map((group) => groupOf(group, admin)), unreachable, more: next !== '' }
}
