import { batchAt } from '@tern/record'
import type { OffsetRange, TopicSpec } from '../log.ts'
import { type Entry, PartitionIndex } from '../partition-index.ts'
import type { Catalog, PartitionId } from './catalog.ts'
import type { Frame } from './frame.ts'
import { Journal, type JournalOptions, type Place } from './journal.ts'
import { PagedIndex } from './paged-index.ts'
import { Sealer, type SealerOptions } from './sealer.ts'

export type Index = PartitionIndex<Place>
export type Topic = { id: number; spec: TopicSpec; partitions: Index[] }

/** Written when topics come, offsets are trimmed and before a segment goes; the last one holds. */
export type Fact = { topics: { id: number; spec: TopicSpec; ranges: OffsetRange[] }[] }

/** Memory must not grow with what is kept for a time; what is kept for ever is little, or is compacted. */
export const isPaged = ({ retentionMs }: TopicSpec): boolean => retentionMs > 0

export function newIndex(spec: TopicSpec, id: PartitionId, catalog: Catalog): Index {
  return isPaged(spec) ? new PagedIndex(catalog, id) : new PartitionIndex<Place>()
}

/** What was found of one partition before its topic is known. */
type Found = { index: Index; pagedEnd: number }

/** Builds the state of a store from the notes of complete segments and from the frames of the others. */
export class Recovery {
  readonly journal: Journal
  readonly topics = new Map<string, Topic>()
  lastTimeMs = 0
  private readonly catalog: Catalog
  private readonly found = new Map<string, Found>()
  /** What the sealer has to note of segments that were read. */
  private readonly read: (PartitionId & { entry: Entry<Place> })[] = []
  private readonly facts: { segment: number; content: Fact }[] = []
  private fact: Fact = { topics: [] }

  constructor(options: JournalOptions, catalog: Catalog) {
    this.catalog = catalog
    const notes = catalog.notes()
    this.journal = new Journal(options, {
      isKnown: (segment) => this.takeNote(notes.get(segment)),
      found: (frame, place) => this.takeFrame(frame, place),
    })
    for (const { id, spec, ranges } of this.fact.topics) {
      const partitions = ranges.map((range, partition) => this.restored(spec, { topicId: id, partition }, range))
      this.topics.set(spec.topic, { id, spec, partitions })
    }
  }

  /** A sealer that knows all that has been noted, and has been told the rest. */
  sealer(options: SealerOptions): Sealer {
    const sealer = new Sealer(options)
    for (const [segment, { paged }] of this.catalog.notes()) sealer.sealed.set(segment, paged)
    const specs = new Map([...this.topics.values()].map(({ id, spec }) => [id, spec]))
    const facts = [...this.facts]
    for (const { entry, ...id } of this.read) {
      while ((facts[0]?.segment ?? Number.POSITIVE_INFINITY) < entry.place.segment) noteFact(sealer, facts)
      const spec = specs.get(id.topicId)
      if (spec) sealer.batch(id, entry, isPaged(spec))
    }
    while (facts.length > 0) noteFact(sealer, facts)
    return sealer
  }

  private takeNote(
    note: ReturnType<Catalog['notes']> extends Map<number, infer Note> ? Note | undefined : never,
  ): boolean {
    if (note === undefined) return false
    if (note.fact !== undefined) this.fact = note.fact as Fact
    this.lastTimeMs = Math.max(this.lastTimeMs, note.lastTimeMs)
    for (const { entry, ...id } of note.resident) this.of(id).index.found(entry)
    for (const { last, ...id } of note.paged) {
      const found = this.of(id)
      found.pagedEnd = Math.max(found.pagedEnd, last + 1)
    }
    return true
  }

  private takeFrame({ kind, topicId, partition, payload }: Frame, place: Place): void {
    if (kind === 'fact') {
      this.fact = JSON.parse(payload.toString())
      this.facts.push({ segment: place.segment, content: this.fact })
      return
    }
    const described = describe(payload)
    if (described === undefined) return
    const entry = { ...described, place }
    this.lastTimeMs = Math.max(this.lastTimeMs, entry.timeMs)
    // A batch that was carried forward or compacted is found again under its offsets: the later place holds.
    this.of({ topicId, partition }).index.found(entry)
    this.read.push({ topicId, partition, entry })
  }

  private of({ topicId, partition }: PartitionId): Found {
    const key = `${topicId}/${partition}`
    const known = this.found.get(key) ?? { index: new PartitionIndex<Place>(), pagedEnd: 0 }
    this.found.set(key, known)
    return known
  }

  private restored(spec: TopicSpec, id: PartitionId, range: OffsetRange): Index {
    const { index: found, pagedEnd } = this.of(id)
    const index = newIndex(spec, id, this.catalog)
    if (isPaged(spec)) for (const entry of found.entries) index.add(entry)
    else index.entries = found.entries
    index.end = Math.max(range.end, found.end, pagedEnd)
    index.trim(range.start)
    return index
  }
}

function noteFact(sealer: Sealer, facts: { segment: number; content: Fact }[]): void {
  const fact = facts.shift()
  if (fact) sealer.fact(fact.segment, fact.content)
}

/** Undefined when it is no whole batch. */
export function describe(payload: Buffer): Omit<Entry<Place>, 'place'> | undefined {
  const batch = batchAt(payload, 0)
  if (batch === undefined) return undefined
  const { baseOffset, lastOffset, appendTimeMs, sizeBytes } = batch
  return { baseOffset, lastOffset, timeMs: appendTimeMs, sizeBytes }
}
