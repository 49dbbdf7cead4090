import type { Measurement } from './measure.ts'

type Column = Readonly<{ title: string; of: keyof Omit<Measurement, 'server' | 'scenario'> }>

const columns: readonly Column[] = [
  { title: 'messages/s', of: 'messagesPerSecond' },
  { title: 'deliveries/s', of: 'deliveriesPerSecond' },
  { title: 'CPU µs per message in + out', of: 'cpuMicrosPerMessage' },
  { title: 'p50 ms', of: 'p50Ms' },
  { title: 'p99 ms', of: 'p99Ms' },
  { title: 'first ms', of: 'firstMs' },
  { title: 'last ms', of: 'lastMs' },
  { title: 'lost', of: 'lost' },
  { title: 'out of order', of: 'outOfOrder' },
  { title: 'grown MiB', of: 'grownMiB' },
  { title: 'KiB per connection', of: 'kibPerConnection' },
]

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** For each scenario and server, in their order, the median of its rounds. */
export function medians(all: readonly Measurement[]): Measurement[] {
  const groups = Map.groupBy(all, ({ scenario, server }) => `${scenario} ${server}`)
  return [...groups.values()].map((rounds) => {
    const numbers = columns.map(({ of }) => [of, Math.round(median(rounds.map((each) => each[of])) * 100) / 100])
    return { ...rounds[0], ...Object.fromEntries(numbers) } as Measurement
  })
}

/** Markdown, one line for each scenario and server. */
export function table(rows: readonly Measurement[]): string {
  const titles = ['scenario', 'server', ...columns.map(({ title }) => title)]
  const cells = rows.map((row) => [
    row.scenario,
    row.server,
    ...columns.map(({ of }) => (row[of] === 0 ? '' : row[of])),
  ])
  const lines = [titles, titles.map(() => '---'), ...cells].map((each) => `| ${each.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}
