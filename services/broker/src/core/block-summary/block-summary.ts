import { HashSet } from './hash-set.ts'
import { hashOfPublisher, visitHashes } from './topic-hash.ts'

/** Positions of a block: it begins at a multiple of this. */
export const blockPositions = 1_024
/** The object, its place in the map, and the head of its array: what a summary costs beside its hashes. */
const overheadBytes = 256
/** Topics and publishers are kept as text while a block is seen, since most come again and again; up to so much text of them. */
const charsMax = 64 * 1024

export const blockOf = (position: number): number => Math.floor(position / blockPositions)
export const endOf = (block: number): number => (block + 1) * blockPositions

/** Which topics and publishers the messages of a block may have, from position `first` to the block's end. */
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
  private readonly publishers = new Set<string>()
  private chars = 0
  private readonly known = new Set<number>()

  constructor(first: number) {
    this.first = first
    this.next = first
  }

  /** `topic` is undefined for a record that is no message: void, or a marker. `publisher` is empty where nobody is known. */
  add(topic: string | undefined, publisher: string, recordBytes: number): void {
    this.next++
    this.recordBytes += recordBytes
    if (topic === undefined) return
    this.keep(this.topics, topic)
    if (publisher !== '') this.keep(this.publishers, publisher)
  }

  /** Of the topics and publishers so far. */
  hashes(): ReadonlySet<number> {
    for (const topic of this.topics) visitHashes(topic, (hash) => this.known.add(hash))
    for (const publisher of this.publishers) this.known.add(hashOfPublisher(publisher))
    this.topics.clear()
    this.publishers.clear()
    this.chars = 0
    return this.known
  }

  private keep(texts: Set<string>, text: string): void {
    if (texts.has(text)) return
    texts.add(text)
    this.chars += text.length
    if (this.chars > charsMax) this.hashes()
  }
}
