import { short, span } from '../lib/format.ts'
import type { Sample } from '../lib/use-topology.ts'
import { TimeChart } from './time-chart.tsx'

/** The same six charts wherever the region's figures are shown. */
export function MetricCharts({ samples }: Readonly<{ samples: readonly Sample[] }>) {
  const times = samples.map(({ time }) => time / 1_000)
  const rate = (value: number) => `${short(value)}/s`
  const names = samples.at(-1)?.zones.map(({ name }) => name) ?? []
  const byZone = (of: (zone: Sample['zones'][number]) => number) =>
    names.map((name, index) => ({
      ...{ name, zone: Math.min(index, 3) },
      values: samples.map(({ zones }) => zones.flatMap((zone) => (zone.name === name ? [of(zone)] : []))[0] ?? null),
    }))
  const one = (name: string, of: (sample: Sample) => number | null) => [{ name, values: samples.map(of) }]
  return (
    <section className="charts" aria-label="Charts of the last 15 minutes">
      <TimeChart title="Published" format={rate} times={times} series={one('published', (each) => each.publishes)} />
      <TimeChart title="Delivered" format={rate} times={times} series={one('delivered', (each) => each.deliveries)} />
      <TimeChart title="Publish to deliver, p99" format={span} times={times} series={one('p99', (each) => each.p99)} />
      <TimeChart
        title="Oldest unacknowledged"
        format={span}
        times={times}
        series={one('oldest', (each) => each.oldest)}
      />
      <TimeChart title="Clients by zone" format={short} times={times} series={byZone((zone) => zone.clients)} />
      <TimeChart title="Queues owned by zone" format={short} times={times} series={byZone((zone) => zone.queues)} />
    </section>
  )
}
