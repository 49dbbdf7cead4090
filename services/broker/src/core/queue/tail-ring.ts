/** A record of the queue that is a message for somebody, as the ring and the catch-up hand it on. */
export type Message = Readonly<{ position: number; timeMs: number; topic: string; body: Buffer }>

export const ringLimits = { bytes: 16 * 1024 * 1024, ageMs: 30_000 } as const

/** The newest messages of a queue in memory, by position: sessions that lag a little never touch the log. */
export class TailRing {
  private messages: Message[] = []
  private head = 0
  private bytes = 0
  /** Every message at or above this position is here. */
  start: number

  constructor(start: number) {
    this.start = start
  }

  add(message: Message): void {
    this.messages.push(message)
    this.bytes += message.body.length
    while (this.bytes > ringLimits.bytes && this.head < this.messages.length - 1) this.drop()
  }

  /** Forgets what is older than the ring's age. */
  age(nowMs: number): void {
    while (this.head < this.messages.length && (this.messages[this.head]?.timeMs ?? nowMs) < nowMs - ringLimits.ageMs)
      this.drop()
  }

  /** Visits messages from `position` on, in order, until `visit` returns false. */
  from(position: number, visit: (message: Message) => boolean): void {
    for (let i = this.indexOf(position); i < this.messages.length; i++) {
      if (!visit(this.messages[i] as Message)) return
    }
  }

  private drop(): void {
    const message = this.messages[this.head] as Message
    this.bytes -= message.body.length
    this.start = message.position + 1
    this.head++
    if (this.head > 1_024 && this.head * 2 > this.messages.length) {
      this.messages = this.messages.slice(this.head)
      this.head = 0
    }
  }

  /** Binary search: the first message at or above the position. */
  private indexOf(position: number): number {
    let low = this.head
    let high = this.messages.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.messages[middle] as Message).position < position) low = middle + 1
      else high = middle
    }
    return low
  }
}
