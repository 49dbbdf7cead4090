import { createMetrics, Histogram, type MetricSpecs, type Metrics, pointsFrom } from '@tern/telemetry'
import type { Store } from './store.ts'

/** Everything that the embedded log counts. */
export const logMetricSpecs = {
  'tern.log.commits': {
    kind: 'counter',
    unit: '{commit}',
    help: 'Commits, each one write and one sync for all that waited.',
  },
  'tern.log.commit.batches': { kind: 'counter', unit: '{batch}', help: 'Batches of records that they held.' },
  'tern.log.commit.size': { kind: 'counter', unit: 'By', help: 'Bytes of these batches.' },
  'tern.log.commit.duration': { kind: 'histogram', unit: 's', help: 'How long a commit took, its sync with it.' },
  'tern.log.refused': {
    kind: 'counter',
    unit: '{batch}',
    help: 'Batches that were refused, for what they are or because the disk takes no more.',
  },
  'tern.log.full': { kind: 'gauge', unit: '{disk}', help: 'Whether the disk takes no more.' },
  'tern.log.segments': { kind: 'gauge', unit: '{segment}', help: 'Files of the journal.' },
  'tern.log.records': {
    kind: 'gauge',
    unit: '{record}',
    help: 'Records between start and end, over all partitions of a topic.',
    labels: ['topic'],
  },
  'tern.log.tails': { kind: 'gauge', unit: '{stream}', help: 'Streams that are told of new records.' },
} as const satisfies MetricSpecs

/** Of the process since it began. */
export class LogCounters {
  commits = 0
  batches = 0
  bytes = 0
  refused = 0
  readonly commitDelay = new Histogram([0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5])
  tails = 0
}

export function logMetrics(counters: LogCounters, store: Pick<Store, 'refusal' | 'segments' | 'topics'>): Metrics {
  return createMetrics('log', logMetricSpecs, {
    'tern.log.commits': () => counters.commits,
    'tern.log.commit.batches': () => counters.batches,
    'tern.log.commit.size': () => counters.bytes,
    'tern.log.commit.duration': () => counters.commitDelay,
    'tern.log.refused': () => counters.refused,
    'tern.log.full': () => (store.refusal === undefined ? 0 : 1),
    'tern.log.segments': () => store.segments,
    'tern.log.records': () =>
      pointsFrom(
        [...store.topics].map(([topic, { partitions }]) => [
          topic,
          partitions.reduce((sum, { start, end }) => sum + end - start, 0),
        ]),
      ),
    'tern.log.tails': () => counters.tails,
  })
}
