import type { Entry } from '../partition-index.ts'
import type { Catalog, PartitionId, SegmentNote } from './catalog.ts'
import type { Place } from './journal.ts'

export type SealerOptions = Readonly<{
  catalog: Catalog
  /** Resolves once everything that was added to indexes so far is found by pages. */
  flushPages(): Promise<void>
  failed(segment: number, error: unknown): void
}>

/** Notes what the segment under way holds, and puts the note into the catalog when the next one begins. */
export class Sealer {
  /** The ranges of complete segments, as noted. */
  readonly sealed = new Map<number, SegmentNote['paged']>()
  private readonly options: SealerOptions
  private segment: number | undefined
  private note = emptyNote()
  private sealing: Promise<void> = Promise.resolve()
  /** Complete segments that are not noted yet, the oldest first. */
  private readonly unsealed: { segment: number; note: SegmentNote }[] = []

  constructor(options: SealerOptions) {
    this.options = options
  }

  batch(id: PartitionId, entry: Entry<Place>, isPaged: boolean): void {
    this.reach(entry.place.segment)
    const { note } = this
    note.lastTimeMs = Math.max(note.lastTimeMs, entry.timeMs)
    if (!isPaged) {
      note.resident.push({ ...id, entry })
      return
    }
    const range = note.paged.find(({ topicId, partition }) => topicId === id.topicId && partition === id.partition)
    if (range) range.last = entry.lastOffset
    else note.paged.push({ ...id, first: entry.baseOffset, last: entry.lastOffset })
  }

  fact(segment: number, content: unknown): void {
    this.reach(segment)
    this.note.fact = content
  }

  /** Resolves once every complete segment is noted, or could not be. */
  get settled(): Promise<void> {
    return this.sealing
  }

  private reach(segment: number): void {
    if (this.segment === segment) return
    const { segment: complete, note } = this
    if (complete !== undefined) this.sealing = this.sealing.then(() => this.seal(complete, note))
    this.segment = segment
    this.note = emptyNote()
  }

  /** A segment without its note is read again at the next start, and not given back: it is tried again with the next one. */
  private async seal(segment: number, note: SegmentNote): Promise<void> {
    const { catalog, flushPages, failed } = this.options
    this.unsealed.push({ segment, note })
    try {
      await flushPages()
      for (let first = this.unsealed[0]; first !== undefined; first = this.unsealed[0]) {
        await catalog.putNote(first.segment, first.note)
        this.sealed.set(first.segment, first.note.paged)
        this.unsealed.shift()
      }
    } catch (error) {
      failed(segment, error)
    }
  }
}

const emptyNote = (): SegmentNote => ({ resident: [], paged: [], fact: undefined, lastTimeMs: 0 })
