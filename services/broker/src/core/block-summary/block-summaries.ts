import { BlockSummary, blockOf, endOf, OpenBlock } from './block-summary.ts'
import type { Probe } from './probe.ts'

export const summaryLimits = {
  /** Of a queue's summaries; those of the oldest blocks go first. A block of 1,024 different topics takes about 6 KiB, 2 more if each has a publisher of its own, one of few 300 bytes. */
  bytesMax: 8 * 1024 * 1024,
  /** Blocks that are seen in part: that of the end, and those that reads of the past are in. */
  openMax: 4,
  /** Probes of blocks in one survey: about a millisecond. */
  probesPerSurveyMax: 20_000,
  /** A survey looks no further ahead than what is read in one go. */
  recordBytesMax: 1024 * 1024,
} as const

/** Of a block of 1,024 different topics and publishers. */
const fullSummaryBytes = 8 * 1024

/** What must be read from a position on. */
export type Survey = Readonly<{
  /** Nothing below it, from the position asked for on, can match. */
  next: number
  /** False: summaries end the look here for now; whoever asks again goes on. */
  mayMatch: boolean
  /** Of the records from `next` on that may match without a hole between; undefined when it is not known. */
  recordBytes: number | undefined
  skippedBytes: number
}>

/** What is known of the blocks of one queue. A block without a summary must be read. */
export class BlockSummaries {
  bytes = 0
  private readonly closed = new Map<number, BlockSummary>()
  private readonly open = new Map<number, OpenBlock>()
  /** No summary is of a block below. */
  private lowest = Number.POSITIVE_INFINITY
  private readonly bytesMax: number

  constructor(bytesMax: number = summaryLimits.bytesMax) {
    this.bytesMax = bytesMax
  }

  /** A record as the fold judged it, live or read again; `topic` is undefined for what is no message, `publisher` empty where nobody is known. */
  add(position: number, topic: string | undefined, publisher: string, recordBytes: number): void {
    const block = blockOf(position)
    let open = this.open.get(block)
    if (open === undefined || position < open.first || position > open.next) {
      if (this.covers(position)) return
      open = new OpenBlock(position)
      this.begin(block, open)
    }
    // Seen before.
    if (position < open.next) return
    open.add(topic, publisher, recordBytes)
    if (open.next === endOf(block)) this.close(block, open)
  }

  /** There may be no room for one more. */
  get isFull(): boolean {
    return this.bytes + fullSummaryBytes > this.bytesMax
  }

  /** Looks for the first block, from a position on, that may hold what one of the probes is for. */
  survey(from: number, probes: readonly Probe[]): Survey {
    let next = from
    let skippedBytes = 0
    let left = Math.max(1, Math.floor(summaryLimits.probesPerSurveyMax / Math.max(1, probes.length)))
    for (; left > 0; left--) {
      if (!this.excludes(next, probes)) {
        return { next, mayMatch: true, recordBytes: this.bytesFrom(next, probes, left), skippedBytes }
      }
      skippedBytes += this.closed.get(blockOf(next))?.recordBytes ?? 0
      next = endOf(blockOf(next))
    }
    return { next, mayMatch: false, recordBytes: undefined, skippedBytes }
  }

  /** Retention took what lies below: who reads there must be told of the gap. */
  forgetBelow(start: number): void {
    const first = blockOf(start)
    while (this.lowest < first && this.closed.size > 0) this.drop(this.lowest++)
    const cut = this.closed.get(first)
    if (cut !== undefined) cut.first = Math.max(cut.first, start)
  }

  /** Whether the block of the position has a summary, from the position on. */
  covers(position: number): boolean {
    const closed = this.closed.get(blockOf(position))
    return closed !== undefined && closed.first <= position
  }

  /** Whether the block of the position is known to hold nothing for the probes, from the position on. */
  excludes(position: number, probes: readonly Probe[]): boolean {
    const block = blockOf(position)
    const closed = this.closed.get(block)
    if (closed === undefined || closed.first > position) return false
    const last = endOf(block) - 1
    return !probes.some(({ hash, start }) => start < last && (hash === undefined || closed.has(hash)))
  }

  /** Stops where a block is unknown, cannot match, or would not be read in one go anyway. */
  private bytesFrom(position: number, probes: readonly Probe[], left: number): number | undefined {
    let bytes = 0
    let at = position
    for (let looks = left; looks > 0 && bytes < summaryLimits.recordBytesMax; looks--) {
      const closed = this.closed.get(blockOf(at))
      if (closed === undefined || closed.first > at) return undefined
      bytes += closed.recordBytes
      at = endOf(blockOf(at))
      if (this.excludes(at, probes)) break
    }
    return bytes
  }

  /** The block that was begun first makes room, if it is not that of the end. */
  private begin(block: number, open: OpenBlock): void {
    this.open.set(block, open)
    if (this.open.size <= summaryLimits.openMax) return
    const head = Math.max(...this.open.keys())
    for (const each of this.open.keys()) {
      if (each === head || each === block) continue
      this.open.delete(each)
      return
    }
  }

  private close(block: number, open: OpenBlock): void {
    this.open.delete(block)
    const summary = new BlockSummary(open)
    if (block < this.lowest && this.bytes + summary.bytes > this.bytesMax) return
    this.drop(block)
    this.closed.set(block, summary)
    this.bytes += summary.bytes
    this.lowest = Math.min(this.lowest, block)
    while (this.bytes > this.bytesMax) this.drop(this.lowest++)
  }

  private drop(block: number): void {
    const dropped = this.closed.get(block)
    if (dropped === undefined) return
    this.closed.delete(block)
    this.bytes -= dropped.bytes
  }
}
