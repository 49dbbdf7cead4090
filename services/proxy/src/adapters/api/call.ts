import type { PageTokens } from '@tern/api'
import type { CallContext as RpcCallContext } from '@tern/rpc'
import type { Clock } from '@tern/runtime'
import type { TraceIds } from '@tern/telemetry'
import { Refusal } from '../../core/api/refusal.ts'
import { queryLimits } from '../../core/query/limits.ts'
import type { Patience, Scans } from '../region/scans.ts'

/** What a look into the log is told of its call. */
export type CallContext = Pick<RpcCallContext, 'signal' | 'deadlineMs'>

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
