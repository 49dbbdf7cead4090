import type { otlpCommon, tempopb } from '@tern/proto'
import type { Attribute } from '../../ports.ts'
import { durationOf, rootUnknown, type SpanView, type TraceView } from '../spans/trace-view.ts'
import { anyValueOf, type Value } from '../spans/value.ts'
import { attributesNamed, compileQuery, type Spanset } from '../traceql/evaluate.ts'
import type { Query } from '../traceql/syntax.ts'
import { readerOf } from '../traceql/values.ts'

/** How a trace appears in a list: undefined when it does not match. */
export type Summarize = (trace: TraceView) => tempopb.TraceSearchMetadata | undefined

/** What a list of traces has columns for anyhow, or what is the same for all spans of a trace. */
const shownElsewhere = new Set([
  'name',
  'duration',
  'traceDuration',
  'rootName',
  'rootServiceName',
  'trace:id',
  'span:id',
])
const uint32Max = 0xffffffff
/** A name or a value is shown so far, so that what a list shows of a trace has a bound. The trace itself has all of it. */
const charactersMax = 2_048
const cut = (text: string) => (text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text)

/** `spansMax`: how many spans of each set are shown; all that match are counted. */
export function summarizing(query: Query, spansMax: number): Summarize {
  const evaluate = compileQuery(query)
  const columns = attributesNamed(query)
    .filter(({ scope, name }) => scope !== 'intrinsic' || !shownElsewhere.has(name))
    .map((attribute) => ({ attribute, read: readerOf(attribute) }))
  return (trace) => {
    const spansets = evaluate(trace)
    if (spansets.length === 0) return undefined
    return {
      traceID: trace.id,
      rootServiceName: cut(trace.root?.service ?? rootUnknown),
      rootTraceName: cut(trace.root?.span.name ?? rootUnknown),
      startTimeUnixNano: trace.start,
      durationMs: Number(min((trace.end - trace.start) / 1_000_000n, BigInt(uint32Max))),
      spanSet: undefined,
      spanSets: spansets.map((set) => spanSetOf(set, spansMax, columns)),
      serviceStats: statistics(trace.spans),
    }
  }
}

const min = (a: bigint, b: bigint) => (a < b ? a : b)

type Column = Readonly<{ attribute: Attribute; read: (view: SpanView) => readonly Value[] }>

function spanSetOf({ spans, computed }: Spanset, spansMax: number, columns: readonly Column[]): tempopb.SpanSet {
  return {
    spans: spans.slice(0, spansMax).map((view) => ({
      spanID: view.id,
      name: cut(view.span.name),
      startTimeUnixNano: view.span.startTimeUnixNano,
      durationNanos: durationOf(view.span),
      attributes: columns.flatMap(({ attribute, read }) => cell(attribute.name, read(view))),
    })),
    matched: spans.length,
    attributes: computed.flatMap(([name, value]) => cell(name, [value])),
  }
}

/** Of several values the first is shown: Grafana's tables read one. */
function cell(key: string, [value]: readonly Value[]): otlpCommon.KeyValue[] {
  if (value === undefined) return []
  const shown = value.type === 'string' ? { ...value, value: cut(value.value) } : value
  return [{ key: cut(key), value: anyValueOf(shown) }]
}

function statistics(spans: readonly SpanView[]): Record<string, tempopb.ServiceStats> {
  const stats: Record<string, tempopb.ServiceStats> = Object.create(null)
  for (const { service: named, span } of spans) {
    const service = cut(named)
    stats[service] ??= { spanCount: 0, errorCount: 0 }
    stats[service].spanCount += 1
    if (span.status?.code === 2) stats[service].errorCount += 1
  }
  return stats
}
