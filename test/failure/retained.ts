import type { Violation } from './checker.ts'
import { type Entry, partsOf } from './history.ts'

/** From the append on, which stands between the call and its answer; longer by what the product and the way to the reader may take. */
const slackMs = 700

/** What the last acknowledged message of a topic leaves to a reader: from when to when it may end. */
type Kept = { number: number; endsFrom: number; endsBy: number }

/**
 * Retained messages of topics that one publisher each writes, as a reader sees them that subscribed after all was quiet: the last
 * acknowledged one or a later one that was never answered, once; and none once it has expired.
 */
export function checkRetained(entries: readonly Entry[], reader: string): Violation[] {
  const written = new Map<string, Readonly<{ topic: string; at: number; expiryMs: number }>>()
  const last = new Map<string, Kept>()
  const seen = new Map<string, number[]>()
  let asked: number | undefined
  for (const entry of entries) {
    const { at } = entry
    if (entry.kind === 'invoke' && entry.retain) {
      const expiryMs = (entry.expirySeconds ?? Number.POSITIVE_INFINITY) * 1000
      written.set(entry.key, { topic: entry.topic, at, expiryMs })
    } else if (entry.kind === 'ok') {
      const write = written.get(entry.key)
      const { number } = partsOf(entry.key)
      if (write === undefined || number < (last.get(write.topic)?.number ?? -1)) continue
      const { topic, expiryMs } = write
      last.set(topic, { number, endsFrom: write.at + expiryMs, endsBy: at + expiryMs })
    } else if (entry.actor === reader && entry.kind === 'subscribed') asked ??= at
    else if (entry.kind === 'delivery' && entry.actor === reader && entry.retained) {
      seen.set(entry.topic, [...(seen.get(entry.topic) ?? []), partsOf(entry.key).number])
    }
  }
  return [...last].flatMap(([topic, kept]) => {
    const values = seen.get(topic) ?? []
    if (isRight(values, kept, asked ?? 0)) return []
    const what = `${topic} holds number ${kept.number}, and ${reader} got ${values.join() || 'none'}`
    return [{ rule: 'retained' as const, what: Number.isFinite(kept.endsBy) ? `${what}, ${when(kept, asked)}` : what }]
  })
}

function isRight(values: readonly number[], { number, endsFrom, endsBy }: Kept, asked: number): boolean {
  const [value] = values
  if (value === undefined) return asked + slackMs > endsFrom
  // A later one that was never answered may end later.
  return values.length === 1 && (value > number || (value === number && asked - slackMs < endsBy))
}

const when = ({ endsFrom, endsBy }: Kept, asked = 0): string =>
  `asking ${Math.round(asked - endsFrom)} to ${Math.round(asked - endsBy)} ms after it ended`
