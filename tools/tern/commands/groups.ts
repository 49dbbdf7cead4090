import type { Api, Json } from '../api.ts'
import type { Command } from '../command.ts'
import { Failure, wrongUse } from '../failure.ts'
import { milliseconds, millisOf, span } from '../output/time.ts'
import { pages, partly, timestamp } from './shared.ts'

const columns = [
  { title: 'GROUP', of: (g: Json) => g.name },
  { title: 'FILTER', of: (g: Json) => g.topicFilter },
  { title: 'MEMBERS', of: (g: Json) => g.members?.length ?? 0, right: true as const },
  { title: 'LAG', of: (g: Json) => g.backlogMessages ?? 0, right: true as const },
  { title: 'LAG TIME', of: (g: Json) => lagTime(g.backlogAge), right: true as const },
  { title: 'UNSETTLED', of: (g: Json) => g.unsettled ?? 0, right: true as const },
]

const lagTime = (duration: string | undefined): string => (duration ? span(millisOf(duration)) : milliseconds(0))

export const listGroups: Command = {
  name: 'groups ls',
  summary: 'shared subscriptions and how far they are behind',
  operands: '[PREFIX]',
  async run({ operands, api, out }) {
    const found = await pages(
      (page) => api.call('SubscriptionService/ListGroups', { name: operands[0] ?? '', ...page }),
      ({ groups = [] }) => groups,
      10_000,
    )
    out.table(found.rows, columns, "no group yet; tern sub 'demo/#' --group workers makes one")
    if (found.unreachable.length > 0) out.say(partly(found.unreachable))
  },
}

export const getGroup: Command = {
  name: 'groups get',
  summary: 'one group: its members, and where it is in each queue',
  operands: 'SHARED_FILTER|NAME',
  examples: ["tern groups get '$share/workers/demo/#'"],
  async run({ operands: [given = ''], api, out }) {
    const { group } = await api.call('SubscriptionService/GetGroup', { sharedFilter: await sharedFilterOf(given, api) })
    if (out.format === 'json') return out.thing(group, [])
    out.table([group], columns, '')
    out.say('')
    out.table(group.members ?? [], memberColumns, 'no member is connected')
    out.say('')
    out.table(group.queues ?? [], queueColumns, '')
  },
}

/** A name is enough where only one filter goes with it. */
async function sharedFilterOf(given: string, api: Api): Promise<string> {
  if (given.startsWith('$share/')) return given
  const { groups = [] } = await api.call('SubscriptionService/ListGroups', { name: given, pageSize: 100 })
  const filters = groups.filter((each: Json) => each.name === given).map((each: Json) => each.topicFilter)
  if (filters.length === 1) return `$share/${given}/${filters[0]}`
  if (filters.length === 0) throw new Failure(`there is no group "${given}"`, { hint: 'tern groups ls   lists them' })
  const named = filters.map((filter: string) => `'$share/${given}/${filter}'`)
  throw wrongUse(`${filters.length} groups have the name "${given}"`, `give one of ${named.join(', ')}`)
}

const memberColumns = [
  { title: 'MEMBER', of: (m: Json) => m.clientId },
  { title: 'PROXY', of: (m: Json) => m.proxy },
  { title: 'UNSETTLED', of: (m: Json) => m.unsettled, right: true as const },
  { title: 'DELIVERED', of: (m: Json) => m.delivered, right: true as const },
]
const queueColumns = [
  { title: 'QUEUE', of: (q: Json) => q.queue, right: true as const },
  { title: 'POSITION', of: (q: Json) => q.position, right: true as const },
  { title: 'END', of: (q: Json) => q.end, right: true as const },
  { title: 'UNSETTLED', of: (q: Json) => q.unsettled, right: true as const },
  { title: 'OWNER', of: (q: Json) => q.owner },
]

export const resetGroup: Command = {
  name: 'groups reset',
  summary: 'go on elsewhere: at a time, the earliest or the latest message',
  operands: 'SHARED_FILTER|NAME WHERE',
  options: { 'dry-run': { help: 'say how many messages would repeat or be passed over' } },
  examples: ["tern groups reset '$share/workers/demo/#' 10m --dry-run"],
  async run({ operands: [given = '', where = ''], has, api, out }) {
    const to = ['earliest', 'latest'].includes(where)
      ? { anchor: `ANCHOR_${where.toUpperCase()}` }
      : { time: timestamp('WHERE', where) }
    const request = { sharedFilter: await sharedFilterOf(given, api), to, validateOnly: has('dry-run') }
    const answer = await api.call('SubscriptionService/ResetGroupPosition', request)
    const [again, over] = has('dry-run')
      ? ['would come again', 'would be passed over']
      : ['come again', 'are passed over']
    out.thing(answer, [`${answer.repeatedMessages ?? 0} ${again}, ${answer.skippedMessages ?? 0} ${over}`])
  },
}
