import type { inspect, proxy } from '@tern/proto'

export type MemberSeen = Readonly<{ member: proxy.GroupMember; proxy: string; zone: string }>

export type SeenGroup = Readonly<{
  sharedFilter: string
  name: string
  topicFilter: string
  members: readonly MemberSeen[]
  /** Sorted by queue. */
  queues: readonly inspect.GroupPart[]
  backlogMessages: number
  /** When the oldest unsettled record was stored; 0: none is. */
  oldestMs: number
  unsettled: number
  /** Since when nobody is a member anywhere; undefined: somebody is. */
  emptySinceMs: number | undefined
}>

/** Groups as their parts in all queues, and the members at all proxies, make them; sorted by their shared filters. */
export function mergeGroups(parts: readonly inspect.GroupPart[], members: readonly MemberSeen[]): SeenGroup[] {
  const byFilter = Map.groupBy(parts, ({ sharedFilter }) => sharedFilter)
  const membersOf = Map.groupBy(members, ({ member }) => member.sharedFilter)
  return [...byFilter.keys()].sort().map((sharedFilter) => {
    const queues = [...(byFilter.get(sharedFilter) ?? [])].sort((a, b) => a.queue - b.queue)
    const rest = sharedFilter.slice('$share/'.length)
    const slash = rest.indexOf('/')
    const times = queues.flatMap(({ oldestMs }) => (oldestMs > 0 ? oldestMs : []))
    const empty = queues.flatMap(({ emptySinceMs }) => emptySinceMs ?? [])
    return {
      ...{ sharedFilter, name: rest.slice(0, slash), topicFilter: rest.slice(slash + 1), queues },
      members: [...(membersOf.get(sharedFilter) ?? [])].sort((a, b) =>
        a.member.clientId < b.member.clientId ? -1 : 1,
      ),
      backlogMessages: queues.reduce((sum, { position, end }) => sum + Math.max(0, end - position), 0),
      oldestMs: times.length === 0 ? 0 : Math.min(...times),
      unsettled: queues.reduce((sum, { unsettled }) => sum + unsettled, 0),
      emptySinceMs: empty.length === queues.length && empty.length > 0 ? Math.max(...empty) : undefined,
    }
  })
}
