import type { otlpCommon, tempopb } from '@tern/proto'
import type { Attribute, TimeRange } from '../../ports.ts'
import type { TraceView } from '../spans/trace-view.ts'
import { anyValueOf, text, type Value } from '../spans/value.ts'
import { compileQuery } from '../traceql/evaluate.ts'
import type { Metrics, Query } from '../traceql/syntax.ts'
import { readerOf } from '../traceql/values.ts'
import { emptyInterval, type Interval, observe, quantileOf } from './buckets.ts'

/** More series than this are not told apart any more: the rest is left out, and the answer says that it is partial. */
export const seriesMax = 1_000

/** From `start`, which is a multiple of the step, so many intervals. */
export type Intervals = Readonly<{ start: bigint; step: bigint; count: number }>

type Labels = readonly otlpCommon.KeyValue[]
type Series = Readonly<{ labels: Labels; intervals: Map<number, Interval> }>

/** Whatever is counted of traces over time. */
export type OverTime = Readonly<{
  add(trace: TraceView): void
  /** What was counted; `isPartial`: there were more series than may be. */
  result(): Readonly<{ series: tempopb.TimeSeries[]; isPartial: boolean }>
}>

/** Counts what a query asks to be counted, by the start of each span. */
export function overTime(
  query: Query & Readonly<{ metrics: Metrics }>,
  range: TimeRange,
  intervals: Intervals,
): OverTime {
  const { metrics } = query
  const evaluate = compileQuery(query)
  const readValue = metrics.attribute === undefined ? undefined : readerOf(metrics.attribute)
  const groups = metrics.by.map((attribute) => ({ key: nameOf(attribute), read: readerOf(attribute) }))
  const all = new Map<string, Series>()
  let isPartial = false

  const seriesOf = (values: readonly Value[]): Series | undefined => {
    const key = JSON.stringify(values.map(({ type, value }) => `${type} ${value}`))
    const known = all.get(key)
    if (known !== undefined) return known
    if (all.size >= seriesMax) {
      isPartial = true
      return undefined
    }
    const labels = groups.map((group, index) => ({ key: group.key, value: anyValueOf(values[index] ?? text('nil')) }))
    const series = { labels, intervals: new Map<number, Interval>() }
    all.set(key, series)
    return series
  }

  return {
    add(trace) {
      for (const view of evaluate(trace).flatMap(({ spans }) => spans)) {
        const at = view.span.startTimeUnixNano
        if (at < range.start || at > range.end) continue
        const value = readValue === undefined ? 1 : measured(readValue(view))
        if (value === undefined) continue
        const series = seriesOf(groups.map(({ read }) => read(view)[0] ?? text('nil')))
        if (series === undefined) continue
        const index = Number((at - intervals.start) / intervals.step)
        const interval = series.intervals.get(index) ?? emptyInterval()
        series.intervals.set(index, interval)
        observe(interval, value)
      }
    },
    result: () => ({
      series: kept(
        [...all.values()].flatMap((each) => rendered(metrics, each, intervals)),
        metrics,
      ),
      isPartial,
    }),
  }
}

const nameOf = ({ scope, name }: Attribute) =>
  scope === 'intrinsic' ? name : `${scope === 'any' ? '' : scope}.${name}`

/** A duration is measured in seconds, as Prometheus has it. */
function measured([value]: readonly Value[]): number | undefined {
  if (value?.type === 'duration') return Number(value.value) / 1e9
  return value?.type === 'int' || value?.type === 'float' ? Number(value.value) : undefined
}

const label = (key: string, value: Value): otlpCommon.KeyValue => ({ key, value: anyValueOf(value) })

function rendered(metrics: Metrics, { labels, intervals }: Series, at: Intervals): tempopb.TimeSeries[] {
  const line = (more: Labels, read: (interval: Interval) => number, always: boolean): tempopb.TimeSeries => ({
    labels: labels.length + more.length === 0 ? [label('__name__', text(metrics.function))] : [...labels, ...more],
    samples: samplesOf(intervals, at, read, always),
    promLabels: '',
    exemplars: [],
  })
  const seconds = Number(at.step) / 1e9
  switch (metrics.function) {
    case 'rate':
      return [line([], ({ count }) => count / seconds, true)]
    case 'count_over_time':
      return [line([], ({ count }) => count, true)]
    case 'sum_over_time':
      return [line([], ({ sum }) => sum, false)]
    case 'min_over_time':
      return [line([], ({ min }) => min, false)]
    case 'max_over_time':
      return [line([], ({ max }) => max, false)]
    case 'avg_over_time':
      return [line([], ({ sum, count }) => sum / count, false)]
    case 'quantile_over_time':
      return metrics.quantiles.map((quantile) =>
        line([label('p', { type: 'float', value: quantile })], (interval) => quantileOf(interval, quantile), false),
      )
    case 'histogram_over_time':
      return exponentsOf(intervals).map((exponent) =>
        line(
          [label('__bucket', { type: 'float', value: 2 ** exponent })],
          ({ exponents }) => exponents.get(exponent) ?? 0,
          true,
        ),
      )
  }
}

const exponentsOf = (intervals: ReadonlyMap<number, Interval>): readonly number[] =>
  [...new Set([...intervals.values()].flatMap(({ exponents }) => [...exponents.keys()]))].sort((a, b) => a - b)

/** `always`: nothing counted is zero; otherwise there is no sample where there is no span. */
function samplesOf(
  intervals: ReadonlyMap<number, Interval>,
  { start, step, count }: Intervals,
  read: (interval: Interval) => number,
  always: boolean,
): tempopb.Sample[] {
  const nothing = emptyInterval()
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const interval = intervals.get(index) ?? (always ? nothing : undefined)
    if (interval === undefined) return []
    return [{ timestampMs: (start + step * BigInt(index)) / 1_000_000n, value: read(interval) }]
  })
}

/** `topk` and `bottomk`: by what a series sums to, so that the same ones are shown all the time. */
function kept(series: tempopb.TimeSeries[], { keep }: Metrics): tempopb.TimeSeries[] {
  if (keep === undefined) return series
  const totals = series.map((each) => ({ each, total: each.samples.reduce((sum, { value }) => sum + value, 0) }))
  const sign = keep.order === 'topk' ? -1 : 1
  return totals
    .sort((a, b) => sign * (a.total - b.total))
    .slice(0, keep.count)
    .map(({ each }) => each)
}
