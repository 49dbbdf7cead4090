/** Bytes as they arrive, given out in the pieces that are asked for; what lies in one chunk is not copied. */
export class Chunks {
  private chunks: Buffer[] = []
  /** Of the first chunk: what was given out. */
  private at = 0
  length = 0

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.chunks.push(chunk)
    this.length += chunk.length
  }

  /** The next bytes, which are there. */
  take(count: number): Buffer {
    const first = this.chunks[0]
    this.length -= count
    if (first === undefined || first.length - this.at < count) return this.gather(count)
    const piece = first.subarray(this.at, this.at + count)
    this.at += count
    if (this.at === first.length) this.next()
    return piece
  }

  private gather(count: number): Buffer {
    const target = Buffer.allocUnsafe(count)
    let filled = 0
    for (let first = this.chunks[0]; first !== undefined && filled < count; first = this.chunks[0]) {
      const copied = first.copy(target, filled, this.at, this.at + count - filled)
      filled += copied
      this.at += copied
      if (this.at === first.length) this.next()
    }
    return target
  }

  private next(): void {
    this.chunks.shift()
    this.at = 0
  }
}
