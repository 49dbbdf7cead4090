import { batches, encodeBatch, encodeBody, readBody } from '@tern/record'
import { type Log, LogError, type TopicName } from '../log.ts'

/** Whole numbers from 0, below the limit: the same for a seed. */
export type Draw = (limit: number) => number

/** mulberry32 */
export function seeded(seed: number): Draw {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

type Written = Readonly<{ key: string; value: string | null }>
type Found = Written & Readonly<{ offset: number }>

const keysMax = 10
const readBytes = 256 * 1024

/** Writes one partition, one append at a time, and knows from the answers what it must hold. */
export class Writer {
  /** How many appends were answered, and of how many a kill took the answer. */
  answered = 0
  unanswered = 0
  readonly wrong: string[] = []
  private readonly topic: TopicName
  private readonly partition: number
  private readonly compacted: boolean
  private readonly draw: Draw
  /** By offset: what was answered, and what was found of the rest. */
  private readonly written: Written[] = []
  /** Sent, and nobody knows. */
  private open: readonly Written[] = []
  private number = 0

  constructor(topic: TopicName, partition: number, draw: Draw) {
    this.topic = topic
    this.partition = partition
    this.compacted = topic === 'tern.state'
    this.draw = draw
  }

  /** Appends until one fails. */
  async write(log: Log): Promise<void> {
    for (;;) {
      this.open = Array.from({ length: 1 + this.draw(8) }, () => this.next())
      const bodies = this.open.map(({ key, value }) =>
        encodeBody(Buffer.from(key), value === null ? null : Buffer.from(value), []),
      )
      try {
        const { baseOffset } = await log.append(this.topic, this.partition, encodeBatch(bodies))
        if (baseOffset !== this.written.length) this.say(`${baseOffset} answered, after ${this.written.length} records`)
        this.settle(true)
        this.answered++
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        // Refused is a promise, too: it was not written.
        if (error.failure === 'refused') this.settle(false)
        else this.unanswered++
        return
      }
    }
  }

  /** Compares what is there with what must be. An append without an answer is there as a whole, or not at all, and stays so. */
  async judge(log: Log): Promise<void> {
    const { found, end } = await readAll(log, this.topic, this.partition)
    if (this.open.length > 0) this.settle(end === this.written.length + this.open.length)
    if (end !== this.written.length) this.say(`ends at ${end}, not at ${this.written.length}`)
    let before = -1
    for (const { offset, key, value } of found) {
      if (offset <= before) this.say(`${offset} follows ${before}`)
      before = offset
      const expected = this.written[offset]
      if (expected?.key !== key || expected.value !== value) this.say(`${offset} is not what was written there`)
    }
    const there = new Set(found.map(({ offset }) => offset))
    for (const offset of this.needed()) if (!there.has(offset)) this.say(`${offset} is missing`)
  }

  /** The records that are there beyond those that must be. */
  async excess(log: Log): Promise<number> {
    const { found } = await readAll(log, this.topic, this.partition)
    return found.length - this.needed().length
  }

  /** The records so far, as `offset:value`. */
  texts(): string[] {
    return this.written.map(({ value }, offset) => `${offset}:${value}`)
  }

  /** Of a compacted topic the newest record of each key, unless it deletes the key; of others everything. */
  private needed(): number[] {
    if (!this.compacted) return [...this.written.keys()]
    const newest = new Map(this.written.map(({ key }, offset) => [key, offset]))
    return [...newest.values()].filter((offset) => this.written[offset]?.value !== null)
  }

  private settle(isWritten: boolean): void {
    if (isWritten) this.written.push(...this.open)
    this.open = []
  }

  private next(): Written {
    const value = `${this.number++} ${'x'.repeat(this.draw(1_000))}`
    const deletes = this.compacted && this.draw(8) === 0
    return { key: `key ${this.draw(keysMax)}`, value: deletes ? null : value }
  }

  private say(what: string): void {
    this.wrong.push(`${this.topic}/${this.partition}: ${what}`)
  }
}

async function readAll(log: Log, topic: TopicName, partition: number): Promise<{ found: Found[]; end: number }> {
  const found: Found[] = []
  for (let next = 0; ; ) {
    const { batches: bytes, end } = await log.read(topic, partition, next, readBytes)
    const read = [...batches(bytes)]
    for (const batch of read)
      for (const { offset, body } of batch.records()) {
        const { key, value } = readBody(body, 0, body.length)
        found.push({ offset, key: String(key), value: value === null ? null : String(value) })
      }
    const last = read.at(-1)
    if (last === undefined) return { found, end }
    next = last.lastOffset + 1
  }
}
