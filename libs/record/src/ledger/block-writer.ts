import { varintSize, writeVarint, zigzag } from '../varint.ts'
import {
  type EntryContext,
  type EntryKind,
  entryKind,
  isFailure,
  isPublish,
  nameHash,
  positionsPerGroup,
} from './entry.ts'

/** Of the format below; a reader knows all that there ever were. */
export const blockVersion = 1
/** A block is closed when it has so many bytes; one entry more may make it larger by itself. */
export const blockBytesMax = 64 * 1024

/** The bits of an entry's first byte. */
export const entryBit = { kind: 0x0f, qosShift: 4, run: 0x40, extra: 0x80 } as const
export const blockFlag = { failure: 1 } as const

const nothingLost: Lost = { count: 0, first: 0, last: 0 }
const contextBytes = 24
/** Nine varints of at most eight bytes, and the first byte. */
const entryBytesMax = 80

/** Entries that were dropped, and between which positions those lie that had one. */
export type Lost = Readonly<{ count: number; first: number; last: number }>

/** What is the same for all entries of a block. */
export type BlockOrigin = Readonly<{ queue: number; proxy: number; zone: string }>

/**
 * Entries of one queue as they stand on the log. A head first, which tells an index all that it needs; then entries, each as the
 * difference to the one before. Deliveries of one message at one time, as a fan-out makes them, cost two references each.
 */
export class BlockWriter {
  count = 0
  private readonly origin: BlockOrigin
  private buffer = Buffer.allocUnsafe(1024)
  private at = 0
  private readonly strings = new Map<string, number>()
  private stringBytes = 0
  private readonly topics = new Map<number, number>()
  private readonly groups = new Set<number>()
  private readonly contexts: { index: number; context: EntryContext }[] = []
  private fromUs = Number.POSITIVE_INFINITY
  private toUs = 0
  private longestUs = 0
  private flags = 0
  private baseUs = 0
  private lastKind = -1
  private lastQos = 0
  private lastPosition = 0
  private lastStart = 0
  private lastMiddle = 0
  private lastEnd = 0

  constructor(origin: BlockOrigin) {
    this.origin = origin
  }

  get bytes(): number {
    const tables = 4 * this.topics.size + 2 * this.groups.size + contextBytes * this.contexts.length
    return this.at + this.stringBytes + tables
  }

  get isFull(): boolean {
    return this.bytes >= blockBytesMax
  }

  add(
    kind: EntryKind,
    position: number,
    qos: number,
    startUs: number,
    middleUs: number,
    endUs: number,
    clientId: string,
    name: string,
    attempt: number,
    code: number,
    reason: string,
    context?: EntryContext,
  ): void {
    if (this.buffer.length - this.at < entryBytesMax) this.grow()
    const extra = attempt !== 1 || code !== 0 || reason !== ''
    const client = this.refOf(clientId)
    const isRun =
      kind === this.lastKind &&
      position === this.lastPosition &&
      startUs === this.lastStart &&
      endUs === this.lastEnd &&
      middleUs === this.lastMiddle &&
      qos === this.lastQos &&
      !extra &&
      !isPublish(kind)
    if (isRun) this.buffer[this.at++] = kind | entryBit.run
    else this.whole(kind, position, qos, startUs, middleUs, endUs, extra)
    this.at = writeVarint(this.buffer, this.at, client)
    const named = kind === entryKind.published ? this.topicOf(name) : this.refOf(name)
    this.at = writeVarint(this.buffer, this.at, named)
    if (extra) {
      this.at = writeVarint(this.buffer, this.at, attempt)
      this.at = writeVarint(this.buffer, this.at, code)
      this.at = writeVarint(this.buffer, this.at, this.refOf(reason))
    }
    if (context !== undefined) this.contexts.push({ index: this.count, context })
    this.count++
  }

  /** The block; the writer is used no more. `lost`: of this queue since the block before. */
  finish(lost: Lost = nothingLost): Buffer {
    const { origin, strings, topics, contexts } = this
    const groups = [...this.groups].sort((a, b) => a - b)
    const empty = this.count === 0
    const fromUs = empty ? 0 : this.fromUs
    const zoneBytes = Buffer.byteLength(origin.zone)
    const headMax = 180 + zoneBytes + this.stringBytes + 4 * topics.size + 8 * groups.length + 32 * contexts.length
    const block = Buffer.allocUnsafe(headMax + this.at)
    let at = 0
    block[at++] = blockVersion
    at = writeVarint(block, at, origin.queue)
    at = writeVarint(block, at, origin.proxy)
    at = writeVarint(block, at, zoneBytes)
    at += block.write(origin.zone, at)
    block[at++] = this.flags
    at = writeVarint(block, at, lost.count)
    if (lost.count > 0) {
      at = writeVarint(block, at, lost.first)
      at = writeVarint(block, at, lost.last - lost.first)
    }
    at = writeVarint(block, at, fromUs)
    at = writeVarint(block, at, empty ? 0 : this.toUs - fromUs)
    at = writeVarint(block, at, this.longestUs)
    at = writeVarint(block, at, groups.length)
    let before = 0
    for (const group of groups) {
      at = writeVarint(block, at, group - before)
      before = group
    }
    at = writeVarint(block, at, strings.size)
    for (const text of strings.keys()) {
      at = writeVarint(block, at, Buffer.byteLength(text))
      at += block.write(text, at)
    }
    at = writeVarint(block, at, topics.size)
    for (const hash of topics.keys()) at = block.writeUInt32LE(hash, at)
    at = writeVarint(block, at, contexts.length)
    for (const { index, context } of contexts) {
      at = writeVarint(block, at, index)
      at += block.write(context.traceId + context.spanId, at, 'hex')
    }
    at = writeVarint(block, at, this.count)
    at = writeVarint(block, at, this.baseUs)
    at += this.buffer.copy(block, at, 0, this.at)
    return block.subarray(0, at)
  }

  private whole(
    kind: EntryKind,
    position: number,
    qos: number,
    startUs: number,
    middleUs: number,
    endUs: number,
    extra: boolean,
  ): void {
    const { buffer } = this
    if (this.count === 0) {
      this.baseUs = startUs
      this.lastStart = startUs
    }
    buffer[this.at++] = kind | (qos << entryBit.qosShift) | (extra ? entryBit.extra : 0)
    this.at = writeVarint(buffer, this.at, zigzag(position - this.lastPosition))
    this.at = writeVarint(buffer, this.at, zigzag(startUs - this.lastStart))
    this.at = writeVarint(buffer, this.at, middleUs - startUs)
    this.at = writeVarint(buffer, this.at, endUs - middleUs)
    this.lastKind = kind
    this.lastQos = qos
    this.lastPosition = position
    this.lastStart = startUs
    this.lastMiddle = middleUs
    this.lastEnd = endUs
    if (position >= 0) this.groups.add(Math.floor(position / positionsPerGroup))
    if (startUs < this.fromUs) this.fromUs = startUs
    if (endUs > this.toUs) this.toUs = endUs
    if (endUs - startUs > this.longestUs) this.longestUs = endUs - startUs
    if (isFailure(kind)) this.flags |= blockFlag.failure
  }

  private refOf(text: string): number {
    const known = this.strings.get(text)
    if (known !== undefined) return known
    const ref = this.strings.size
    this.strings.set(text, ref)
    const bytes = Buffer.byteLength(text)
    this.stringBytes += varintSize(bytes) + bytes
    return ref
  }

  private topicOf(topic: string): number {
    const hash = nameHash(topic)
    const known = this.topics.get(hash)
    if (known !== undefined) return known
    const ref = this.topics.size
    this.topics.set(hash, ref)
    return ref
  }

  private grow(): void {
    const larger = Buffer.allocUnsafe(2 * this.buffer.length)
    this.buffer.copy(larger, 0, 0, this.at)
    this.buffer = larger
  }
}
