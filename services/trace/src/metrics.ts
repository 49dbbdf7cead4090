import { createMetrics, type MetricSpecs, type Metrics } from '@tern/telemetry'
import type { TraceLog } from './adapters/log/trace-log.ts'
import type { TraceIndex } from './core/index/trace-index.ts'

/** Everything that a trace service counts. */
export const traceMetricSpecs = {
  'tern.trace.index.stretches': {
    kind: 'gauge',
    unit: '{stretch}',
    help: 'Parts of tern.trace that the index knows of; at its limit older ones are kept more coarsely.',
  },
  'tern.trace.index.context_ids': {
    kind: 'gauge',
    unit: '{trace}',
    help: 'Trace ids, drawn by clients or other systems, that the index finds at once.',
  },
  'tern.trace.ledger.lost_entries': {
    kind: 'gauge',
    unit: '{entry}',
    help: 'Entries that proxies said they dropped, of what is remembered: traces of these messages are incomplete.',
  },
  'tern.trace.append.waiting': { kind: 'gauge', unit: 'By', help: 'Bytes that are not durable yet.' },
} as const satisfies MetricSpecs

export const traceMetrics = ({ index, traceLog }: Readonly<{ index: TraceIndex; traceLog: TraceLog }>): Metrics =>
  createMetrics('trace', traceMetricSpecs, {
    'tern.trace.index.stretches': () => index.stretches,
    'tern.trace.index.context_ids': () => index.contextIds,
    'tern.trace.ledger.lost_entries': () => index.lostEntries,
    'tern.trace.append.waiting': () => traceLog.waitingBytes,
  })
