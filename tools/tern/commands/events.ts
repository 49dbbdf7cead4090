import type { Json } from '../api.ts'
import type { Command } from '../command.ts'
import { printable } from '../output/printable.ts'
import { pages, timestamp, whole } from './shared.ts'

export const events: Command = {
  name: 'events',
  summary: 'what happened to the region: who came, who died, what moved, what it cost',
  options: {
    follow: { short: 'f', help: 'go on with what comes' },
    since: { short: 's', value: 'WHEN', help: 'from then on: 10m, 2h, 1d back, or a time' },
    filter: { value: 'CLAUSES', help: 'as: kind = "recovered" AND zone = "az-b"' },
    limit: { short: 'n', value: 'COUNT', help: 'at most so many', default: '50' },
  },
  async run({ option, has, api, out, signal }) {
    const request = { filter: option('filter') ?? '', startTime: timestamp('since', option('since')) }
    const { rows } = await pages(
      (page) => api.call('ClusterService/ListEvents', { ...request, ...page }),
      ({ events: found = [] }) => found,
      whole('limit', option('limit'), 10_000),
    )
    for (const event of rows.toReversed()) out.item(event, lineOf(event))
    if (!has('follow')) return rows.length === 0 ? out.say('no event yet') : undefined
    const afterId = rows[0]?.id ?? ''
    for await (const { events: found = [] } of api.stream('ClusterService/WatchEvents', { afterId }, signal)) {
      for (const event of found) out.item(event, lineOf(event))
    }
  },
}

const lineOf = ({ time, kind, text, id }: Json): string =>
  `${new Date(time).toLocaleTimeString('en-GB')}  ${String(kind).padEnd(15)} ${printable(text)}  (${id})`
