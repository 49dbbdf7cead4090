import type { Json } from '../api.ts'
import type { Command } from '../command.ts'
import { milliseconds, millisOf } from '../output/time.ts'

const rate = (value: Json) => Math.round(Number(value ?? 0)).toLocaleString('en')
export const word = (state: string | undefined, prefix: string): string =>
  (state ?? '').replace(prefix, '').toLowerCase().replaceAll('_', ' ')

export const status: Command = {
  name: 'status',
  summary: 'the region in a glance: zones, processes, rates',
  async run({ api, out, target }) {
    const [{ topology }, info] = await Promise.all([
      api.call('ClusterService/GetTopology', {}),
      api.call('ClusterService/GetServerInfo', {}),
    ])
    const members = topology.zones.flatMap((zone: Json) => zone.members)
    if (out.format === 'json') return out.thing({ info, topology }, [])
    const headline = topology.headline ?? {}
    if (out.format === 'env')
      return out.thing({ url: api.url, ...target.region, ...info, clients: headline.clients }, [])
    out.thing({}, [
      `${api.url} (${target.from}) · TernMQ ${info.version} · ${info.queues} queues on the ${info.log} log`,
      `${headline.clients ?? 0} clients · ${rate(headline.publishesPerSecond)} in/s · ${rate(headline.deliveriesPerSecond)} out/s` +
        (headline.publishToDeliverP99 ? ` · p99 ${milliseconds(millisOf(headline.publishToDeliverP99))}` : ''),
      '',
    ])
    out.table(members, memberColumns, 'no members')
    for (const { text } of topology.attention ?? []) out.say(`! ${text}`)
    if (topology.unreachable?.length > 0)
      out.say(`! no answer from ${topology.unreachable.join(', ')}; their figures are missing`)
  },
}

const memberColumns = [
  { title: 'ZONE', of: (m: Json) => m.zone },
  { title: 'MEMBER', of: (m: Json) => m.name },
  { title: 'STATE', of: (m: Json) => word(m.state, 'MEMBER_STATE_') + (m.leads ? ', leads' : '') },
  { title: 'QUEUES', of: (m: Json) => (m.kind === 'MEMBER_KIND_BROKER' ? m.ownedQueues : ''), right: true as const },
  { title: 'CLIENTS', of: (m: Json) => (m.kind === 'MEMBER_KIND_PROXY' ? m.connections : ''), right: true as const },
  { title: 'ADDRESS', of: (m: Json) => m.endpoints?.mqtt ?? m.address },
]
