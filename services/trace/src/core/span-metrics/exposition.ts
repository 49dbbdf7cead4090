import { type Exemplar, type Series, type SeriesTable, secondsBounds } from './series.ts'
import type { SpanMetrics } from './span-metrics.ts'

/** `openmetrics` has exemplars; the older text has no place for them. */
export type Format = 'openmetrics' | 'text'

export const contentTypes: Readonly<Record<Format, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  text: 'text/plain; version=0.0.4; charset=utf-8',
}

const spanLabels = ['service', 'span_name', 'span_kind', 'status_code']
const edgeLabels = ['client', 'server', 'connection_type']

/** The series that Grafana asks Prometheus for, by their exact names. */
export function exposition(metrics: SpanMetrics, format: Format): string {
  const { spans, requests, failed, serverSeconds, clientSeconds, unpaired } = metrics
  const graph = 'traces_service_graph'
  const unpairedName = `${graph}_unpaired_spans`
  const lines = [
    ...counter(format, 'traces_spanmetrics_calls', 'Spans.', spanLabels, spans),
    ...histogram(format, 'traces_spanmetrics_latency', 'How long spans took, in seconds.', spanLabels, spans),
    ...counter(
      format,
      `${graph}_request`,
      'Requests, messages and deliveries from one service to another.',
      edgeLabels,
      requests,
    ),
    ...counter(format, `${graph}_request_failed`, 'Those of them that failed.', edgeLabels, failed),
    ...histogram(format, `${graph}_request_server_seconds`, 'How long the server took.', edgeLabels, serverSeconds),
    ...histogram(format, `${graph}_request_client_seconds`, 'How long the client waited.', edgeLabels, clientSeconds),
    ...heading(format, unpairedName, 'counter', 'Spans whose other side did not come in time.'),
    `${unpairedName}_total ${unpaired}`,
    ...(format === 'openmetrics' ? ['# EOF'] : []),
  ]
  return `${lines.join('\n')}\n`
}

/** A counter's name ends in `_total`: in the older text also where its type is said. */
function heading(format: Format, name: string, type: 'counter' | 'histogram', help: string): string[] {
  const said = type === 'counter' && format === 'text' ? `${name}_total` : name
  return [`# HELP ${said} ${help}`, `# TYPE ${said} ${type}`]
}

function counter(format: Format, name: string, help: string, labels: readonly string[], table: SeriesTable): string[] {
  const lines = [...table.all()].map((series) => `${name}_total${labelled(labels, series.labels)} ${series.count}`)
  return [...heading(format, name, 'counter', help), ...lines]
}

function histogram(
  format: Format,
  name: string,
  help: string,
  labels: readonly string[],
  table: SeriesTable,
): string[] {
  const lines = [...table.all()].flatMap((series) => [
    ...bucketLines(format, name, labels, series),
    `${name}_sum${labelled(labels, series.labels)} ${series.sum}`,
    `${name}_count${labelled(labels, series.labels)} ${series.count}`,
  ])
  return [...heading(format, name, 'histogram', help), ...lines]
}

function bucketLines(format: Format, name: string, labels: readonly string[], series: Series): string[] {
  let below = 0
  return [...series.buckets].map((count, index) => {
    below += count
    const bound = secondsBounds[index]
    const le = bound === undefined ? '+Inf' : Number.isInteger(bound) ? `${bound}.0` : `${bound}`
    const line = `${name}_bucket${labelled([...labels, 'le'], [...series.labels, le])} ${below}`
    const exemplar = format === 'openmetrics' ? series.exemplars[index] : undefined
    return exemplar === undefined ? line : `${line} ${exemplarText(exemplar)}`
  })
}

const exemplarText = ({ traceId, value, atMs }: Exemplar) => `# {trace_id="${traceId}"} ${value} ${atMs / 1000}`

function labelled(names: readonly string[], values: readonly string[]): string {
  return `{${names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`).join(',')}}`
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
