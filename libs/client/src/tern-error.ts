import type { Ending } from './wire.ts'

/** What the region answered instead: `reason` is one of docs/errors.md, `code` a gRPC status name. */
export class TernError extends Error {
  readonly code: string
  readonly reason: string
  readonly retryAfterMs: number | undefined

  constructor({ code, reason, message, retryAfterMs }: Ending) {
    super(message)
    this.name = 'TernError'
    this.code = code
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

export const timedOut = (what: string, millis: number): TernError =>
  new TernError({ code: 'DEADLINE_EXCEEDED', reason: 'CLIENT_DEADLINE', message: `${what} within ${millis} ms` })

export const closed = (): TernError =>
  new TernError({ code: 'CANCELLED', reason: 'CLIENT_CLOSED', message: 'the client was closed' })
