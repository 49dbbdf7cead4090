import { cluster, control, type inspect, type nameserver, type proxy } from '@tern/proto'
import type { SeenGroup } from './groups.ts'
import { baseNameOf, type NamedMember } from './member-names.ts'

const { HEALTHY, SUSPECT, DRAINING, DEAD } = cluster.MemberState

/** A member that no nameserver has heard for so long is told as suspect. */
export const suspectAfterMs = 750
/** A group that is behind for so long wants attention; so many are named. */
const groupBehindMax = 60_000
const groupsNamed = 3
const logSilentMax = 2_000
const unackedMax = 30_000

export type Seen = Readonly<{
  now: number
  revision: number
  queues: number
  ownerOf(queue: number): number | undefined
  /** As the route table has them, with their names. */
  living: readonly (NamedMember & Readonly<{ draining: boolean; detail: control.MemberDetail | undefined }>)[]
  nameservers: readonly Readonly<{
    address: string
    said: nameserver.LookResponse | undefined
    state: 'healthy' | 'suspect' | 'dead'
  }>[]
  brokers: ReadonlyMap<number, inspect.GetStatsResponse>
  proxies: ReadonlyMap<number, proxy.GetStatsResponse>
  groups: readonly SeenGroup[]
  unreachable: readonly string[]
}>

const kinds: Readonly<Record<number, cluster.MemberKind>> = {
  [control.MemberKind.BROKER]: cluster.MemberKind.BROKER,
  [control.MemberKind.PROXY]: cluster.MemberKind.PROXY,
  [control.MemberKind.TRACE]: cluster.MemberKind.TRACE,
  [control.MemberKind.CONSOLE]: cluster.MemberKind.CONSOLE,
}
const kindNames: Readonly<Record<number, string>> = {
  [control.MemberKind.BROKER]: 'broker',
  [control.MemberKind.PROXY]: 'proxy',
  [control.MemberKind.TRACE]: 'trace',
  [control.MemberKind.CONSOLE]: 'console',
}

/** The whole region, from what its parts told. */
export function topologyOf(seen: Seen): cluster.Topology {
  const members = [...livingOf(seen), ...nameserversOf(seen), ...deadOf(seen)]
  const names = new Map(seen.living.map(({ incarnation, name }) => [incarnation, name]))
  const owners = Array.from({ length: seen.queues }, (_, queue) => names.get(seen.ownerOf(queue) ?? -1) ?? '')
  const zones = [...new Set(members.map(({ zone }) => zone))].filter((zone) => zone !== '').sort()
  return {
    zones: zones.map((name) =>
      zoneOf(
        name,
        members.filter(({ zone }) => zone === name),
      ),
    ),
    owners,
    revision: seen.revision,
    time: timestamp(seen.now),
    headline: headlineOf(seen),
    unreachable: [...seen.unreachable],
    attention: attentionOf(members, owners, seen),
  }
}

function zoneOf(name: string, members: cluster.Member[]): cluster.Zone {
  const worst = [DEAD, SUSPECT, DRAINING].find((state) => members.some((member) => member.state === state))
  const sorted = members.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { name, members: sorted, state: worst ?? HEALTHY }
}

/** The shortest silence counts: one nameserver that hears a member is enough. */
function silenceOf(incarnation: number, { nameservers }: Seen): number | undefined {
  const heard = nameservers
    .filter(({ state }) => state === 'healthy')
    .flatMap(({ said }) => said?.members.filter((member) => member.incarnation === incarnation) ?? [])
    .map(({ silentMs }) => silentMs)
  return heard.length === 0 ? undefined : Math.min(...heard)
}

function livingOf(seen: Seen): cluster.Member[] {
  return seen.living.map(({ name, kind, zone, incarnation, address, draining, detail }) => {
    const broker = seen.brokers.get(incarnation)
    const at = seen.proxies.get(incarnation)
    const isSuspect = (silenceOf(incarnation, seen) ?? 0) > suspectAfterMs
    return cluster.Member.fromPartial({
      ...{ name, kind: kinds[kind] ?? 0, zone, incarnation, address },
      state: isSuspect ? SUSPECT : draining ? DRAINING : HEALTHY,
      version: detail?.version ?? '',
      startedAt: detail?.startedAtMs ? timestamp(detail.startedAtMs) : undefined,
      endpoints: detail?.endpoints ?? {},
      ownedQueues: ownedBy(incarnation, seen),
      servingQueues: broker?.serving.length ?? 0,
      connections: at?.connections ?? 0,
      load: loadOf(broker?.load ?? at?.load, at),
    })
  })
}

function ownedBy(incarnation: number, { queues, ownerOf }: Seen): number {
  let owned = 0
  for (let queue = 0; queue < queues; queue++) if (ownerOf(queue) === incarnation) owned++
  return owned
}

function loadOf(load: inspect.ProcessLoad | undefined, at?: proxy.GetStatsResponse): cluster.MemberLoad | undefined {
  if (load === undefined) return undefined
  return {
    ...{ cpuCores: load.cpuCores, residentBytes: load.residentBytes },
    eventLoopDelayP99: durationOf(load.eventLoopDelayP99Ms),
    publishesPerSecond: at?.publishesPerSecond ?? 0,
    deliveriesPerSecond: at?.deliveriesPerSecond ?? 0,
    publishBytesPerSecond: at?.publishBytesPerSecond ?? 0,
    deliveryBytesPerSecond: at?.deliveryBytesPerSecond ?? 0,
  }
}

function nameserversOf(seen: Seen): cluster.Member[] {
  const leader = newest(seen)?.leader
  return seen.nameservers.flatMap(({ address, said, state }) => {
    // One that never answered has no zone that is known: it is among those that are unreachable.
    if (said === undefined) return []
    const states = { healthy: HEALTHY, suspect: SUSPECT, dead: DEAD }
    return cluster.Member.fromPartial({
      ...{ name: baseNameOf('nameserver', said.zone), kind: cluster.MemberKind.NAMESERVER, zone: said.zone, address },
      state: states[state],
      version: said.version,
      startedAt: timestamp(said.startedAtMs),
      leads: state !== 'dead' && said.nameserver === leader,
      load: loadOf({ ...said }),
    })
  })
}

const newest = ({ nameservers }: Seen): nameserver.LookResponse | undefined =>
  nameservers
    .flatMap(({ said, state }) => (said === undefined || state === 'dead' ? [] : said))
    .sort((a, b) => b.revision - a.revision)[0]

/** Those after which nothing of their kind has come in their zone. */
function deadOf(seen: Seen): cluster.Member[] {
  const dead = newest(seen)?.dead ?? []
  const last = new Map(dead.map((member) => [`${member.kind} ${member.zone}`, member]))
  return [...last.values()].flatMap(({ incarnation, kind, zone, address }) => {
    const isReplaced = seen.living.some((member) => member.kind === kind && member.zone === zone)
    if (isReplaced) return []
    const name = baseNameOf(kindNames[kind] ?? 'member', zone)
    return cluster.Member.fromPartial({ name, kind: kinds[kind] ?? 0, zone, incarnation, address, state: DEAD })
  })
}

function headlineOf({ brokers, proxies }: Seen): cluster.Headline {
  const each = [...proxies.values()]
  const sum = (of: (stats: proxy.GetStatsResponse) => number) => each.reduce((all, stats) => all + of(stats), 0)
  const p99 = percentileMs(each, 0.99)
  const oldest = Math.max(0, ...each.map(({ oldestUnackedMs }) => oldestUnackedMs))
  return {
    clients: sum(({ connections }) => connections),
    publishesPerSecond: sum(({ publishesPerSecond }) => publishesPerSecond),
    deliveriesPerSecond: sum(({ deliveriesPerSecond }) => deliveriesPerSecond),
    publishToDeliverP99: p99 === undefined ? undefined : durationOf(p99),
    oldestUnacked: oldest === 0 ? undefined : durationOf(oldest),
    sessions: [...brokers.values()].reduce((all, { sessions }) => all + sessions, 0),
  }
}

/** The upper bound of the bucket that it lies in; undefined when nothing was counted. */
function percentileMs(all: readonly proxy.GetStatsResponse[], part: number): number | undefined {
  const bounds = all[0]?.latencyBoundsMs ?? []
  const counts = bounds.map((_, i) => all.reduce((sum, { latencyCounts }) => sum + (latencyCounts[i] ?? 0), 0))
  const total = all.reduce((sum, { latencyCounts }) => sum + latencyCounts.reduce((a, b) => a + b, 0), 0)
  if (total === 0) return undefined
  let below = 0
  for (const [i, count] of counts.entries()) {
    below += count
    if (below >= total * part) return bounds[i]
  }
  return bounds.at(-1)
}

function attentionOf(
  members: readonly cluster.Member[],
  owners: readonly string[],
  { brokers, proxies, groups, now }: Seen,
): cluster.Attention[] {
  const found: cluster.Attention[] = []
  const ownerless = owners.filter((owner) => owner === '').length
  const named = (state: cluster.MemberState) => members.filter((each) => each.state === state).map(({ name }) => name)
  const note = (kind: string, text: string, link: string) => void found.push({ kind, text, link })
  if (ownerless > 0) note('queues-without-owner', `${ownerless} queues are served by nobody`, '/queues')
  const [dead, suspect, draining] = [named(DEAD), named(SUSPECT), named(DRAINING)]
  if (dead.length > 0) note('member-dead', `dead: ${dead.join(', ')}`, '/')
  if (suspect.length > 0) note('member-suspect', `silent: ${suspect.join(', ')}`, '/')
  if (draining.length > 0) note('draining', `draining: ${draining.join(', ')}`, '/queues')
  const silent = [...brokers.values()].some(({ logSilentMs }) => logSilentMs > logSilentMax)
  if (silent) note('log-silent', 'the log does not answer a broker', '/queues')
  const unacked = Math.max(0, ...[...proxies.values()].map(({ oldestUnackedMs }) => oldestUnackedMs))
  const seconds = Math.round(unacked / 1_000)
  if (unacked > unackedMax) note('unacknowledged', `a message is unacknowledged for ${seconds} s`, '/clients')
  const behind = groups.filter(({ oldestMs }) => oldestMs > 0 && now - oldestMs > groupBehindMax)
  if (behind.length > 0) note('group-behind', behindText(behind, now), '/groups')
  return found
}

/** The one that waits longest first. */
function behindText(groups: readonly SeenGroup[], now: number): string {
  const sorted = groups.toSorted((a, b) => a.oldestMs - b.oldestMs)
  const named = sorted.slice(0, groupsNamed).map(({ sharedFilter, oldestMs, backlogMessages }) => {
    return `${sharedFilter} for ${Math.round((now - oldestMs) / 1_000)} s (${backlogMessages} records)`
  })
  const more = sorted.length > groupsNamed ? `, and ${sorted.length - groupsNamed} more` : ''
  return `groups are behind: ${named.join(', ')}${more}`
}

const timestamp = (ms: number) => ({ seconds: Math.floor(ms / 1_000), nanos: Math.round((ms % 1_000) * 1e6) })
const durationOf = timestamp
