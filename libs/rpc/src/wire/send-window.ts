import { defaults, flag, frameHeaderBytes, frameType, writeFrameHeader } from './http2-frames.ts'

const prefixBytes = 5
/** Up to so much is copied behind its headers, so that one write carries both. */
const copiedBytesMax = 16 * 1024

/** DATA frames of one stream, as large and as many as the peer takes (RFC 9113, 5.2). */
export class SendWindow {
  private readonly stream: number
  private readonly write: (bytes: Buffer) => void
  private readonly waiting: Buffer[] = []
  private ofStream: number = defaults.windowBytes
  private ofConnection: number = defaults.windowBytes
  private initial: number = defaults.windowBytes
  private frameBytesMax: number = defaults.frameBytesMax

  constructor(stream: number, write: (bytes: Buffer) => void) {
    this.stream = stream
    this.write = write
  }

  /** A message of gRPC, uncompressed, with the prefix that says its length. */
  message(bytes: Buffer): void {
    const length = prefixBytes + bytes.length
    if (this.waiting.length === 0 && length <= Math.min(this.room, copiedBytesMax, this.frameBytesMax)) {
      const frame = Buffer.allocUnsafe(frameHeaderBytes + length)
      writeFrameHeader(frame, length, frameType.data, 0, this.stream)
      writePrefix(frame, frameHeaderBytes, bytes.length)
      bytes.copy(frame, frameHeaderBytes + prefixBytes)
      this.spend(length)
      this.write(frame)
      return
    }
    const prefix = Buffer.allocUnsafe(prefixBytes)
    writePrefix(prefix, 0, bytes.length)
    this.waiting.push(prefix, bytes)
    this.flush()
  }

  /** WINDOW_UPDATE: for the connection (stream 0), or for the stream. */
  grow(stream: number, by: number): void {
    if (stream === 0) this.ofConnection += by
    else this.ofStream += by
    this.flush()
  }

  initialWindow(bytes: number): void {
    this.ofStream += bytes - this.initial
    this.initial = bytes
    this.flush()
  }

  frameMax(bytes: number): void {
    this.frameBytesMax = bytes
    this.flush()
  }

  private get room(): number {
    return Math.min(this.ofStream, this.ofConnection)
  }

  private flush(): void {
    for (let first = this.waiting[0]; first !== undefined && this.room > 0; first = this.waiting[0]) {
      const count = Math.min(first.length, this.room, this.frameBytesMax)
      const header = Buffer.allocUnsafe(frameHeaderBytes)
      writeFrameHeader(header, count, frameType.data, 0, this.stream)
      this.spend(count)
      this.write(header)
      this.write(first.subarray(0, count))
      if (count === first.length) this.waiting.shift()
      else this.waiting[0] = first.subarray(count)
    }
  }

  private spend(bytes: number): void {
    this.ofStream -= bytes
    this.ofConnection -= bytes
  }
}

function writePrefix(target: Buffer, at: number, length: number): void {
  target[at] = 0
  target.writeUInt32BE(length, at + 1)
}

/** The bytes of a DATA or HEADERS frame without what else it may carry (RFC 9113, 6.1 and 6.2). */
export function contentOf(flags: number, payload: Buffer, withPriority: boolean): Buffer {
  const padded = (flags & flag.padded) !== 0
  const from = (padded ? 1 : 0) + (withPriority && (flags & flag.priority) !== 0 ? 5 : 0)
  return payload.subarray(from, payload.length - (padded ? (payload[0] ?? 0) : 0))
}
