import { LogError, type OffsetRange } from './log.ts'

export type Entry<Place> = { baseOffset: number; lastOffset: number; timeMs: number; sizeBytes: number; place: Place }

/** Where the batches of one partition are, by offset. Dense: each batch begins where the one before ended, compacted or not. */
export class PartitionIndex<Place> {
  start = 0
  end = 0
  entries: Entry<Place>[] = []

  range(): OffsetRange {
    return { start: this.start, end: this.end }
  }

  add(entry: Entry<Place>): void {
    this.entries.push(entry)
    this.end = entry.lastOffset + 1
  }

  /** A batch as a scan of the log finds it: the next one, or one in the place of those that it covers. */
  found(entry: Entry<Place>): void {
    if (entry.baseOffset >= this.end) this.add(entry)
    else this.replace(entry)
  }

  /** Takes the place of all that lies in its range. */
  replace(entry: Entry<Place>): void {
    const first = this.first(({ baseOffset }) => baseOffset >= entry.baseOffset)
    const after = this.first(({ baseOffset }) => baseOffset > entry.lastOffset)
    this.entries.splice(first, after - first, entry)
  }

  /** The entries from the one that holds `from`, up to so many bytes, at least one if there is one. */
  from(from: number, bytesMax: number): Entry<Place>[] {
    const first = this.first((entry) => entry.lastOffset >= from)
    let bytes = 0
    let end = first
    for (; end < this.entries.length; end++) {
      bytes += (this.entries[end] as Entry<Place>).sizeBytes
      if (bytes > bytesMax && end > first) break
    }
    return this.entries.slice(first, end)
  }

  /** Rejects what the port calls out of range. */
  check(from: number): void {
    if (from >= this.start && from <= this.end) return
    throw new LogError('out-of-range', `offset ${from} is outside ${this.start} to ${this.end}`, this.range())
  }

  offsetAt(timeMs: number): number {
    const entry = this.entries[this.first((candidate) => candidate.timeMs >= timeMs)]
    return entry === undefined ? this.end : Math.max(entry.baseOffset, this.start)
  }

  trim(before: number): void {
    this.start = Math.min(Math.max(this.start, before), this.end)
    this.entries.splice(
      0,
      this.first((entry) => entry.lastOffset >= this.start),
    )
  }

  /** Index of the first entry for which the condition holds; it must hold for all after it. */
  protected first(holds: (entry: Entry<Place>) => boolean): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (holds(this.entries[middle] as Entry<Place>)) high = middle
      else low = middle + 1
    }
    return low
  }
}
