import { HashSet } from './hash-set.ts'
import { visitHashes } from './topic-hash.ts'

/** Positions of a block: it begins at a multiple of this. */
export const blockPositions = 1_024
/** The object, its place in the map, and the head of its array: what a summary costs beside its hashes. */
const overheadBytes = 256
/** Topics are kept as text while a block is seen, since most come again and again; up to so much text of them. */
const topicCharsMax = 64 * 1024

export const blockOf = (position: number): number => Math.floor(position / blockPositions)
export const endOf = (block: number): number => (block + 1) * blockPositions

/** Which topics the messages of a block may have, from position `first` to the block's end. */
export class BlockSummary {
  first: number
  /** Of the records that it stands for. */
  readonly recordBytes: number
  private readonly hashes: HashSet

  constructor(seen: OpenBlock) {
    this.first = seen.first
    this.recordBytes = seen.recordBytes
    this.hashes = new HashSet(seen.hashes())
  }

  get bytes(): number {
    return overheadBytes + this.hashes.bytes
  }

  has(hash: number): boolean {
    return this.hashes.has(hash)
  }
}

/** A block of which all positions from `first` to before `next` were seen so far. */
export class OpenBlock {
  readonly first: number
  next: number
  recordBytes = 0
  private readonly topics = new Set<string>()
  private topicChars = 0
  private readonly known = new Set<number>()

  constructor(first: number) {
    this.first = first
    this.next = first
  }

  /** `topic` is undefined for a record that is no message: void, or a marker. */
  add(topic: string | undefined, recordBytes: number): void {
    this.next++
    this.recordBytes += recordBytes
    if (topic === undefined || this.topics.has(topic)) return
    this.topics.add(topic)
    this.topicChars += topic.length
    if (this.topicChars > topicCharsMax) this.hashes()
  }

  /** Of the topics so far. */
  hashes(): ReadonlySet<number> {
    for (const topic of this.topics) visitHashes(topic, (hash) => this.known.add(hash))
    this.topics.clear()
    this.topicChars = 0
    return this.known
  }
}
