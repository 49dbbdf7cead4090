/** What waits for a journal write: packets leave in their order, and none before what it depends on is durable (D8). */
export class Outbox {
  private readonly frames: Buffer[] = []
  private readonly send: (bytes: Buffer) => void
  private bytes = 0
  private writing = 0

  constructor(send: (bytes: Buffer) => void) {
    this.send = send
  }

  /** While something waits, no more than this is taken. */
  static readonly bytesMax = 1024 * 1024

  get isEmpty(): boolean {
    return this.frames.length === 0
  }

  get isFull(): boolean {
    return this.bytes >= Outbox.bytesMax
  }

  /** At once, unless something before it waits. */
  put(bytes: Buffer): void {
    if (this.writing === 0) this.send(bytes)
    else {
      this.frames.push(bytes)
      this.bytes += bytes.length
    }
  }

  /** What is put from now on waits until as many writes are done as were begun. */
  hold(): void {
    this.writing++
  }

  release(): void {
    this.writing--
    if (this.writing > 0) return
    this.bytes = 0
    for (const frame of this.frames.splice(0)) this.send(frame)
  }
}
