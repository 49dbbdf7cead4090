import type { otlpCommon, tempopb } from '@tern/proto'
import type { Attribute, TimeRange } from '../../ports.ts'
import type { SpanView } from '../spans/trace-view.ts'
import { anyValueOf, text, type Value, valuesOf } from '../spans/value.ts'
import { compileQuery } from '../traceql/evaluate.ts'
import { compileTest } from '../traceql/evaluate-field.ts'
import type { Comparison, Query } from '../traceql/syntax.ts'
import { readerOf } from '../traceql/values.ts'
import type { Intervals, OverTime } from './over-time.ts'

type Side = 'baseline' | 'selection'
/** How often, by interval. */
type Counts = Map<number, number>
type Known = Readonly<{ total: Counts; values: Map<string, Readonly<{ value: Value; counts: Counts }>> }>

/** Attributes, and values of each, that are told apart; of more the answer says so. */
const attributesMax = 500
const valuesMax = 1_000

const intrinsics = ['name', 'kind', 'status', 'statusMessage', 'rootName', 'rootServiceName'].map((name) => ({
  name,
  read: readerOf({ scope: 'intrinsic', name } satisfies Attribute),
}))

/** Counts the values of all attributes, of spans that fulfil the condition and of the others, as Grafana's Drilldown compares them. */
export function comparing(
  query: Query & Readonly<{ metrics: Comparison }>,
  range: TimeRange,
  intervals: Intervals,
): OverTime {
  const { selection, top, within } = query.metrics
  const evaluate = compileQuery(query)
  const isSelected = selection === undefined ? () => true : compileTest(selection)
  const sides: Record<Side, Map<string, Known>> = { baseline: new Map(), selection: new Map() }
  let isPartial = false

  const count = (side: Side, name: string, value: Value, interval: number) => {
    const known = sides[side].get(name) ?? { total: new Map(), values: new Map() }
    if (known.total.size === 0 && sides[side].size >= attributesMax) {
      isPartial = true
      return
    }
    sides[side].set(name, known)
    add(known.total, interval)
    const key = `${value.type} ${value.value}`
    const kept = known.values.get(key)
    if (kept !== undefined) add(kept.counts, interval)
    else if (known.values.size < valuesMax) known.values.set(key, { value, counts: new Map([[interval, 1]]) })
    else isPartial = true
  }

  return {
    add(trace) {
      for (const view of evaluate(trace).flatMap(({ spans }) => spans)) {
        const at = view.span.startTimeUnixNano
        if (at < range.start || at > range.end) continue
        const isWithin = within === undefined || (at >= within.start && at <= within.end)
        const side = isWithin && isSelected(view) ? 'selection' : 'baseline'
        const interval = Number((at - intervals.start) / intervals.step)
        for (const [name, value] of attributesOf(view)) count(side, name, value, interval)
      }
    },
    result: () => ({
      series: (['baseline', 'selection'] as const).flatMap((side) =>
        [...sides[side]].flatMap(([name, known]) => seriesOf(side, name, known, top, intervals)),
      ),
      isPartial,
    }),
  }
}

const add = (counts: Counts, interval: number) => counts.set(interval, (counts.get(interval) ?? 0) + 1)

function* attributesOf(view: SpanView): Generator<readonly [name: string, value: Value]> {
  for (const { name, read } of intrinsics) for (const value of read(view)) yield [name, value]
  for (const { key, value } of view.span.attributes) for (const each of valuesOf(value)) yield [`span.${key}`, each]
  for (const { key, value } of view.resource) for (const each of valuesOf(value)) yield [`resource.${key}`, each]
}

/** The most frequent values, and how many spans had the attribute at all; of how many values were left out a label tells. */
function seriesOf(
  side: Side,
  name: string,
  { total, values }: Known,
  top: number,
  at: Intervals,
): tempopb.TimeSeries[] {
  const sorted = [...values.values()].sort((a, b) => sum(b.counts) - sum(a.counts))
  const lines = sorted.slice(0, top).map(({ value, counts }) => line(side, [label(name, value)], counts, at))
  const nil = label(name, text('nil'))
  const left = sorted.length > top ? [label('__meta_error', text('__too_many_values__'))] : []
  return [...lines, line(`${side}_total`, [...left, nil], total, at)]
}

const sum = (counts: Counts) => [...counts.values()].reduce((all, each) => all + each, 0)
const label = (key: string, value: Value): otlpCommon.KeyValue => ({ key, value: anyValueOf(value) })

function line(type: string, labels: readonly otlpCommon.KeyValue[], counts: Counts, at: Intervals): tempopb.TimeSeries {
  const samples = Array.from({ length: at.count }, (_, index) => ({
    timestampMs: (at.start + at.step * BigInt(index)) / 1_000_000n,
    value: counts.get(index) ?? 0,
  }))
  return { labels: [label('__meta_type', text(type)), ...labels], samples, promLabels: '', exemplars: [] }
}
