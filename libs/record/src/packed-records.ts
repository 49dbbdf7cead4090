import { Reader, unzigzag, varintSize, writeVarint, zigzag } from './varint.ts'

export type PackedRecord = Readonly<{ position: number; timeMs: number; body: Buffer }>

/** Records on a Link: each is position delta, zigzag time delta, body length (varints), body. */
export class PackedWriter {
  private readonly basePosition: number
  private readonly baseTimeMs: number
  private buffer: Buffer
  bytes = 0
  count = 0

  constructor(basePosition: number, baseTimeMs: number, sizeHint = 1024) {
    this.basePosition = basePosition
    this.baseTimeMs = baseTimeMs
    this.buffer = Buffer.allocUnsafe(sizeHint)
  }

  add(position: number, timeMs: number, body: Uint8Array): void {
    const delta = position - this.basePosition
    const time = zigzag(timeMs - this.baseTimeMs)
    const need = varintSize(delta) + varintSize(time) + varintSize(body.length) + body.length
    if (this.bytes + need > this.buffer.length) this.grow(need)
    let at = writeVarint(this.buffer, this.bytes, delta)
    at = writeVarint(this.buffer, at, time)
    at = writeVarint(this.buffer, at, body.length)
    this.buffer.set(body, at)
    this.bytes = at + body.length
    this.count++
  }

  /** A view of what was written; the writer is spent. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.bytes)
  }

  private grow(need: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.bytes + need))
    larger.set(this.buffer.subarray(0, this.bytes))
    this.buffer = larger
  }
}

/** Reads them back; bodies are views. Throws a RangeError when the run is not whole. */
export function* unpack(packed: Uint8Array, basePosition: number, baseTimeMs: number): Generator<PackedRecord> {
  const buffer = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  const reader = new Reader(buffer)
  while (reader.offset < buffer.length) {
    const position = basePosition + reader.varint()
    const timeMs = baseTimeMs + unzigzag(reader.varint())
    yield { position, timeMs, body: reader.bytes(reader.varint()) }
  }
}
