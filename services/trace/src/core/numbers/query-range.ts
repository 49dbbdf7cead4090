import { numbers } from '@tern/proto'
import type { KeptSeries, NumberHistory } from './number-history.ts'

export type RangeQuestion = Readonly<{
  names: readonly string[]
  /** Seconds; the values are those of start + step, start + 2 step … up to end. */
  start: number
  end: number
  step: number
  groupBy: 'member' | 'zone' | ''
}>

export type RangeSeries = Readonly<{
  name: string
  labels: Readonly<Record<string, string>>
  values: readonly number[]
}>

const quantiles = [0.5, 0.99] as const
/** Of several members the greatest counts, since their sum means nothing. */
const greatestCounts = new Set(['s', '1', '{term}', '{epoch}'])

/** Rates of counters, values of gauges, quantiles of histograms; of each group of members one series for each combination of labels. */
export function queryRange(history: NumberHistory, question: RangeQuestion): RangeSeries[] {
  return question.names.flatMap((name) => {
    const groups = Map.groupBy(history.of(name), (each) => JSON.stringify(labelsOf(each, question.groupBy)))
    return [...groups].flatMap(([labels, members]) => seriesOf(name, JSON.parse(labels), members, question))
  })
}

function labelsOf({ family, labels, member, zone }: KeptSeries, groupBy: RangeQuestion['groupBy']) {
  const own = Object.fromEntries(family.labels.map((label, i) => [label, labels[i] ?? '']))
  if (groupBy === '') return own
  return { ...own, [groupBy]: groupBy === 'member' ? member : zone }
}

function seriesOf(
  name: string,
  labels: Readonly<Record<string, string>>,
  members: readonly KeptSeries[],
  question: RangeQuestion,
): RangeSeries[] {
  const [first] = members
  if (first === undefined) return []
  const { kind, unit, bounds } = first.family
  if (kind === numbers.NumberKind.COUNTER) {
    return [
      { name, labels, values: stepped(question, (from, until) => sum(members, (each) => rate(each, from, until))) },
    ]
  }
  if (kind === numbers.NumberKind.HISTOGRAM) {
    return quantiles.map((quantile) => {
      const values = stepped(question, (from, until) =>
        quantileOf(bounds, grown(members, bounds, from, until), quantile),
      )
      return { name, labels: { ...labels, quantile: String(quantile) }, values }
    })
  }
  const joined = greatestCounts.has(unit) ? greatest : sum
  return [
    {
      name,
      labels,
      values: stepped(question, (from, until) => joined(members, ({ series }) => series.newest(from, until))),
    },
  ]
}

function stepped({ start, end, step }: RangeQuestion, value: (from: number, until: number) => number): number[] {
  const values: number[] = []
  for (let until = start + step; until <= end; until += step) values.push(value(until - step, until))
  return values
}

/** Of what is known; not a number when nothing is. */
function sum(members: readonly KeptSeries[], of: (each: KeptSeries) => number): number {
  const known = members.map(of).filter((value) => !Number.isNaN(value))
  return known.length === 0 ? Number.NaN : known.reduce((total, value) => total + value, 0)
}

function greatest(members: readonly KeptSeries[], of: (each: KeptSeries) => number): number {
  const known = members.map(of).filter((value) => !Number.isNaN(value))
  return known.length === 0 ? Number.NaN : Math.max(...known)
}

/** A counter that is lower than before belongs to a process that began anew. */
const growth = (before: number, after: number): number => (after < before ? after : after - before)

/** Since the last second that is known at or before `from`, within one more step, so that a late report makes no hole. */
function rate({ series }: KeptSeries, from: number, until: number): number {
  const before = series.newest(2 * from - until, from)
  const after = series.newest(from, until)
  return growth(before, after) / (until - from)
}

function grown(members: readonly KeptSeries[], bounds: readonly number[], from: number, until: number): number[] {
  return Array.from({ length: bounds.length + 1 }, (_, bucket) =>
    members.reduce((total, { series }) => {
      const more = growth(series.newest(2 * from - until, from, bucket), series.newest(from, until, bucket))
      return Number.isNaN(more) ? total : total + more
    }, 0),
  )
}

/** As Prometheus has it: evenly spread within a bucket; what is above the last bound counts as that. */
export function quantileOf(bounds: readonly number[], counts: readonly number[], quantile: number): number {
  const total = counts.reduce((all, count) => all + count, 0)
  if (total === 0) return Number.NaN
  let below = 0
  for (const [bucket, count] of counts.entries()) {
    if (below + count >= quantile * total && count > 0) {
      const upper = bounds[bucket]
      if (upper === undefined) return bounds.at(-1) ?? Number.NaN
      const lower = bounds[bucket - 1] ?? 0
      return lower + ((upper - lower) * (quantile * total - below)) / count
    }
    below += count
  }
  return bounds.at(-1) ?? Number.NaN
}
