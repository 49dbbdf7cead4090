/** Who is logged in here, as the console says. */
export type SessionView = Readonly<{
  loggedIn: boolean
  environment: string
  user?: string
  csrf?: string
  /** Zones can be killed and healed: a region on one machine. */
  dev?: boolean
}>

/** What a call failed with, as the API says it, with what a person needs to ask about it. */
export class ApiError extends Error {
  readonly code: string
  readonly reason: string
  readonly requestId: string

  constructor(code: string, message: string, reason = '', requestId = '') {
    super(message)
    this.code = code
    this.reason = reason
    this.requestId = requestId
  }
}

type FailureJson = { code?: string; message?: string; details?: { debug?: { reason?: string } }[] }

export function apiError({ code, message, details = [] }: FailureJson, requestId = ''): ApiError {
  const reason = details.map((detail) => detail.debug?.reason).find((each) => each !== undefined)
  return new ApiError(code ?? 'unknown', message ?? 'no reason was given', reason, requestId)
}

let csrf = ''
const listeners = new Set<() => void>()

/** Told when the session has ended, wherever that was noticed. */
export const onLoggedOut = (listener: () => void): void => void listeners.add(listener)

export function loggedOut(): void {
  for (const listener of listeners) listener()
}

async function post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
  const headers = { 'content-type': 'application/json', 'x-tern-csrf': csrf }
  let response: Response
  try {
    response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body), ...(signal ? { signal } : {}) })
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error
    throw new ApiError('unavailable', 'the console does not answer; is its process running?', 'CONSOLE_UNREACHABLE')
  }
  const requestId = response.headers.get('x-request-id') ?? ''
  const value = (await response.json().catch(() => ({}))) as FailureJson
  if (response.ok) return value
  const error = apiError(value, requestId)
  if (error.reason === 'NOT_LOGGED_IN') loggedOut()
  throw error
}

/** Any unary call of tern.v1, as "ClientService/ListClients". */
export const call = <Answer>(name: string, request: object, signal?: AbortSignal): Promise<Answer> =>
  post(`/api/tern.v1.${name}`, request, signal) as Promise<Answer>

/** What the console itself is asked. */
export const ask = <Answer>(path: string, request: object = {}): Promise<Answer> =>
  post(`/console/${path}`, request) as Promise<Answer>

export async function readSession(): Promise<SessionView> {
  return remember((await ask('session')) as SessionView)
}

export async function login(user: string, password: string): Promise<SessionView> {
  return remember((await ask('login', { user, password })) as SessionView)
}

function remember(session: SessionView): SessionView {
  csrf = session.csrf ?? ''
  return session
}
