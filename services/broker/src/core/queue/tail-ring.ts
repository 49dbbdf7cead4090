import { keyText } from '@tern/record'

/** A record of the queue that is a message for somebody, as the ring and the catch-up hand it on. */
export type Message = Readonly<{ position: number; timeMs: number; topic: string; body: Buffer }>

export const ringLimits = { bytes: 16 * 1024 * 1024, ageMs: 30_000 } as const

const block = { bytes: 64 * 1024, messages: 512 } as const

/** Messages that follow one another, their bodies in one buffer: an object for each would be the collector's to move and to mark. */
class Block {
  readonly bodies: Buffer
  private readonly positions = new Float64Array(block.messages)
  private readonly timesMs = new Float64Array(block.messages)
  private readonly ends = new Uint32Array(block.messages)
  count = 0

  constructor(bytes: number) {
    this.bodies = Buffer.allocUnsafeSlow(bytes)
  }

  get bytes(): number {
    return this.endOf(this.count - 1)
  }

  get lastPosition(): number {
    return this.positions[this.count - 1] ?? -1
  }

  get lastTimeMs(): number {
    return this.timesMs[this.count - 1] ?? 0
  }

  takes(body: Buffer): boolean {
    return this.count < block.messages && this.bytes + body.length <= this.bodies.length
  }

  add({ position, timeMs, body }: Message): void {
    const at = this.bytes
    this.bodies.set(body, at)
    this.positions[this.count] = position
    this.timesMs[this.count] = timeMs
    this.ends[this.count] = at + body.length
    this.count++
  }

  /** Binary search: the index of the first message at or above the position. */
  indexOf(position: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.positions[middle] as number) < position) low = middle + 1
      else high = middle
    }
    return low
  }

  message(index: number): Message {
    const body = this.bodies.subarray(this.endOf(index - 1), this.endOf(index))
    const topic = keyText(body) ?? ''
    return { position: this.positions[index] as number, timeMs: this.timesMs[index] as number, topic, body }
  }

  private endOf(index: number): number {
    return index < 0 ? 0 : (this.ends[index] as number)
  }
}

/** The newest messages of a queue in memory, by position: sessions that lag a little never touch the log. Forgets whole blocks. */
export class TailRing {
  private readonly blocks: Block[] = []
  private bytes = 0
  /** Every message at or above this position is here. */
  start: number

  constructor(start: number) {
    this.start = start
  }

  add(message: Message): void {
    let last = this.blocks.at(-1)
    if (last === undefined || !last.takes(message.body)) {
      last = new Block(Math.max(block.bytes, message.body.length))
      this.blocks.push(last)
    }
    last.add(message)
    this.bytes += message.body.length
    while (this.bytes > ringLimits.bytes && this.blocks.length > 1) this.drop()
  }

  /** Forgets what is older than the ring's age. */
  age(nowMs: number): void {
    while ((this.blocks[0]?.lastTimeMs ?? nowMs) < nowMs - ringLimits.ageMs) this.drop()
  }

  /** Visits messages from `position` on, in order, until `visit` returns false. */
  from(position: number, visit: (message: Message) => boolean): void {
    for (const each of this.blocks) {
      if (each.lastPosition < position) continue
      for (let i = each.indexOf(position); i < each.count; i++) if (!visit(each.message(i))) return
    }
  }

  private drop(): void {
    const dropped = this.blocks.shift()
    if (dropped === undefined) return
    this.bytes -= dropped.bytes
    this.start = dropped.lastPosition + 1
  }
}
