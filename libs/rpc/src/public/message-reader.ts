import { Chunks } from '../wire/chunks.ts'
import { ApiError } from './api-error.ts'

const prefixBytes = 5

export type ReadMessage = Readonly<{ packed: boolean; bytes: Buffer }>

/** Cuts what arrives into messages: a flag, a length of four bytes, the message. What is too long is refused by its length. */
export class MessageReader {
  private readonly chunks = new Chunks()
  private readonly bytesMax: number
  private prefix: Buffer | undefined

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk)
  }

  /** Bytes of a message of which the rest has not come. */
  get partialBytes(): number {
    return (this.prefix?.length ?? 0) + this.chunks.length
  }

  next(): ReadMessage | undefined {
    if (this.prefix === undefined) {
      if (this.chunks.length < prefixBytes) return undefined
      this.prefix = Buffer.from(this.chunks.take(prefixBytes))
    }
    const length = this.prefix.readUInt32BE(1)
    if (length > this.bytesMax) throw tooLarge(length, this.bytesMax)
    if (this.chunks.length < length) return undefined
    const packed = this.prefix[0] !== 0
    this.prefix = undefined
    return { packed, bytes: length === 0 ? Buffer.alloc(0) : this.chunks.take(length) }
  }
}

export const tooLarge = (length: number, max: number): ApiError =>
  new ApiError(
    'RESOURCE_EXHAUSTED',
    'MESSAGE_TOO_LARGE',
    `a message of ${length} bytes is too large; send at most ${max} in one`,
  )
