import { batchAt, stampBatch } from '@tern/record'
import { checkBatch } from '../checked-batch.ts'
import { compactionLagMs } from '../compaction.ts'
import { LogError, type OffsetRange, type ReadResult, type TopicSpec } from '../log.ts'
import { type Entry, PartitionIndex } from '../partition-index.ts'
import { Cleaner } from './cleaner.ts'
import type { Frame } from './frame.ts'
import { CommitRefused, Journal, type JournalOptions, type Place } from './journal.ts'

export type Index = PartitionIndex<Place>
export type Topic = { id: number; spec: TopicSpec; partitions: Index[] }
export type Append = Readonly<{ topic: string; partition: number; batch: Buffer }>
export type Outcome = { baseOffset: number; appendTimeMs: number; refused: string }

/** Written when topics come, offsets are trimmed and before a segment goes; the last one holds. */
type Fact = { topics: { id: number; spec: TopicSpec; ranges: OffsetRange[] }[] }

export type StoreOptions = JournalOptions &
  Readonly<{ now: () => number; compactionLagMs?: number; dirtyBytesMin?: number }>

/** Topics and partitions over the journal. All of it blocks: one writer, one disk, nothing to interleave. */
export class Store {
  readonly topics = new Map<string, Topic>()
  private readonly journal: Journal
  private readonly cleaner: Cleaner
  private readonly now: () => number
  private lastTimeMs = 0

  constructor(options: StoreOptions) {
    this.now = options.now
    const found = new Map<string, Index>()
    let fact: Fact = { topics: [] }
    this.journal = new Journal(options, (frame, place) => {
      if (frame.kind === 'fact') fact = JSON.parse(frame.payload.toString())
      else this.collect(found, frame, place)
    })
    for (const { id, spec, ranges } of fact.topics) {
      const partitions = ranges.map((range, partition) => restore(range, found.get(`${id}/${partition}`)))
      this.topics.set(spec.topic, { id, spec, partitions })
    }
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
      const partitions = Array.from({ length: spec.partitions }, () => new PartitionIndex<Place>())
      return { id: this.topics.size + i, spec, partitions }
    })
    this.commitFact([...this.topics.values(), ...added])
    for (const topic of added) this.topics.set(topic.spec.topic, topic)
  }

  /** One commit for all. The outcomes are in the order of the appends. */
  append(appends: readonly Append[]): Outcome[] {
    this.lastTimeMs = Math.max(this.lastTimeMs, this.now())
    const ends = new Map<Index, number>()
    const frames: Frame[] = []
    const accepted: { index: Index; entry: Omit<Entry<Place>, 'place'> }[] = []
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
        index,
        entry: { baseOffset, lastOffset: baseOffset + count - 1, timeMs, sizeBytes: batch.length },
      })
      return { baseOffset, appendTimeMs: timeMs, refused: '' }
    })
    try {
      const places = frames.length === 0 ? [] : this.journal.commit(frames)
      accepted.forEach(({ index, entry }, i) => {
        index.add({ ...entry, place: places[i] as Place })
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

  /** Goes on with compaction for a while; false when there is nothing to compact. */
  compactStep(): boolean {
    return this.cleaner.step()
  }

  private rewrite(index: Index, batch: Buffer): void {
    const entry = entryOf(batch)
    const owner = this.ownerOf(index)
    if (entry === undefined || owner === undefined) return
    const [place] = this.journal.commit([{ kind: 'batch', ...owner, payload: batch }])
    if (place !== undefined) index.replace({ ...entry, place })
  }

  private ownerOf(index: Index): { topicId: number; partition: number } | undefined {
    for (const { id, partitions } of this.topics.values()) {
      const partition = partitions.indexOf(index)
      if (partition >= 0) return { topicId: id, partition }
    }
    return undefined
  }

  /** Forgets what is past its retention and gives whole segments back; what they hold that is still needed is written again first. */
  retain(): void {
    for (const { spec, partitions } of this.topics.values()) {
      if (spec.retentionMs === 0) continue
      for (const index of partitions) index.trim(index.offsetAt(this.now() - spec.retentionMs))
    }
    for (const segment of this.journal.segmentNumbers()) {
      if (segment === this.journal.currentNumber || !this.release(segment)) return
    }
  }

  /** False when records with a retention still need the segment: they will go by themselves. */
  private release(segment: number): boolean {
    const carried: { entry: Entry<Place>; frame: Frame }[] = []
    for (const { id, spec, partitions } of this.topics.values())
      for (const [partition, index] of partitions.entries())
        for (const entry of index.entries) {
          if (entry.place.segment !== segment) continue
          if (spec.retentionMs > 0) return false
          const payload = this.bytesOf([entry])
          carried.push({ entry, frame: { kind: 'batch', topicId: id, partition, payload } })
        }
    const places = this.journal.commit([...carried.map(({ frame }) => frame), this.fact([...this.topics.values()])])
    carried.forEach(({ entry }, i) => {
      entry.place = places[i] as Place
    })
    this.journal.remove(segment)
    return true
  }

  private commitFact(topics: readonly Topic[]): void {
    this.journal.commit([this.fact(topics)])
  }

  private fact(topics: readonly Topic[]): Frame {
    const content: Fact = {
      topics: topics.map(({ id, spec, partitions }) => ({ id, spec, ranges: partitions.map((each) => each.range()) })),
    }
    return { kind: 'fact', topicId: 0, partition: 0, payload: Buffer.from(JSON.stringify(content)) }
  }

  private collect(found: Map<string, Index>, { topicId, partition, payload }: Frame, place: Place): void {
    const entry = entryOf(payload)
    if (entry === undefined) return
    const key = `${topicId}/${partition}`
    const index = found.get(key) ?? new PartitionIndex<Place>()
    this.lastTimeMs = Math.max(this.lastTimeMs, entry.timeMs)
    // A batch that was carried forward or compacted is found again under its offsets: the later place holds.
    index.found({ ...entry, place })
    found.set(key, index)
  }
}

function entryOf(payload: Buffer): Omit<Entry<Place>, 'place'> | undefined {
  const batch = batchAt(payload, 0)
  if (batch === undefined) return undefined
  const { baseOffset, lastOffset, appendTimeMs, sizeBytes } = batch
  return { baseOffset, lastOffset, timeMs: appendTimeMs, sizeBytes }
}

const refusal = (refused: string): Outcome => ({ baseOffset: 0, appendTimeMs: 0, refused })

function restore(range: OffsetRange, found: Index | undefined): Index {
  const index = found ?? new PartitionIndex<Place>()
  index.end = Math.max(range.end, index.end)
  index.trim(range.start)
  return index
}
