import { createMetrics, type MetricSpecs, type Metrics } from '@tern/telemetry'

/** Everything that the console counts. */
export const consoleMetricSpecs = {
  'tern.console.sessions': {
    kind: 'gauge',
    unit: '{session}',
    help: 'People who are logged in, once for each browser.',
  },
  'tern.console.tabs': { kind: 'gauge', unit: '{stream}', help: 'Tabs that have a stream to the console.' },
  'tern.console.topology.known': {
    kind: 'gauge',
    unit: '{topology}',
    help: 'Whether a proxy has told what the region looks like.',
  },
} as const satisfies MetricSpecs

export type ConsoleSight = Readonly<{ sessions(): number; tabs(): number; knowsTopology(): boolean }>

export const consoleMetrics = (sight: ConsoleSight): Metrics =>
  createMetrics('console', consoleMetricSpecs, {
    'tern.console.sessions': () => sight.sessions(),
    'tern.console.tabs': () => sight.tabs(),
    'tern.console.topology.known': () => (sight.knowsTopology() ? 1 : 0),
  })
