import { type Log, LogError, type LogFailure } from '@tern/log'
import { batchOf, textsOf } from '@tern/log/testing'

const topic = 'tern.messages'

/** What the one client was told of each of its appends; each has another text. */
type Outcome = Readonly<{ partition: number; text: string; offset?: number; failure?: LogFailure }>

/** A client that appends to every partition, one append at a time, and remembers what it was told. */
export class Appending {
  readonly outcomes: Outcome[] = []
  private readonly log: Log
  private readonly partitions: number
  private readonly tailed = new Map<number, string[]>()
  private readonly done: Promise<unknown>
  /** By partition: the longest time between two answers that said "written". */
  readonly stallsMs: number[]
  private stopping = false
  private count = 0

  constructor(log: Log, partitions: number) {
    this.log = log
    this.partitions = partitions
    this.stallsMs = Array<number>(partitions).fill(0)
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    for (const partition of all) {
      const texts: string[] = []
      this.tailed.set(partition, texts)
      log.tail(topic, partition, 0, (content) => void texts.push(...textsOf(content)))
    }
    this.done = Promise.all(all.map((partition) => this.append(partition)))
  }

  private async append(partition: number): Promise<void> {
    for (let at = performance.now(); !this.stopping; ) {
      const text = `${partition}-${this.count++}`
      try {
        const { baseOffset: offset } = await this.log.append(topic, partition, batchOf(text))
        this.outcomes.push({ partition, text, offset })
        this.stallsMs[partition] = Math.max(this.stallsMs[partition] ?? 0, performance.now() - at)
        at = performance.now()
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        this.outcomes.push({ partition, text, failure: error.failure })
      }
    }
  }

  told(failure?: LogFailure): number {
    return this.outcomes.filter((outcome) => outcome.failure === failure).length
  }

  /** Resolves once every append is answered. */
  async stop(): Promise<void> {
    this.stopping = true
    await this.done
  }

  /** What the client was told, and what it read on the way, beside what `reader` finds on the log. */
  async contradictions(reader: Log): Promise<string[]> {
    const found: string[] = []
    for (let partition = 0; partition < this.partitions; partition++) {
      const stored = await allOf(reader, partition)
      const told = this.outcomes.filter((outcome) => outcome.partition === partition)
      const copies = Map.groupBy(stored, textOf)
      found.push(...told.flatMap((outcome) => contradictionOf(outcome, copies.get(outcome.text) ?? []) ?? []))
      const texts = new Set(told.map(({ text }) => text))
      const strange = stored.filter((each) => !texts.has(textOf(each)))
      found.push(...strange.map((each) => `${each} is there, and was never appended`))
      const read = this.tailed.get(partition) ?? []
      const wrong = stored.findIndex((each, i) => read[i] !== each)
      if (wrong >= 0 || read.length > stored.length)
        found.push(`a tail of partition ${partition} gave ${read[wrong]} where the log has ${stored[wrong]}`)
    }
    return found
  }

  /** Whether the tails have come to the end that the log has now. */
  async tailsAreAt(reader: Log): Promise<boolean> {
    const ranges = await reader.offsets(topic, [...this.tailed.keys()])
    return ranges.every(({ end }, partition) => (this.tailed.get(partition)?.length ?? 0) >= end)
  }
}

/** `copies`: what the log has of it. */
function contradictionOf({ text, offset, failure }: Outcome, copies: readonly string[]): string | undefined {
  // Whoever is told "unknown" looks for one copy.
  if (copies.length > 1) return `${text} (${failure ?? 'acknowledged'}) is there as ${copies.join(' and ')}`
  if (failure === undefined && copies[0] !== `${offset}:${text}`)
    return `${text} was acknowledged at ${offset}, and the log has ${copies[0]}`
  return failure === 'refused' && copies.length > 0 ? `${text} was refused, and the log has ${copies[0]}` : undefined
}

/** As "offset:text"; each record stands at its place in the list. */
async function allOf(log: Log, partition: number): Promise<string[]> {
  const stored: string[] = []
  for (;;) {
    const { batches } = await log.read(topic, partition, stored.length, 1024 * 1024)
    if (batches.length === 0) return stored
    stored.push(...textsOf(batches))
  }
}

const textOf = (stored: string) => stored.slice(stored.indexOf(':') + 1)
