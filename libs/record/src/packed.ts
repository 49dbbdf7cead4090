import { VarintReader, writeVarint, zigzag } from './varint.ts'

export type PackedRecord = { position: number; timeMs: number; body: Buffer }

/** Three varints of at most eight bytes each. */
export const recordPrefixBytesMax = 24

/** Runs of records on the Link: varint position delta, zigzag varint time delta, varint body length, body. */
export class PackedWriter {
  count = 0
  bytes = 0
  private buffer: Buffer
  private readonly position: number
  private readonly timeMs: number

  /** `bytes`: about what will be added. A receiver in the same process keeps the buffer as long as any record of it. */
  constructor(basePosition: number, baseTimeMs: number, bytes = 1024) {
    this.buffer = Buffer.allocUnsafe(bytes)
    this.position = basePosition
    this.timeMs = baseTimeMs
  }

  /** Deltas are relative to the base given at the start, so records need no order above it. */
  add(position: number, timeMs: number, body: Uint8Array): void {
    if (position < this.position) throw new Error(`position ${position} is below the base ${this.position}`)
    this.reserve(recordPrefixBytesMax + body.length)
    let at = writeVarint(this.buffer, this.bytes, position - this.position)
    at = writeVarint(this.buffer, at, zigzag(timeMs - this.timeMs))
    at = writeVarint(this.buffer, at, body.length)
    this.buffer.set(body, at)
    this.bytes = at + body.length
    this.count++
  }

  /** What was added, without a copy; nothing may be added afterwards. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.bytes)
  }

  private reserve(more: number): void {
    const needed = this.bytes + more
    if (needed <= this.buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.buffer.length))
    this.buffer.copy(larger, 0, 0, this.bytes)
    this.buffer = larger
  }
}

/** Views of the buffer, no copies. Throws RangeError when it is cut off. */
export function* unpack(buffer: Uint8Array, basePosition: number, baseTimeMs: number): Generator<PackedRecord> {
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const reader = new VarintReader(bytes, 0, bytes.length)
  while (reader.at < bytes.length) {
    const position = basePosition + reader.next()
    const timeMs = baseTimeMs + reader.signed()
    const length = reader.next()
    const from = reader.take(length)
    yield { position, timeMs, body: bytes.subarray(from, from + length) }
  }
}
