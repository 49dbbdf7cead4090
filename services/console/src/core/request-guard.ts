export type Guarded = Readonly<{
  method: string
  /** Header Origin: of the page that asks. Browsers set it on each POST and each WebSocket. */
  origin: string | undefined
  host: string | undefined
  contentType: string | undefined
  /** What came in the header x-tern-csrf. */
  csrf: string | undefined
}>

export type Refusal = Readonly<{ status: 401 | 403 | 405 | 415; code: string; reason: string; message: string }>

/** Whether the request was made by a page of this console. `publicOrigin`: where people open it, if not where it listens. */
export function wrongOrigin({ origin, host }: Guarded, publicOrigin: string): Refusal | undefined {
  const expected = publicOrigin === '' ? `http://${host ?? ''}` : publicOrigin
  if (origin === expected) return undefined
  const message = `a page of ${origin ?? 'unknown origin'} may not call this console; open it at ${expected}`
  return { status: 403, code: 'permission_denied', reason: 'WRONG_ORIGIN', message }
}

/** What a form, an image or a link of another site could send is refused before anything is looked at. */
export function wrongKind({ method, contentType }: Guarded): Refusal | undefined {
  if (method !== 'POST') {
    const message = 'calls are made by POST, so that no link or image makes one'
    return { status: 405, code: 'unimplemented', reason: 'POST_ONLY', message }
  }
  if (/^application\/json(;|$)/i.test(contentType ?? '')) return undefined
  const message = 'send application/json, which no form of another site can'
  return { status: 415, code: 'invalid_argument', reason: 'JSON_ONLY', message }
}

/** `expected`: the token of the session, undefined when nobody is logged in. */
export function wrongToken({ csrf }: Guarded, expected: string | undefined): Refusal | undefined {
  if (expected === undefined) {
    return { status: 401, code: 'unauthenticated', reason: 'NOT_LOGGED_IN', message: 'log in first' }
  }
  if (csrf !== undefined && csrf === expected) return undefined
  const message = 'the header x-tern-csrf does not hold the token of the session; reload the page'
  return { status: 403, code: 'permission_denied', reason: 'CSRF_TOKEN', message }
}
