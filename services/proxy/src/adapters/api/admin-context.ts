import type { PageTokens } from '@tern/api'
import type { Clock } from '@tern/runtime'
import type { TraceIds } from '@tern/telemetry'
import { badField } from '../../core/api/refusal.ts'
import type { Context } from '../connection/context.ts'
import type { Members } from '../region/members.ts'

/** What the services for operators stand on. */
export type Admin = Readonly<{
  members: Members
  tokens: PageTokens
  traceIds: Pick<TraceIds, 'traceIdOf'>
  context: Context
  clock: Clock
}>

export const pageSizeMax = 1_000

/** As the request says, or as many as are usual. */
export function pageSizeOf(pageSize: number, unlessTold = 50, max = pageSizeMax): number {
  if (pageSize === 0) return unlessTold
  if (pageSize < 0 || pageSize > max)
    throw badField('page_size', 'PAGE_SIZE_INVALID', `is ${pageSize}; give 1 to ${max}, or nothing`)
  return pageSize
}

/** Where the next page begins, as a token that is good for this very question. */
export const tokenOf = (tokens: PageTokens, state: unknown, question: string): string =>
  tokens.write(Buffer.from(JSON.stringify(state)), question)

export function stateOf<State>(tokens: PageTokens, token: string, question: string, first: State): State {
  return token === '' ? first : (JSON.parse(Buffer.from(tokens.read(token, question)).toString()) as State)
}

/** Of a time, and of a duration as well. */
export const timestamp = (ms: number) => ({ seconds: Math.floor(ms / 1_000), nanos: Math.round((ms % 1_000) * 1e6) })
export const timestampUnless0 = (ms: number) => (ms === 0 ? undefined : timestamp(ms))
