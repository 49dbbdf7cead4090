import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '@tern/runtime'
import { ApiError } from './api-error.ts'
import { headerOf, traceparentOf } from './call-headers.ts'
import type { CallContext } from './service.ts'

export type CallOptions = Readonly<{
  headers: IncomingHttpHeaders
  peer: string
  draining: AbortSignal
  /** For how long it may take; undefined: as long as it does. */
  grantedMs: number | undefined
  clock: Clock
  requestId: string
}>

/** From the begin of a call until its answer has been given, its time is up, or its caller has gone. */
export type CallLife = Readonly<{
  context: CallContext
  /** Ends it early, if it has not ended: with what its caller, if there is one, is told. */
  cancel(error: ApiError): void
  over(): void
}>

export const callerGone = (): ApiError => new ApiError('CANCELLED', 'CANCELLED', 'the caller has gone')

export function beginCall({ headers, peer, draining, grantedMs, clock, requestId }: CallOptions): CallLife {
  const ended = new AbortController()
  let open = true
  const cancel = (error: ApiError) => {
    if (!open) return
    open = false
    timer?.cancel()
    ended.abort(error)
  }
  const timeUp = () =>
    cancel(new ApiError('DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED', `there is no answer within ${grantedMs} ms`))
  const timer = grantedMs === undefined || grantedMs <= 0 ? undefined : clock.after(grantedMs, timeUp)
  if (grantedMs !== undefined && grantedMs <= 0) timeUp()
  const context: CallContext = {
    metadata: (name) => headerOf(headers, name),
    deadlineMs: grantedMs === undefined ? undefined : clock.now() + grantedMs,
    signal: ended.signal,
    draining,
    peer,
    traceparent: traceparentOf(headers),
    requestId,
  }
  const over = () => {
    open = false
    timer?.cancel()
  }
  return { context, cancel, over }
}

/** What the promise comes to, or the signal's reason when that comes first. */
export function unlessAborted<T>(promise: Promise<T> | T, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) {
      Promise.resolve(promise).catch(() => {})
      return abort()
    }
    signal.addEventListener('abort', abort, { once: true })
    const settled = () => signal.removeEventListener('abort', abort)
    Promise.resolve(promise).then(
      (value) => {
        settled()
        resolve(value)
      },
      (error) => {
        settled()
        reject(error)
      },
    )
  })
}

/** The same, item by item. A source that does not watch the signal itself is left where it stands. */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let done = false
  try {
    for (;;) {
      const next = await unlessAborted(iterator.next(), signal)
      done = next.done === true
      if (next.done) return
      yield next.value
    }
  } finally {
    // Not waited for: it may stand in an await that never ends.
    if (!done) Promise.resolve(iterator.return?.()).catch(() => {})
  }
}
