import { Histogram } from './histogram.ts'
import { type MetricSpec, type MetricSpecs, prometheusName } from './metric-spec.ts'

/** One label value for each label of the spec, in its order. */
export type Point<Value> = readonly [labels: readonly string[], value: Value]

type ValueOf<Spec extends MetricSpec> = Spec['kind'] extends 'histogram' ? Histogram : number

/** What there is now: a value, or one for each combination of labels. Nothing, while the part that knows it is not there. */
export type Reading<Value> = Value | Iterable<Point<Value>> | undefined

/** How each number is read, when it is asked for. The hot paths only count; they call nothing. */
export type Observers<Specs extends MetricSpecs> = {
  readonly [Name in keyof Specs]: () => Reading<ValueOf<Specs[Name]>>
}

export type Family = Readonly<{ name: string; spec: MetricSpec; points: readonly Point<number | Histogram>[] }>

/** A number as other services are told it: histograms as their buckets, as Prometheus has them. */
export type Sample = Readonly<{ name: string; labels: Readonly<Record<string, string>>; value: number }>

export type Metrics = Readonly<{
  /** Of which service these are. */
  service: string
  specs: MetricSpecs
  collect(): readonly Family[]
  snapshot(): readonly Sample[]
}>

/** A label with more values than this has one too many kinds of values: the further ones are left out. */
export const seriesMax = 2_000

/** A number that cannot be read is left out, and so is no reason to lose the others. */
export function createMetrics<Specs extends MetricSpecs>(
  service: string,
  specs: Specs,
  observers: Observers<Specs>,
): Metrics {
  const collect = () =>
    Object.entries(specs).flatMap(([name, spec]): Family[] => {
      const points = pointsOf(observers[name] as () => Reading<number | Histogram>)
      return points.length === 0 ? [] : [{ name, spec, points }]
    })
  return { service, specs, collect, snapshot: () => collect().flatMap(samplesOf) }
}

function pointsOf(read: () => Reading<number | Histogram>): readonly Point<number | Histogram>[] {
  try {
    const reading = read()
    if (reading === undefined) return []
    if (typeof reading === 'number' || reading instanceof Histogram) return [[[], reading]]
    return [...reading].slice(0, seriesMax)
  } catch {
    return []
  }
}

/** A family as flat numbers; a histogram as its cumulative buckets, its sum and its count. */
export function samplesOf({ name, spec, points }: Family): Sample[] {
  const flat = prometheusName(name, spec)
  return points.flatMap(([values, value]): Sample[] => {
    const labels = Object.fromEntries(
      (spec.labels ?? []).map((label, i) => [label.replaceAll('.', '_'), values[i] ?? '']),
    )
    if (typeof value === 'number') return [{ name: flat, labels, value }]
    let below = 0
    const buckets = [...value.counts].map((count, i) => {
      below += count
      const le = i < value.bounds.length ? String(value.bounds[i]) : '+Inf'
      return { name: `${flat}_bucket`, labels: { ...labels, le }, value: below }
    })
    const totals = [
      { name: `${flat}_sum`, labels, value: value.sum },
      { name: `${flat}_count`, labels, value: value.count },
    ]
    return [...buckets, ...totals]
  })
}

/** Points of a map from a label's value to a number. */
export const pointsFrom = (counts: Iterable<readonly [string | number, number]>): Point<number>[] =>
  [...counts].map(([label, value]) => [[String(label)], value])
