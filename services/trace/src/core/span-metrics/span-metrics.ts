import type { Durations, Teller } from './durations.ts'
import { SeriesTable } from './series.ts'

export type SpanKind = 'UNSPECIFIED' | 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER'
export type ConnectionType = '' | 'virtual_node' | 'messaging_system' | 'database'

/** One span. Its name is of few: an operation and a template, never a topic or a client. */
export type CountedSpan = Readonly<{
  service: string
  name: string
  kind: SpanKind
  status: 'UNSET' | 'OK' | 'ERROR'
  seconds: number
  traceId: string
}>

/** One request, message or delivery from a service to another. */
export type CountedEdge = Readonly<{
  client: string
  server: string
  connectionType: ConnectionType
  failed: boolean
  /** As long as the server took; undefined: it is not known. */
  serverSeconds: number | undefined
  clientSeconds: number | undefined
  traceId: string
}>

/** Whose traces stand for many spans. */
export type Exemplars = Readonly<{ traceIdOf(teller: Teller): string; atMs: number }>

type SpanLabels = Pick<CountedSpan, 'service' | 'name' | 'kind' | 'status'>
type EdgeLabels = Pick<CountedEdge, 'client' | 'server' | 'connectionType' | 'failed'>

const spanSeriesMax = 2_000
const edgeSeriesMax = 1_000
const other = 'other'

/** What Grafana's service graph and its span tables are drawn from, counted span by span. */
export class SpanMetrics {
  readonly spans = new SeriesTable(spanSeriesMax, ([, , kind = '', status = '']) => [other, other, kind, status])
  readonly requests = new SeriesTable(edgeSeriesMax, overflow)
  readonly failed = new SeriesTable(edgeSeriesMax, overflow)
  readonly serverSeconds = new SeriesTable(edgeSeriesMax, overflow)
  readonly clientSeconds = new SeriesTable(edgeSeriesMax, overflow)
  /** Spans whose other side did not come. */
  unpaired = 0

  countSpan({ service, name, kind, status, seconds, traceId }: CountedSpan, atMs: number): void {
    const labels = spanLabels({ service, name, kind, status })
    this.spans.of(labels).record(seconds, { traceId, value: seconds, atMs })
  }

  /** Many spans of the same labels. */
  countSpans(span: SpanLabels, durations: Durations, exemplars: Exemplars): void {
    if (durations.count > 0) timeAll(this.spans, spanLabels(span), durations, exemplars)
  }

  countEdge(edge: CountedEdge, atMs: number): void {
    const labels = [edge.client, edge.server, edge.connectionType]
    const { traceId, serverSeconds, clientSeconds } = edge
    this.requests.of(labels).record(0, undefined)
    // There from the first request on, so that a rate of failures has a beginning.
    const failed = this.failed.of(labels)
    if (edge.failed) failed.record(0, undefined)
    time(this.serverSeconds, labels, serverSeconds, traceId, atMs)
    time(this.clientSeconds, labels, clientSeconds, traceId, atMs)
  }

  /** Many edges of the same labels; each took its server, and if so its client too, as long as it took. */
  countEdges(
    edge: EdgeLabels & Readonly<{ isClientTimed: boolean }>,
    durations: Durations,
    exemplars: Exemplars,
  ): void {
    if (durations.count === 0) return
    const labels = [edge.client, edge.server, edge.connectionType]
    this.requests.of(labels).count += durations.count
    const failed = this.failed.of(labels)
    if (edge.failed) failed.count += durations.count
    timeAll(this.serverSeconds, labels, durations, exemplars)
    if (edge.isClientTimed) timeAll(this.clientSeconds, labels, durations, exemplars)
  }
}

const spanLabels = ({ service, name, kind, status }: SpanLabels) => [
  service,
  name,
  `SPAN_KIND_${kind}`,
  `STATUS_CODE_${status}`,
]

function timeAll(table: SeriesTable, labels: readonly string[], durations: Durations, { traceIdOf, atMs }: Exemplars) {
  const { buckets, sumUs, lastUs, lastPosition, lastContext } = durations
  table.of(labels).recordAll(buckets, sumUs / 1e6, (bucket) => {
    const traceId = traceIdOf({ position: lastPosition[bucket]!, context: lastContext[bucket] })
    return { traceId, value: lastUs[bucket]! / 1e6, atMs }
  })
}

const overflow = (labels: readonly string[]) => [other, other, labels[2] ?? '']

function time(
  table: SeriesTable,
  labels: readonly string[],
  seconds: number | undefined,
  traceId: string,
  atMs: number,
) {
  if (seconds === undefined) return
  table.of(labels).record(seconds, { traceId, value: seconds, atMs })
}
