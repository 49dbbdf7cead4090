import type { EntryContext } from '@tern/record'
import { parseTraceparent } from '@tern/telemetry'

/** What a publisher said of its trace, if it said it once and well. */
export function contextOf(given: readonly string[]): EntryContext | undefined {
  const parsed = given.length === 0 ? undefined : parseTraceparent(given)
  return parsed && { traceId: parsed.traceId, spanId: parsed.spanId }
}
