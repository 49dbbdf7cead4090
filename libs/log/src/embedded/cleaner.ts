import { compact, type Newest, noteKeys } from '../compaction.ts'
import type { Entry, PartitionIndex } from '../partition-index.ts'
import type { Place } from './journal.ts'

type Index = PartitionIndex<Place>

export type CleanerOptions = Readonly<{
  now: () => number
  /** Records younger than this stay as they are. */
  lagMs: number
  /** A partition is cleaned when so many bytes, and as many as are clean, came since the last time. */
  dirtyBytesMin: number
  compacted(): readonly Index[]
  bytesOf(entries: readonly Entry<Place>[]): Buffer
  /** Writes the batch, durable when it returns, and puts it in the place of what it covers. */
  rewrite(index: Index, batch: Buffer): void
}>

type Job = { index: Index; upTo: number; newest: Newest; noting: boolean; next: number }

/** A step goes over about so much, so that no commit waits for long. */
const stepBytes = 256 * 1024

/** Compacts partitions, a step at a time: notes the keys of what is new, then goes over everything from the start. */
export class Cleaner {
  private readonly options: CleanerOptions
  /** By partition: all below it is clean. */
  private readonly cleanTo = new Map<Index, number>()
  private job: Job | undefined

  constructor(options: CleanerOptions) {
    this.options = options
  }

  /** False when there is nothing to do. */
  step(): boolean {
    this.job ??= this.nextJob()
    const { job } = this
    if (job === undefined) return false
    const entries = job.index.from(job.next, stepBytes).filter(({ baseOffset }) => baseOffset < job.upTo)
    const last = entries.at(-1)
    if (last !== undefined) {
      this.goOver(job, entries)
      job.next = last.lastOffset + 1
    } else if (job.noting) {
      job.noting = false
      job.next = job.index.start
    } else {
      this.cleanTo.set(job.index, job.upTo)
      this.job = undefined
    }
    return true
  }

  private goOver({ index, newest, noting }: Job, entries: readonly Entry<Place>[]): void {
    const bytes = this.options.bytesOf(entries)
    if (noting) noteKeys(newest, bytes)
    else {
      const batch = compact(bytes, newest)
      if (batch !== undefined) this.options.rewrite(index, batch)
    }
  }

  private nextJob(): Job | undefined {
    const { now, lagMs, dirtyBytesMin, compacted } = this.options
    const youngest = now() - lagMs
    for (const index of compacted()) {
      const from = this.cleanTo.get(index) ?? index.start
      let clean = 0
      let dirty = 0
      let upTo = from
      for (const { baseOffset, lastOffset, timeMs, sizeBytes } of index.entries) {
        if (baseOffset < from) clean += sizeBytes
        else if (timeMs <= youngest) {
          dirty += sizeBytes
          upTo = lastOffset + 1
        }
      }
      if (dirty > 0 && dirty >= dirtyBytesMin && dirty >= clean)
        return { index, upTo, newest: new Map(), noting: true, next: from }
    }
    return undefined
  }
}
