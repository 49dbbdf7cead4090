import { inspect, proxy, type subscriptions } from '@tern/proto'
import { mergeGroups, type SeenGroup } from '../../core/admin/groups.ts'
import { type Admin, timestamp } from './admin-context.ts'

type Wish = Readonly<Pick<inspect.ListGroupsRequest, 'namePrefix' | 'sharedFilters' | 'after' | 'limit'>>
export type Groups = Readonly<{ groups: SeenGroup[]; next: string; unreachable: string[] }>

/** Groups of all queues, a page of them. */
export async function groupsOf(wish: Wish, { members }: Admin): Promise<Groups> {
  const asked = { ...wish, sharedFilters: [...wish.sharedFilters] }
  const [parts, seen] = await Promise.all([
    members.gatherHomes(inspect.InspectServiceService.listGroups, asked, ({ queues }) => queues),
    members.gather(members.proxies(), proxy.ProxyServiceService.listGroupMembers, () => ({
      sharedFilters: asked.sharedFilters,
    })),
  ])
  const bounds = parts.answered.flatMap(({ answer: { nextAfter } }) => (nextAfter === '' ? [] : nextAfter))
  // What one broker has not told yet lies above this; so would the part of a group there.
  const bound = bounds.length === 0 ? undefined : bounds.sort()[0]
  const told = parts.answered.flatMap(({ answer }) => answer.groups)
  const at = seen.answered.flatMap(({ member: { name, zone }, answer }) =>
    answer.members.map((member) => ({ member, proxy: name, zone })),
  )
  const whole = told.filter(({ sharedFilter }) => bound === undefined || sharedFilter <= bound)
  const all = mergeGroups(whole, at)
  const groups = all.slice(0, wish.limit)
  const next = groups.length < all.length ? (groups.at(-1)?.sharedFilter ?? '') : (bound ?? '')
  return { groups, next, unreachable: [...parts.unreachable, ...seen.unreachable] }
}

export function groupOf(seen: SeenGroup, { members, clock }: Admin): subscriptions.Group {
  const { sharedFilter, name, topicFilter, backlogMessages, oldestMs, unsettled, emptySinceMs } = seen
  return {
    ...{ sharedFilter, name, topicFilter, backlogMessages, unsettled },
    members: seen.members.map(({ member, proxy: at, zone }) => ({
      ...{ clientId: member.clientId, proxy: at, zone, unsettled: member.unsettled, delivered: member.delivered },
    })),
    backlogAge: oldestMs === 0 ? undefined : timestamp(Math.max(0, clock.now() - oldestMs)),
    queues: seen.queues.map(({ queue, position, end, unsettled: out }) => {
      const owner = members.ownerOf(queue)
      return { queue, position, end, unsettled: out, owner: owner?.name ?? '', zone: owner?.zone ?? '' }
    }),
    emptySince: emptySinceMs === undefined ? undefined : timestamp(emptySinceMs),
  }
}
