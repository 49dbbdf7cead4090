const nothing = Buffer.alloc(0)
const leastCapacity = 64

/**
 * The bytes that have come and are not read yet: buffer[at, end). Bytes once appended never move within their buffer and
 * are never written over, so that views of them stay true.
 */
export class StreamBuffer {
  buffer: Buffer = nothing
  at = 0
  end = 0
  #expectedBytes = 0

  append(chunk: Buffer): void {
    if (chunk.length === 0) return
    const kept = this.end - this.at
    if (kept === 0) {
      // The chunk is copied, and whole packets are then read from the copy without copying their fields again.
      this.buffer = Buffer.allocUnsafe(chunk.length)
      this.at = 0
      this.end = 0
      this.#expectedBytes = 0
    } else if (chunk.length > this.buffer.length - this.end) {
      this.#grow(kept, kept + chunk.length)
    }
    chunk.copy(this.buffer, this.end)
    this.end += chunk.length
  }

  /** The packet that begins at `at` will be this long. */
  expect(bytes: number): void {
    this.#expectedBytes = bytes
  }

  clear(): void {
    this.buffer = nothing
    this.at = 0
    this.end = 0
  }

  /**
   * Room grows with what is kept and not to the length a header promises: who sends a header alone is not worth megabytes,
   * and a packet that comes byte by byte is still copied only a few times.
   */
  #grow(kept: number, needed: number): void {
    const roomy = Math.max(leastCapacity, needed + kept)
    const buffer = Buffer.allocUnsafe(this.#expectedBytes > needed ? Math.min(roomy, this.#expectedBytes) : roomy)
    this.buffer.copy(buffer, 0, this.at, this.end)
    this.buffer = buffer
    this.at = 0
    this.end = kept
  }
}
