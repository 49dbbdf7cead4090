import type { envelope } from '@tern/proto'
import type { QueueState } from './queue-state.ts'

export const batchLimits = {
  /** A batch ends at so many records or bytes: larger ones only make the log slower (kafka.md 1.4). */
  records: 500,
  bytes: 512 * 1024,
  /** Of the bodies, so that with their frames they are below `max.message.bytes` of tern.messages: a log refuses what is larger, for ever. */
  bytesMax: 1_040_000,
} as const

/** A number is the reason code of a refusal. */
export type AppendVerdict = 'stored' | 'superseded' | number

/** Where a record stands; -1 when that is not known. `repeated`: an earlier append put it there. */
export type Place = Readonly<{ position: number; repeated: boolean }>

/** Whoever waits for the verdict on a record. */
export type Answer = (verdict: AppendVerdict, record: envelope.Envelope, place: Place) => void

/** A record that wants to be appended. */
export type Written = Readonly<{ record: envelope.Envelope; body: Buffer }>
export type Entry = Written & Readonly<{ answer: Answer }>

/** What is written for an entry: itself, or what it is allowed to be. */
export type Admit = (entry: Written) => Written

export type Batch = Readonly<{
  entries: readonly Entry[]
  bodies: readonly Buffer[]
  written: readonly Written[]
  /** For each entry its place among the bodies; -1 when it is not written again. */
  places: readonly number[]
}>

/** Records of a queue on their way to the log: one batch is out, the next one gathers. */
export class AppendQueue {
  private entries: Entry[] = []
  private head = 0

  push(entry: Entry): void {
    this.entries.push(entry)
  }

  get isEmpty(): boolean {
    return this.head === this.entries.length
  }

  /**
   * The next batch. What the state knows already, or stands twice in this batch, is not written again, but its answer
   * keeps its place: it leaves when all that came before it is durable.
   */
  take(state: QueueState, admit: Admit): Batch {
    const taken: Entry[] = []
    const written: Written[] = []
    const places: number[] = []
    const newest: Newest = new Map()
    let bytes = 0
    while (this.head < this.entries.length && written.length < batchLimits.records && bytes < batchLimits.bytes) {
      const entry = this.entries[this.head] as Entry
      if (written.length > 0 && bytes + entry.body.length > batchLimits.bytesMax) break
      this.head++
      taken.push(entry)
      const isKnown = state.knows(entry.record) || isRepetition(entry.record, newest)
      places.push(isKnown ? -1 : written.length)
      if (isKnown) continue
      const admitted = admit(entry)
      written.push(admitted)
      bytes += admitted.body.length
    }
    if (this.head === this.entries.length) {
      this.entries = []
      this.head = 0
    }
    return { entries: taken, bodies: written.map(({ body }) => body), written, places }
  }

  /** Puts entries back in front, in their order: they are certainly not on the log. */
  putBack(entries: readonly Entry[]): void {
    this.entries = [...entries, ...this.entries.slice(this.head)]
    this.head = 0
  }

  clear(): void {
    this.entries = []
    this.head = 0
  }
}

type Newest = Map<string | number, number>

function isRepetition({ producer, producerName, sequence, publisher }: envelope.Envelope, newest: Newest): boolean {
  const key = producerName || producer
  if (key !== 0 && isNotAbove(key, sequence, newest)) return true
  return publisher !== undefined && isNotAbove(`publisher/${publisher.name}`, publisher.sequence, newest)
}

function isNotAbove(key: string | number, sequence: number, newest: Newest): boolean {
  if (sequence <= (newest.get(key) ?? Number.NEGATIVE_INFINITY)) return true
  newest.set(key, sequence)
  return false
}
