import { stampBatch } from '@tern/record'
import { checkBatch } from '../checked-batch.ts'
import { compactionLagMs } from '../compaction.ts'
import { LogError, type ReadResult, type TopicSpec } from '../log.ts'
import type { Entry } from '../partition-index.ts'
import type { Catalog, PartitionId } from './catalog.ts'
import { Cleaner } from './cleaner.ts'
import type { Frame } from './frame.ts'
import { CommitRefused, type Journal, type JournalOptions, type Place } from './journal.ts'
import { PagedIndex } from './paged-index.ts'
import { describe, type Fact, type Index, isPaged, newIndex, Recovery, type Topic } from './recovery.ts'
import type { Sealer } from './sealer.ts'

export type { Index } from './recovery.ts'
export type Append = Readonly<{ topic: string; partition: number; batch: Buffer }>
export type Outcome = { baseOffset: number; appendTimeMs: number; refused: string }

export type StoreOptions = JournalOptions &
  Readonly<{
    catalog: Catalog
    now: () => number
    compactionLagMs?: number
    dirtyBytesMin?: number
    /** A complete segment could not be noted in the catalog: that is tried again with the next one. */
    notSealed?: (segment: number, error: unknown) => void
  }>

/** Topics and partitions over the journal. All of it blocks: one writer, one disk, nothing to interleave. */
export class Store {
  readonly topics: Map<string, Topic>
  private readonly catalog: Catalog
  private readonly journal: Journal
  private readonly sealer: Sealer
  private readonly cleaner: Cleaner
  private readonly now: () => number
  private lastTimeMs: number

  constructor(options: StoreOptions) {
    this.now = options.now
    this.catalog = options.catalog
    const recovery = new Recovery(options, options.catalog)
    this.journal = recovery.journal
    this.topics = recovery.topics
    this.lastTimeMs = recovery.lastTimeMs
    this.sealer = recovery.sealer({
      catalog: options.catalog,
      flushPages: () => this.flushPages(),
      failed: (segment, error) => options.notSealed?.(segment, error),
    })
    const { compactionLagMs: lagMs = compactionLagMs, dirtyBytesMin = 1024 * 1024 } = options
    this.cleaner = new Cleaner({
      ...{ now: options.now, lagMs, dirtyBytesMin },
      compacted: () => [...this.topics.values()].flatMap(({ spec, partitions }) => (spec.compacted ? partitions : [])),
      bytesOf: (entries) => this.bytesOf(entries),
      rewrite: (index, batch) => this.rewrite(index, batch),
    })
  }

  provision(specs: readonly TopicSpec[]): void {
    for (const { topic, partitions } of specs) {
      const existing = this.topics.get(topic)?.partitions.length ?? partitions
      if (existing !== partitions)
        throw new LogError('refused', `${topic} has ${existing} partitions, not ${partitions}; that never changes`)
    }
    const missing = specs.filter(({ topic }) => !this.topics.has(topic))
    if (missing.length === 0) return
    const added = missing.map((spec, i): Topic => {
      const id = this.topics.size + i
      const partitions = Array.from({ length: spec.partitions }, (_, partition) =>
        newIndex(spec, { topicId: id, partition }, this.catalog),
      )
      return { id, spec, partitions }
    })
    this.commitFact([...this.topics.values(), ...added])
    for (const topic of added) this.topics.set(topic.spec.topic, topic)
  }

  /** One commit for all. The outcomes are in the order of the appends. */
  append(appends: readonly Append[]): Outcome[] {
    this.lastTimeMs = Math.max(this.lastTimeMs, this.now())
    const ends = new Map<Index, number>()
    const frames: Frame[] = []
    const accepted: { id: PartitionId; spec: TopicSpec; index: Index; entry: Omit<Entry<Place>, 'place'> }[] = []
    const outcomes = appends.map(({ topic, partition, batch }): Outcome => {
      const found = this.topics.get(topic)
      const index = found?.partitions[partition]
      if (found === undefined || index === undefined) return refusal(`there is no partition ${partition} of ${topic}`)
      const count = checkBatch(batch)
      if (typeof count === 'string') return refusal(count)
      const baseOffset = ends.get(index) ?? index.end
      const timeMs = this.lastTimeMs
      stampBatch(batch, baseOffset, timeMs)
      ends.set(index, baseOffset + count)
      frames.push({ kind: 'batch', topicId: found.id, partition, payload: batch })
      accepted.push({
        ...{ id: { topicId: found.id, partition }, spec: found.spec, index },
        entry: { baseOffset, lastOffset: baseOffset + count - 1, timeMs, sizeBytes: batch.length },
      })
      return { baseOffset, appendTimeMs: timeMs, refused: '' }
    })
    try {
      const places = frames.length === 0 ? [] : this.journal.commit(frames)
      accepted.forEach(({ id, spec, index, entry }, i) => {
        const placed = { ...entry, place: places[i] as Place }
        index.add(placed)
        this.sealer.batch(id, placed, isPaged(spec))
      })
      return outcomes
    } catch (error) {
      if (!(error instanceof CommitRefused)) throw error
      return outcomes.map(({ refused }) => refusal(refused || error.message))
    }
  }

  index(topic: string, partition: number): Index {
    const found = this.topics.get(topic)?.partitions[partition]
    if (found === undefined) throw new LogError('refused', `there is no partition ${partition} of ${topic}`)
    return found
  }

  read(index: Index, from: number, bytesMax: number): ReadResult {
    index.check(from)
    return { ...index.range(), batches: this.bytesOf(index.from(from, bytesMax)) }
  }

  bytesOf(entries: readonly Entry<Place>[]): Buffer {
    const bytes = Buffer.allocUnsafe(entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
    let at = 0
    for (const { place, sizeBytes } of entries) {
      this.journal.read(place, sizeBytes, bytes, at)
      at += sizeBytes
    }
    return bytes
  }

  trim(index: Index, before: number): void {
    const start = index.start
    index.trim(before)
    if (index.start !== start) this.commitFact([...this.topics.values()])
  }

  /** Why the disk takes no more; undefined while it does. */
  get refusal(): string | undefined {
    return this.journal.refusal
  }

  /** Files of the journal. */
  get segments(): number {
    return this.journal.segmentNumbers().length
  }

  /** Resolves once every complete segment is noted in the catalog, or could not be. */
  sealed(): Promise<void> {
    return this.sealer.settled
  }

  /** Goes on with compaction for a while; false when there is nothing to compact. */
  compactStep(): boolean {
    return this.cleaner.step()
  }

  private rewrite(index: Index, batch: Buffer): void {
    const described = describe(batch)
    const id = this.idOf(index)
    if (described === undefined || id === undefined) return
    const [place] = this.journal.commit([{ kind: 'batch', ...id, payload: batch }])
    if (place === undefined) return
    const entry = { ...described, place }
    index.replace(entry)
    this.sealer.batch(id, entry, false)
  }

  private idOf(index: Index): PartitionId | undefined {
    for (const { id, partitions } of this.topics.values()) {
      const partition = partitions.indexOf(index)
      if (partition >= 0) return { topicId: id, partition }
    }
    return undefined
  }

  private async flushPages(): Promise<void> {
    const all = [...this.topics.values()].flatMap(({ partitions }) => partitions)
    await Promise.all(all.map((index) => (index instanceof PagedIndex ? index.flush() : undefined)))
  }

  /** Forgets what is past its retention and gives whole segments back; what they hold that is still needed is written again first. */
  retain(): void {
    let moved = false
    for (const { spec, partitions } of this.topics.values()) {
      if (!isPaged(spec)) continue
      for (const index of partitions) {
        const { start } = index
        index.trim(index.offsetAt(this.now() - spec.retentionMs))
        moved ||= index.start !== start
      }
    }
    if (moved) this.commitFact([...this.topics.values()])
    for (const segment of this.journal.segmentNumbers()) {
      if (segment === this.journal.currentNumber || !this.release(segment)) return
    }
  }

  /** False when records with a retention still need the segment, or may: they will go by themselves. */
  private release(segment: number): boolean {
    const ranges = this.sealer.sealed.get(segment)
    if (ranges === undefined || ranges.some(({ last, ...id }) => last >= (this.byId(id)?.start ?? 0))) return false
    const carried: { id: PartitionId; entry: Entry<Place>; frame: Frame }[] = []
    for (const { id: topicId, spec, partitions } of this.topics.values())
      for (const [partition, index] of partitions.entries())
        for (const entry of isPaged(spec) ? [] : index.entries) {
          if (entry.place.segment !== segment) continue
          const id = { topicId, partition }
          carried.push({ id, entry, frame: { kind: 'batch', ...id, payload: this.bytesOf([entry]) } })
        }
    const content = this.factOf([...this.topics.values()])
    const places = this.journal.commit([...carried.map(({ frame }) => frame), frameOf(content)])
    carried.forEach(({ id, entry }, i) => {
      entry.place = places[i] as Place
      this.sealer.batch(id, { ...entry }, false)
    })
    this.sealer.fact((places.at(-1) as Place).segment, content)
    this.journal.remove(segment)
    this.sealer.sealed.delete(segment)
    this.catalog.forget(segment).catch(() => {})
    return true
  }

  private byId({ topicId, partition }: PartitionId): Index | undefined {
    return [...this.topics.values()].find(({ id }) => id === topicId)?.partitions[partition]
  }

  private commitFact(topics: readonly Topic[]): void {
    const content = this.factOf(topics)
    const [place] = this.journal.commit([frameOf(content)])
    if (place) this.sealer.fact(place.segment, content)
  }

  private factOf(topics: readonly Topic[]): Fact {
    return {
      topics: topics.map(({ id, spec, partitions }) => ({ id, spec, ranges: partitions.map((each) => each.range()) })),
    }
  }
}

const frameOf = (content: Fact): Frame => ({
  kind: 'fact',
  topicId: 0,
  partition: 0,
  payload: Buffer.from(JSON.stringify(content)),
})

const refusal = (refused: string): Outcome => ({ baseOffset: 0, appendTimeMs: 0, refused })
