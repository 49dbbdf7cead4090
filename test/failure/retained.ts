import type { Violation } from './checker.ts'
import { type Entry, partsOf } from './history.ts'

/** From the append on, which stands between the call and its answer; longer by what the product and the way to the reader may take. */
const slackMs = 700

/** What the last acknowledged message of a topic leaves to a reader: from when to when it may end. */
type Kept = { number: number; endsFrom: number; endsBy: number }

/** What a reader got wrong that subscribed after all was quiet. */
export function checkRetained(entries: readonly Entry[], reader: string): Violation[] {
  const register = new RetainedRegister()
  for (const entry of entries) register.take(entry)
  return register.check(reader)
}

/**
 * Retained messages of topics that one publisher each writes: a reader gets the last acknowledged one or a later one that was never
 * answered, once; and none once it has expired.
 */
export class RetainedRegister {
  private readonly written = new Map<string, Readonly<{ topic: string; at: number; expiryMs: number }>>()
  private readonly last = new Map<string, Kept>()
  /** When each client subscribed first. */
  private readonly asked = new Map<string, number>()
  /** The numbers that came as retained, by reader and topic. */
  private readonly seen = new Map<string, number[]>()

  take(entry: Entry): void {
    const { at, actor } = entry
    if (entry.kind === 'invoke' && entry.retain) {
      const expiryMs = (entry.expirySeconds ?? Number.POSITIVE_INFINITY) * 1000
      this.written.set(entry.key, { topic: entry.topic, at, expiryMs })
    } else if (entry.kind === 'ok') this.acknowledged(entry.key, at)
    else if (entry.kind === 'subscribed' && !this.asked.has(actor)) this.asked.set(actor, at)
    else if (entry.kind === 'delivery' && entry.retained) {
      const of = `${actor} ${entry.topic}`
      this.seen.set(of, [...(this.seen.get(of) ?? []), partsOf(entry.key).number])
    }
  }

  check(reader: string): Violation[] {
    const asked = this.asked.get(reader)
    return [...this.last].flatMap(([topic, kept]) => {
      const values = this.seen.get(`${reader} ${topic}`) ?? []
      if (isRight(values, kept, asked ?? 0)) return []
      const what = `${topic} holds number ${kept.number}, and ${reader} got ${values.join() || 'none'}`
      return [
        { rule: 'retained' as const, what: Number.isFinite(kept.endsBy) ? `${what}, ${when(kept, asked)}` : what },
      ]
    })
  }

  private acknowledged(key: string, at: number): void {
    const write = this.written.get(key)
    const { number } = partsOf(key)
    if (write === undefined || number < (this.last.get(write.topic)?.number ?? -1)) return
    const { topic, expiryMs } = write
    this.last.set(topic, { number, endsFrom: write.at + expiryMs, endsBy: at + expiryMs })
  }
}

function isRight(values: readonly number[], { number, endsFrom, endsBy }: Kept, asked: number): boolean {
  const [value] = values
  if (value === undefined) return asked + slackMs > endsFrom
  // A later one that was never answered may end later.
  return values.length === 1 && (value > number || (value === number && asked - slackMs < endsBy))
}

const when = ({ endsFrom, endsBy }: Kept, asked = 0): string =>
  `asking ${Math.round(asked - endsFrom)} to ${Math.round(asked - endsBy)} ms after it ended`
