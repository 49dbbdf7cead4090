import { Chunks } from './chunks.ts'
import { type Frame, frameHeaderBytes, WireError } from './http2-frames.ts'

/** Frames out of what a socket gives. */
export class FrameReader {
  private readonly chunks = new Chunks()
  private readonly bytesMax: number
  private header: Omit<Frame, 'payload'> | undefined
  private expected = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk)
  }

  /** The next whole frame. Throws a sentence when it is larger than was agreed on. */
  next(): Frame | undefined {
    if (this.header === undefined) {
      if (this.chunks.length < frameHeaderBytes) return undefined
      const bytes = this.chunks.take(frameHeaderBytes)
      this.expected = bytes.readUIntBE(0, 3)
      if (this.expected > this.bytesMax) throw new WireError(`a frame of ${this.expected} bytes came`)
      this.header = { type: bytes[3] ?? 0, flags: bytes[4] ?? 0, stream: bytes.readUInt32BE(5) & 0x7fffffff }
    }
    if (this.chunks.length < this.expected) return undefined
    const frame = { ...this.header, payload: this.chunks.take(this.expected) }
    this.header = undefined
    return frame
  }
}
