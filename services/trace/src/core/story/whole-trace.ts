import type { traces } from '@tern/proto'
import type { ResourceSpans } from '../../ports.ts'
import { foreignSpansOf } from './foreign-spans.ts'
import type { Story } from './story.ts'
import { spansShownMax, ternTraceOf } from './tern-trace.ts'

/** Whatever is known under one id: messages, and what others sent. Undefined: nothing. */
export function wholeTraceOf(
  traceId: string,
  stories: readonly Story[],
  foreign: readonly ResourceSpans[],
): traces.Trace | undefined {
  const parts = stories.map(ternTraceOf)
  const others = foreignSpansOf(foreign, spansShownMax)
  const [first] = parts
  if (first === undefined && others.length === 0) return undefined
  const all = [...others, ...parts.flatMap(({ spans }) => spans)]
  const spans = all.slice(0, spansShownMax)
  const starts = all.map(({ startUnixNano }) => BigInt(startUnixNano))
  const ends = all.map(({ startUnixNano, durationNano }) => BigInt(startUnixNano) + BigInt(Math.round(durationNano)))
  const start = starts.reduce((a, b) => (a < b ? a : b))
  const end = ends.reduce((a, b) => (a > b ? a : b))
  return {
    traceId,
    messageId: first?.messageId ?? '',
    spans,
    startUnixNano: `${start}`,
    durationNano: Number(end - start),
    // Of several messages in one trace each has its own; the first is told of.
    deliveries: first?.deliveries,
    folded: parts.reduce((sum, { folded }) => sum + folded, 0) + (all.length - spans.length),
    incomplete: parts.some(({ incomplete }) => incomplete),
  }
}
