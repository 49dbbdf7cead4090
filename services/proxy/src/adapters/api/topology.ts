import { type cluster, inspect, proxy } from '@tern/proto'
import type { CallContext } from '@tern/rpc'
import { topologyOf } from '../../core/admin/topology.ts'
import type { Nameservers } from '../region/nameservers.ts'
import { type Admin, pageSizeMax } from './admin-context.ts'
import { type Groups, groupsOf } from './group-views.ts'
import { changesOf } from './watching.ts'

/** What members tell of themselves is asked again after so long. */
const statsEveryMs = 900
/** Who leads and who is silent is looked at as often, for those who watch. */
const lookEveryMs = 150
const tellEveryMs = 1_000
/** How far groups are costs a question about each: seldom. */
const groupsEveryMs = 5_000

type Stats = Readonly<{
  brokers: ReadonlyMap<number, inspect.GetStatsResponse>
  proxies: ReadonlyMap<number, proxy.GetStatsResponse>
  unreachable: readonly string[]
}>

/** The region as it is shown. What its members say is asked once, however many watch. */
export class TopologyView {
  private readonly admin: Admin
  private readonly nameservers: Nameservers
  private stats: Readonly<{ at: number; asked: Promise<Stats> }> | undefined
  private looked: Readonly<{ at: number; asked: ReturnType<Nameservers['look']> }> | undefined

  private grouped: Readonly<{ at: number; asked: Promise<Groups['groups']> }> | undefined

  constructor(admin: Admin, nameservers: Nameservers) {
    this.admin = admin
    this.nameservers = nameservers
  }

  async look(): Promise<cluster.Topology> {
    const { members, clock } = this.admin
    const [stats, sights, groups] = await Promise.all([this.statsNow(), this.sightsNow(), this.groupsNow()])
    const table = members.routes.table()
    const living = members.all().map((named) => {
      const member = table.member(named.incarnation)
      return { ...named, draining: member?.draining ?? false, detail: member?.detail }
    })
    const silent = sights.flatMap(({ address, state, said }) => (state === 'healthy' ? [] : (said?.zone ?? address)))
    return topologyOf({
      now: clock.now(),
      revision: Math.max(0, table.revision),
      queues: table.queues,
      ownerOf: (queue) => table.ownerOf(queue)?.broker,
      ...{ living, nameservers: sights, brokers: stats.brokers, proxies: stats.proxies, groups },
      unreachable: [...stats.unreachable, ...silent.map((zone) => `nameserver-${zone.replace(/^az-/, '')}`)].sort(),
    })
  }

  /** At once, after each change, and at least once a second. */
  async *watch(call: Pick<CallContext, 'signal' | 'draining'>): AsyncGenerator<cluster.WatchTopologyResponse> {
    const { clock, members } = this.admin
    let told: Readonly<{ text: string; at: number }> = { text: '', at: 0 }
    const onWake = (wake: () => void) => members.onChange(wake)
    const look = () => this.look()
    for await (const topology of changesOf(look, { everyMs: lookEveryMs, clock, call, onWake, always: true })) {
      const text = essenceOf(topology)
      if (text === told.text && clock.now() - told.at < tellEveryMs - lookEveryMs) continue
      told = { text, at: clock.now() }
      yield { topology }
    }
  }

  private statsNow(): Promise<Stats> {
    const now = this.admin.clock.now()
    if (this.stats === undefined || now - this.stats.at >= statsEveryMs) this.stats = { at: now, asked: this.ask() }
    return this.stats.asked
  }

  /** The first ones by name; who gives no answer is told by the others' questions. */
  private groupsNow(): Promise<Groups['groups']> {
    const now = this.admin.clock.now()
    if (this.grouped === undefined || now - this.grouped.at >= groupsEveryMs) {
      const wish = { namePrefix: '', sharedFilters: [], after: '', limit: pageSizeMax }
      this.grouped = { at: now, asked: groupsOf(wish, this.admin).then(({ groups }) => groups) }
    }
    return this.grouped.asked
  }

  private sightsNow(): ReturnType<Nameservers['look']> {
    const now = this.admin.clock.now()
    if (this.looked === undefined || now - this.looked.at >= lookEveryMs - 20)
      this.looked = { at: now, asked: this.nameservers.look() }
    return this.looked.asked
  }

  private async ask(): Promise<Stats> {
    const { members } = this.admin
    const [brokers, proxies] = await Promise.all([
      members.gather(members.brokers(), inspect.InspectServiceService.getStats, () => ({})),
      members.gather(members.proxies(), proxy.ProxyServiceService.getStats, () => ({})),
    ])
    return {
      brokers: new Map(brokers.answered.map(({ member, answer }) => [member.incarnation, answer])),
      proxies: new Map(proxies.answered.map(({ member, answer }) => [member.incarnation, answer])),
      unreachable: [...brokers.unreachable, ...proxies.unreachable],
    }
  }
}

/** What is told at once when it changes; figures wait for their second. */
const essenceOf = ({ zones, owners, revision, attention }: cluster.Topology): string =>
  JSON.stringify([
    zones.map(({ members }) => members.map(stateOf)),
    owners,
    revision,
    attention.map(({ kind }) => kind),
  ])

const stateOf = ({ name, state, leads, incarnation, servingQueues }: cluster.Member) => [
  ...[name, state, leads, incarnation, servingQueues],
]
