/** A value of which the trace is known, to jump from a graph to it. */
export type Exemplar = Readonly<{ traceId: string; value: number; atMs: number }>

/** In seconds: from two milliseconds, doubled, to half a minute. */
export const secondsBounds: readonly number[] = Array.from({ length: 15 }, (_, index) => 0.002 * 2 ** index)

/** A counter or a histogram of one set of label values. */
export class Series {
  readonly labels: readonly string[]
  count = 0
  sum = 0
  /** How many fell into each bucket, one bucket more for what is above all bounds; and the last one of each. */
  readonly buckets = new Float64Array(secondsBounds.length + 1)
  readonly exemplars: (Exemplar | undefined)[] = []

  constructor(labels: readonly string[]) {
    this.labels = labels
  }

  record(value: number, exemplar: Exemplar | undefined): void {
    let bucket = 0
    while (bucket < secondsBounds.length && value > secondsBounds[bucket]!) bucket += 1
    this.buckets[bucket]! += 1
    this.count += 1
    this.sum += value
    if (exemplar !== undefined) this.exemplars[bucket] = exemplar
  }

  /** Many at once: how many of each bucket, and the last one of it. */
  recordAll(buckets: Readonly<Float64Array>, sum: number, exemplarOf: (bucket: number) => Exemplar): void {
    this.sum += sum
    for (let bucket = 0; bucket < buckets.length; bucket++) {
      if (buckets[bucket] === 0) continue
      this.buckets[bucket]! += buckets[bucket]!
      this.count += buckets[bucket]!
      this.exemplars[bucket] = exemplarOf(bucket)
    }
  }
}

/**
 * Series by their labels, never more than so many: a label whose values have no end would take all memory of whoever reads them. What
 * is new then is counted under `other`.
 */
export class SeriesTable {
  readonly #series = new Map<string, Series>()
  readonly #seriesMax: number
  readonly #other: (labels: readonly string[]) => readonly string[]

  constructor(seriesMax: number, other: (labels: readonly string[]) => readonly string[]) {
    this.#seriesMax = seriesMax
    this.#other = other
  }

  of(labels: readonly string[]): Series {
    const key = labels.join('\u0000')
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const isFull = this.#series.size >= this.#seriesMax
    const kept = isFull ? this.#other(labels) : labels
    const keptKey = kept.join('\u0000')
    const series = this.#series.get(keptKey) ?? new Series(kept)
    this.#series.set(keptKey, series)
    return series
  }

  all(): Iterable<Series> {
    return this.#series.values()
  }
}
