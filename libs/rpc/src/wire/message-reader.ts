import { Chunks } from './chunks.ts'
import { WireError } from './http2-frames.ts'

const prefixBytes = 5

/** Messages of gRPC out of the bytes of DATA frames (each: compressed or not, its length in four bytes, the message). */
export class MessageReader {
  private readonly chunks = new Chunks()
  private readonly bytesMax: number
  private expected: number | undefined

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  push(data: Buffer): void {
    this.chunks.push(data)
  }

  /** The next whole message. Throws a sentence when it cannot be taken. */
  next(): Buffer | undefined {
    if (this.expected === undefined) {
      if (this.chunks.length < prefixBytes) return undefined
      const prefix = this.chunks.take(prefixBytes)
      if (prefix[0] !== 0) throw new WireError('a compressed message came, and none was agreed on')
      this.expected = prefix.readUInt32BE(1)
      if (this.expected > this.bytesMax)
        throw new WireError(`a message of ${this.expected} bytes came; ${this.bytesMax} is the most`)
    }
    if (this.chunks.length < this.expected) return undefined
    const message = this.chunks.take(this.expected)
    this.expected = undefined
    return message
  }
}
