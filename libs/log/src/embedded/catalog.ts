import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open } from 'lmdb'
import type { Entry } from '../partition-index.ts'
import type { Place } from './journal.ts'

/** A page holds so many batches of one partition at most. */
export const pageEntriesMax = 256
const entryBytes = 40
/** More than an empty catalog takes. */
const firstBytes = 256 * 1024

type PlacedEntry = Entry<Place>
type Key = [topicId: number, partition: number, offset: number]
export type PartitionId = Readonly<{ topicId: number; partition: number }>

/** What a restart must know of a segment that is complete, in place of reading it. */
export type SegmentNote = {
  /** Batches whose places are kept in memory, in the order of the journal. */
  resident: (PartitionId & { entry: PlacedEntry })[]
  /** Batches that are found by pages: the range of each partition. */
  paged: (PartitionId & { first: number; last: number })[]
  /** The last fact about topics that it holds. */
  fact: unknown
  lastTimeMs: number
}

/** Where batches lie, on disk: pages by partition and offset, and a note for each complete segment. Can be made anew from the journal. */
export class Catalog {
  private readonly root: Database<unknown, number>
  private readonly pages: Database<Buffer, Key>
  private readonly segments: Database<SegmentNote, number>

  /** Throws when there is no room for a new one; one that is there needs none to be opened. */
  constructor(folder: string) {
    makeSureOfRoom(folder)
    // A batch for each turn of the event loop has a promise of its own, which nobody could wait for: on a full disk its rejection
    // would end the process.
    const root = open<unknown, number>({ path: folder, maxDbs: 2, eventTurnBatching: false })
    this.root = root
    this.pages = root.openDB<Buffer, Key>({ name: 'pages', encoding: 'binary' })
    this.segments = root.openDB<SegmentNote, number>({ name: 'segments', encoding: 'msgpack' })
  }

  notes(): Map<number, SegmentNote> {
    return new Map([...this.segments.getRange()].map(({ key, value }) => [key, value]))
  }

  /** Resolves once it can be read; the same page may be put again. */
  async putPage({ topicId, partition }: PartitionId, entries: readonly PlacedEntry[]): Promise<void> {
    const [first] = entries
    if (first) await written(this.pages.put([topicId, partition, first.baseOffset], encodePage(entries)))
  }

  /** To be called when all pages of the segment can be read. */
  async putNote(segment: number, note: SegmentNote): Promise<void> {
    await written(this.segments.put(segment, note))
  }

  /** The page that holds the offset, else the first one above it. */
  pageAt({ topicId, partition }: PartitionId, offset: number): readonly PlacedEntry[] | undefined {
    const start: Key = [topicId, partition, offset]
    const below = { start, end: [topicId, partition, -1] as Key, reverse: true, limit: 1 }
    const above = { start, end: [topicId, partition, Number.MAX_SAFE_INTEGER] as Key, limit: 1 }
    for (const range of [below, above]) {
      for (const { value } of this.pages.getRange(range)) {
        const entries = decodePage(value)
        if ((entries.at(-1)?.lastOffset ?? -1) >= offset) return entries
      }
    }
    return undefined
  }

  /** Forgets the segment and the pages that lie in its ranges. */
  async forget(segment: number): Promise<void> {
    const note = this.segments.get(segment)
    if (note === undefined) return
    const removals: Promise<boolean>[] = [written(this.segments.remove(segment))]
    for (const { topicId, partition, first, last } of note.paged) {
      const range = { start: [topicId, partition, first] as Key, end: [topicId, partition, last + 1] as Key }
      for (const key of this.pages.getKeys(range)) removals.push(written(this.pages.remove(key)))
    }
    await Promise.all(removals)
  }

  close(): Promise<void> {
    return this.root.close()
  }
}

/** LMDB writes its lock file through a map: a page that finds no room there would end the process without a word. */
function makeSureOfRoom(folder: string): void {
  if ((statSync(join(folder, 'lock.mdb'), { throwIfNoEntry: false })?.blocks ?? 0) > 0) return
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'room')
  try {
    writeFileSync(path, Buffer.alloc(firstBytes))
  } finally {
    rmSync(path, { force: true })
  }
}

/** A commit that failed has its reason in a second promise, which lmdb leaves to whoever reads the error. */
async function written<T>(write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (error) {
    const { commitError } = error as { commitError?: Promise<never> }
    throw commitError === undefined ? error : await commitError.catch((reason: unknown) => reason)
  }
}

function encodePage(entries: readonly PlacedEntry[]): Buffer {
  const page = Buffer.allocUnsafe(entries.length * entryBytes)
  for (const [i, { baseOffset, lastOffset, timeMs, sizeBytes, place }] of entries.entries()) {
    const at = i * entryBytes
    page.writeDoubleBE(baseOffset, at)
    page.writeDoubleBE(timeMs, at + 8)
    page.writeUInt32BE(lastOffset - baseOffset, at + 16)
    page.writeUInt32BE(sizeBytes, at + 20)
    page.writeDoubleBE(place.segment, at + 24)
    page.writeDoubleBE(place.at, at + 32)
  }
  return page
}

function decodePage(page: Buffer): PlacedEntry[] {
  return Array.from({ length: page.length / entryBytes }, (_, i) => {
    const at = i * entryBytes
    const baseOffset = page.readDoubleBE(at)
    return {
      baseOffset,
      timeMs: page.readDoubleBE(at + 8),
      lastOffset: baseOffset + page.readUInt32BE(at + 16),
      sizeBytes: page.readUInt32BE(at + 20),
      place: { segment: page.readDoubleBE(at + 24), at: page.readDoubleBE(at + 32) },
    }
  })
}
