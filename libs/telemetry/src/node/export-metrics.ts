import type { MetricSpecs } from '../metric-spec.ts'
import { createMetrics, type Metrics, pointsFrom } from '../metrics.ts'

export type Signal = 'spans' | 'metrics'

/** What became of what was to leave for a collector. */
export class ExportCounters {
  readonly spans = { exported: 0, failed: 0, dropped: 0 }
  readonly requests: Record<Signal, { ok: number; failed: number }> = {
    spans: { ok: 0, failed: 0 },
    metrics: { ok: 0, failed: 0 },
  }
}

/** Of processes that export. */
export const exportMetricSpecs = {
  'tern.telemetry.spans': {
    kind: 'counter',
    unit: '{span}',
    help: 'Spans that a collector took, that it did not take, and that the queue had no room for.',
    labels: ['outcome'],
  },
  'tern.telemetry.requests.failed': {
    kind: 'counter',
    unit: '{request}',
    help: 'Requests to the collector that failed, after what was tried again.',
    labels: ['signal'],
  },
} as const satisfies MetricSpecs

export const exportMetrics = ({ spans, requests }: ExportCounters): Metrics =>
  createMetrics('telemetry', exportMetricSpecs, {
    'tern.telemetry.spans': () => pointsFrom(Object.entries(spans)),
    'tern.telemetry.requests.failed': () =>
      pointsFrom(Object.entries(requests).map(([signal, { failed }]) => [signal, failed])),
  })
