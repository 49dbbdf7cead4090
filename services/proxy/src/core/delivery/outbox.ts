/** What waits for one write, which is under way or done. */
type Part = { durable: boolean; readonly frames: Buffer[] }

/** What waits for journal writes: packets leave in their order, and none before what it depends on is durable (D8). */
export class Outbox {
  /** In the order in which their writes were begun. */
  private readonly parts: Part[] = []
  private readonly send: (bytes: Buffer) => void
  private bytes = 0

  constructor(send: (bytes: Buffer) => void) {
    this.send = send
  }

  /** While something waits, no more than this is taken. */
  static readonly bytesMax = 1024 * 1024

  get isFull(): boolean {
    return this.bytes >= Outbox.bytesMax
  }

  /** At once, unless something before it waits. */
  put(bytes: Buffer): void {
    const last = this.parts.at(-1)
    if (last === undefined) {
      this.send(bytes)
      return
    }
    last.frames.push(bytes)
    this.bytes += bytes.length
  }

  /**
   * A write begins: what is put from now on waits until it and those before it are durable, which the result is to be told. Later ones
   * hold nothing up: there is always one under way while messages come.
   */
  hold(): () => void {
    const part: Part = { durable: false, frames: [] }
    this.parts.push(part)
    return () => {
      part.durable = true
      while (this.parts[0]?.durable) for (const frame of this.parts.shift()?.frames ?? []) this.sendWaiting(frame)
    }
  }

  private sendWaiting(frame: Buffer): void {
    this.bytes -= frame.length
    this.send(frame)
  }
}
