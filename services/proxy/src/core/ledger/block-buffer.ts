import { BlockWriter, isFailure, type Lost } from '@tern/record'
import type { EntryRing } from './entry-ring.ts'

/** While so much is held, because no trace service takes it, only what failed is written down. */
export const ordinaryBytesMax = 4 * 1024 * 1024
/** And at so much nothing is. */
export const heldBytesMax = 8 * 1024 * 1024
/** What may be on its way to a trace service and not durable. */
export const underWayBytesMax = 1024 * 1024

export type Block = Readonly<{ sequence: number; queue: number; bytes: Buffer }>

/** Entries in blocks, from when they are written down until they are durable: bounded, and what found no room is counted and told. */
export class BlockBuffer {
  /** Entries that found no room, ever. */
  droppedEntries = 0
  private readonly proxy: number
  private readonly zone: string
  private readonly open = new Map<number, BlockWriter>()
  private readonly lost = new Map<number, Lost>()
  private readonly closed = new Map<number, Block>()
  private sequence = 0
  /** From this sequence on nothing was given out for the present stream. */
  private unsent = 1
  private openBytes = 0
  private closedBytes = 0
  private underWayBytes = 0

  constructor(proxy: number, zone: string) {
    this.proxy = proxy
    this.zone = zone
  }

  get heldBytes(): number {
    return this.openBytes + this.closedBytes
  }

  get isEmpty(): boolean {
    return this.open.size === 0 && this.closed.size === 0
  }

  /** Writes down all that the ring has, and empties it. */
  take(ring: EntryRing): void {
    for (let at = 0; at < ring.count; at++) this.takeOne(ring, at)
    ring.count = 0
  }

  /** What is open becomes blocks. */
  close(): void {
    for (const [queue, writer] of this.open) this.closeOne(queue, writer)
    for (const queue of this.lost.keys()) {
      if (this.heldBytes < ordinaryBytesMax) this.closeOne(queue, this.writerOf(queue))
    }
  }

  /** The next block that may leave; undefined when there is none, or too much is under way. */
  next(): Block | undefined {
    if (this.underWayBytes >= underWayBytesMax) return undefined
    const block = this.closed.get(this.unsent)
    if (block === undefined) return undefined
    this.unsent++
    this.underWayBytes += block.bytes.length
    return block
  }

  /** It is durable. */
  answered(sequence: number): void {
    const block = this.closed.get(sequence)
    if (block === undefined) return
    this.closed.delete(sequence)
    this.closedBytes -= block.bytes.length
    if (sequence < this.unsent) this.underWayBytes -= block.bytes.length
  }

  /** On a new stream everything that is not answered goes again. */
  rewind(): void {
    const [first] = this.closed.keys()
    this.unsent = first ?? this.sequence + 1
    this.underWayBytes = 0
    this.renumber()
  }

  /** Answers come in whatever order: without holes again, blocks are found by counting. */
  private renumber(): void {
    const blocks = [...this.closed.values()]
    this.closed.clear()
    this.unsent = this.sequence + 1
    for (const { queue, bytes } of blocks) this.keep(queue, bytes)
  }

  private keep(queue: number, bytes: Buffer): void {
    const sequence = ++this.sequence
    this.closed.set(sequence, { sequence, queue, bytes })
  }

  private takeOne(ring: EntryRing, at: number): void {
    const kind = ring.kinds[at] as Parameters<BlockWriter['add']>[0]
    const queue = ring.queues[at]!
    const position = ring.positions[at]!
    const held = this.heldBytes
    if (held >= ordinaryBytesMax && (held >= heldBytesMax || !isFailure(kind))) {
      this.drop(queue, position)
      return
    }
    const writer = this.writerOf(queue)
    const before = writer.bytes
    writer.add(
      kind,
      position,
      ring.qos[at]!,
      ring.starts[at]!,
      ring.middles[at]!,
      ring.ends[at]!,
      ring.clientIds[at]!,
      ring.names[at]!,
      ring.attempts[at]!,
      ring.codes[at]!,
      ring.reasons[at]!,
      ring.contexts[at],
    )
    this.openBytes += writer.bytes - before
    if (writer.isFull) this.closeOne(queue, writer)
  }

  private writerOf(queue: number): BlockWriter {
    const known = this.open.get(queue)
    if (known !== undefined) return known
    const writer = new BlockWriter({ queue, proxy: this.proxy, zone: this.zone })
    this.open.set(queue, writer)
    return writer
  }

  private closeOne(queue: number, writer: BlockWriter): void {
    this.openBytes -= writer.bytes
    this.open.delete(queue)
    const bytes = writer.finish(this.lost.get(queue))
    this.lost.delete(queue)
    this.closedBytes += bytes.length
    this.keep(queue, bytes)
  }

  private drop(queue: number, position: number): void {
    this.droppedEntries++
    const known = this.lost.get(queue)
    const at = Math.max(0, position)
    this.lost.set(queue, {
      count: (known?.count ?? 0) + 1,
      first: Math.min(known?.first ?? at, at),
      last: Math.max(known?.last ?? at, at),
    })
  }
}
