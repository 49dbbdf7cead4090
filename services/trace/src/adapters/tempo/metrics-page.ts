import { contentTypes, exposition } from '../../core/span-metrics/exposition.ts'
import type { SpanMetrics } from '../../core/span-metrics/span-metrics.ts'
import type { HttpAnswer } from './context.ts'

/** What Prometheus reads: with exemplars, if it takes OpenMetrics. */
export function metricsPage(metrics: SpanMetrics, accept: string): HttpAnswer {
  const format = accept.includes('application/openmetrics-text') ? 'openmetrics' : 'text'
  return { status: 200, contentType: contentTypes[format], body: exposition(metrics, format) }
}
