import { type Entry, PartitionIndex } from '../partition-index.ts'
import { type Catalog, type PartitionId, pageEntriesMax } from './catalog.ts'
import type { Place } from './journal.ts'

/** The batches of a partition whose memory must not grow with its retention: the newest are here, the rest in pages. */
export class PagedIndex extends PartitionIndex<Place> {
  private readonly catalog: Catalog
  private readonly id: PartitionId
  /** So many of the last batches are in no page yet; they lie in one segment. */
  private pending = 0
  private pendingSegment = 0
  private putting: Promise<void> = Promise.resolve()
  /** Pages that are not put yet, the oldest first. One that could not be is tried again with the next; until then it stays in memory. */
  private readonly unput: (readonly Entry<Place>[])[] = []

  constructor(catalog: Catalog, id: PartitionId) {
    super()
    this.catalog = catalog
    this.id = id
  }

  override add(entry: Entry<Place>): void {
    // A page belongs to one segment, and begins anew with it: a restart makes the same pages.
    const isOther = this.pendingSegment !== entry.place.segment
    if (this.pending > 0 && (isOther || this.pending === pageEntriesMax)) this.flush().catch(() => {})
    super.add(entry)
    this.pendingSegment = entry.place.segment
    this.pending++
  }

  /** Resolves once all that was added before is found by pages; rejects when that cannot be. */
  flush(): Promise<void> {
    const page = this.pending === 0 ? [] : this.entries.slice(-this.pending)
    this.pending = 0
    if (page.length > 0) this.unput.push(page)
    if (this.unput.length > 0) this.putting = this.putting.catch(() => {}).then(() => this.putAndForget())
    return this.putting
  }

  override from(from: number, bytesMax: number): Entry<Place>[] {
    const found: Entry<Place>[] = []
    let bytes = 0
    let next = from
    while (next < this.memoryStart) {
      const page = this.catalog.pageAt(this.id, next)
      if (page === undefined) break
      for (const entry of page) {
        if (entry.lastOffset < next) continue
        bytes += entry.sizeBytes
        if (bytes > bytesMax && found.length > 0) return found
        found.push(entry)
        next = entry.lastOffset + 1
      }
    }
    const rest = bytes < bytesMax ? super.from(next, bytesMax - bytes) : []
    // The first batch comes whatever its size, but only when there is none before it.
    const fits = found.length === 0 || (rest[0]?.sizeBytes ?? 0) <= bytesMax - bytes
    return fits ? found.concat(rest) : found
  }

  override offsetAt(timeMs: number): number {
    const [inMemory] = this.entries
    if (inMemory !== undefined && inMemory.timeMs < timeMs) return super.offsetAt(timeMs)
    let low = this.start
    let high = this.memoryStart
    while (low < high) {
      const page = this.catalog.pageAt(this.id, Math.floor((low + high) / 2))
      const [first, last] = [page?.[0], page?.at(-1)]
      if (page === undefined || first === undefined || last === undefined) break
      const at = page.findIndex((entry) => entry.timeMs >= timeMs)
      if (at > 0) return Math.max((page[at] as Entry<Place>).baseOffset, this.start)
      if (at < 0) low = last.lastOffset + 1
      else high = Math.min(high - 1, first.baseOffset)
    }
    return Math.max(low, this.start)
  }

  override trim(before: number): void {
    super.trim(before)
    this.pending = Math.min(this.pending, this.entries.length)
  }

  private async putAndForget(): Promise<void> {
    for (let page = this.unput[0]; page !== undefined; page = this.unput[0]) {
      await this.catalog.putPage(this.id, page)
      this.unput.shift()
      const through = page.at(-1)?.lastOffset ?? -1
      this.entries.splice(
        0,
        this.first(({ lastOffset }) => lastOffset > through),
      )
    }
  }

  /** From here on batches are in memory. */
  private get memoryStart(): number {
    return this.entries[0]?.baseOffset ?? this.end
  }
}
