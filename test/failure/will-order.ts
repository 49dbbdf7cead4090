import type { Violation } from './checker.ts'
import { type Entry, partsOf } from './history.ts'

/** From when on it can be in the log, and by when it is: a message between its call and its answer; a will when its connection is lost. */
type Span = { from: number; by: number }

/**
 * Of what one client publishes on the topic of its will, a will comes after all that was acknowledged before its connection was
 * lost, and before all that the client published afterwards. Messages that were not acknowledged then may be sent again, and so
 * come after the will; whoever leaves messages without an answer is promised no more.
 */
export function checkWillOrder(entries: readonly Entry[]): Violation[] {
  const spans = spansOf(entries)
  const seen = new Set<string>()
  /** By subscriber, publisher and topic: what came so far and could not be there before. */
  const latest = new Map<string, { key: string; from: number }>()
  const violations: Violation[] = []
  for (const entry of entries) {
    if (entry.kind !== 'delivery') continue
    const { actor, key } = entry
    const span = spans.get(key)
    if (span === undefined || seen.has(`${actor}|${key}`)) continue
    seen.add(`${actor}|${key}`)
    const { publisher, topic } = partsOf(key)
    const line = `${actor}|${publisher}|${topic}`
    const before = latest.get(line)
    if (before !== undefined && span.by < before.from)
      violations.push({ rule: 'order', what: `${actor} got ${key} after ${before.key}, which came later` })
    if (before === undefined || span.from > before.from) latest.set(line, { key, from: span.from })
  }
  return violations
}

function spansOf(entries: readonly Entry[]): Map<string, Span> {
  const spans = new Map<string, Span>()
  const wills = new Set<string>()
  for (const entry of entries) {
    if (entry.kind === 'invoke') {
      if (entry.will === true) wills.add(entry.key)
      else spans.set(entry.key, { from: entry.at, by: Number.POSITIVE_INFINITY })
    } else if (entry.kind === 'ok') {
      const span = spans.get(entry.key)
      if (wills.has(entry.key)) spans.set(entry.key, { from: entry.at, by: entry.at })
      else if (span !== undefined) span.by = entry.at
    }
  }
  return spans
}
