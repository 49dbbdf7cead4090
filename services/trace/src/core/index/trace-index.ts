import { type BlockHead, type Lost, positionsPerGroup } from '@tern/record'
import { ContextIds, type Place } from './context-ids.ts'
import { type Hints, Stretch } from './stretch.ts'

export const indexLimits = {
  /** A stretch is closed at so many bytes of blocks, or when it is so old. */
  stretchBytes: 64 * 1024,
  stretchSpanUs: 60_000_000,
  /** Of memory, for all stretches; beyond that the older half is kept more coarsely: two neighbours become one. */
  stretchesBytesMax: 96 * 1024 * 1024,
  /** Trace ids that clients or other systems drew; the oldest are forgotten first, and are then found by search only. */
  contextIdsMax: 1_000_000,
  /** Ranges of lost entries that are remembered for each queue. */
  lostMax: 1_000,
} as const

type Limits = Readonly<Record<keyof typeof indexLimits, number>>

/** Where in tern.trace is what: rebuilt from the log, bounded, and never wrong but in what it lets be read in vain. */
export class TraceIndex {
  private readonly limits: Limits
  private readonly queues = new Map<number, Stretch[]>()
  private readonly losses = new Map<number, Lost[]>()
  private readonly ids: ContextIds
  private count = 0
  /** Of all stretches that take no more. */
  private sealedBytes = 0

  constructor(limits: Limits = indexLimits) {
    this.limits = limits
    this.ids = new ContextIds(limits.contextIdsMax)
  }

  get stretches(): number {
    return this.count
  }

  get contextIds(): number {
    return this.ids.size
  }

  /** Entries of the ledger that proxies said they lost, of what is remembered. */
  get lostEntries(): number {
    let sum = 0
    for (const lost of this.losses.values()) for (const { count } of lost) sum += count
    return sum
  }

  /** A block of the ledger stands at the offset. */
  addBlock(queue: number, offset: number, bytes: number, head: BlockHead): void {
    const { fromUs, toUs, hasFailure, groups, texts, topicHashes } = head
    this.add(queue, offset, bytes, {
      fromUs,
      toUs,
      hasFailure,
      groups,
      nameHashes: [...texts.hashes(), ...topicHashes],
    })
    for (const { traceId } of head.contexts) this.ids.add(traceId, { queue, offset })
    if (head.lost !== undefined) this.lose(queue, head.lost)
  }

  /** Spans of others, of one trace, stand at the offset. */
  addSpans(queue: number, offset: number, bytes: number, traceId: string, hints: Omit<Hints, 'groups'>): void {
    this.add(queue, offset, bytes, { ...hints, groups: [] })
    this.ids.add(traceId, { queue, offset })
  }

  /** Where a trace is told of whose id is none of an address. */
  placesOf(traceId: string): readonly Place[] {
    return this.ids.get(traceId)
  }

  /** Where entries of a position may be, oldest first. */
  ofPosition(queue: number, position: number): Stretch[] {
    const group = Math.floor(position / positionsPerGroup)
    return (this.queues.get(queue) ?? []).filter((stretch) => stretch.mayHaveGroup(group))
  }

  /** What may tell of the time between, newest first. */
  ofTime(fromUs: number, toUs: number): Stretch[] {
    const found: Stretch[] = []
    for (const stretches of this.queues.values()) {
      for (const stretch of stretches) if (stretch.toUs >= fromUs && stretch.fromUs <= toUs) found.push(stretch)
    }
    return found.sort((a, b) => b.toUs - a.toUs)
  }

  /** Entries of this position may have been lost. */
  isIncomplete(queue: number, position: number): boolean {
    return (this.losses.get(queue) ?? []).some(({ first, last }) => position >= first && position <= last)
  }

  /** Retention took what lies before the offset. */
  forgetBelow(queue: number, start: number): void {
    const stretches = this.queues.get(queue)
    if (stretches === undefined) return
    const kept = stretches.filter(({ end }) => end > start)
    this.count -= stretches.length - kept.length
    for (const stretch of stretches.slice(0, -1)) if (stretch.end <= start) this.sealedBytes -= stretch.indexBytes
    this.queues.set(queue, kept)
  }

  private add(queue: number, offset: number, bytes: number, hints: Hints): void {
    const stretches = this.queues.get(queue) ?? []
    if (!this.queues.has(queue)) this.queues.set(queue, stretches)
    const { stretchBytes, stretchSpanUs } = this.limits
    let last = stretches.at(-1)
    const goesOn = last !== undefined && last.bytes + bytes <= stretchBytes && hints.toUs - last.fromUs <= stretchSpanUs
    if (last === undefined || !goesOn) {
      last?.seal()
      this.sealedBytes += last?.indexBytes ?? 0
      last = new Stretch(queue, offset)
      stretches.push(last)
      this.count++
    }
    last.add(offset, bytes, hints)
    if (this.sealedBytes > this.limits.stretchesBytesMax) this.coarsen()
  }

  private coarsen(): void {
    this.count = 0
    this.sealedBytes = 0
    for (const [queue, stretches] of this.queues) {
      const kept: Stretch[] = []
      for (const [i, stretch] of stretches.entries()) {
        const before = kept.at(-1)
        if (before !== undefined && i % 2 === 1 && i < (stretches.length - 1) / 2) before.absorb(stretch)
        else kept.push(stretch)
      }
      this.queues.set(queue, kept)
      this.count += kept.length
      for (const stretch of kept.slice(0, -1)) this.sealedBytes += stretch.indexBytes
    }
  }

  private lose(queue: number, lost: Lost): void {
    const known = this.losses.get(queue) ?? []
    known.push(lost)
    if (known.length > this.limits.lostMax) known.shift()
    this.losses.set(queue, known)
  }
}
