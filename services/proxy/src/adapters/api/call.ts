import type { Clock } from '@tern/runtime'
import type { TraceIds } from '@tern/telemetry'
import { Refusal } from '../../core/api/refusal.ts'
import { queryLimits } from '../../core/query/limits.ts'
import type { Patience, Scans } from '../region/scans.ts'

/** What a handler is told of its call, whatever it came by. */
export type CallContext = Readonly<{
  /** The caller has gone, or its deadline has passed. */
  signal: AbortSignal
  /** By the clock; undefined: none was given. */
  deadlineMs?: number | undefined
}>

/** Page tokens: opaque, and good for the very question that they were given with. */
export type PageTokens = Readonly<{
  write(state: Uint8Array, question: string): string
  /** Throws when it is none of ours, too old, or of another question. */
  read(token: string, question: string): Uint8Array
}>

/** What looks into the log for the public API. */
export type Looking = Readonly<{
  scans: Scans
  clock: Clock
  traceIds: Pick<TraceIds, 'traceIdOf'>
  tokens: PageTokens
}>

/** As long as the caller waits, but no longer than a look at the log may take. */
export function patienceFor({ signal, deadlineMs }: CallContext, now: number): Patience {
  const wished = deadlineMs === undefined ? Number.POSITIVE_INFINITY : deadlineMs - queryLimits.answerMs
  return { signal, until: Math.max(now + 1, Math.min(wished, now + queryLimits.budgetMs)) }
}

export const unreachable = (queue: number): Refusal =>
  new Refusal(
    'UNAVAILABLE',
    'QUEUE_UNREACHABLE',
    `queue ${queue} gives no answer; its owner is moving or down, try again`,
    {
      metadata: { queue: String(queue) },
      retryAfterMs: 1_000,
    },
  )
