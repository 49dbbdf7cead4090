import { randomBytes } from 'node:crypto'
import type { Clock, Logger } from '@tern/runtime'
import { apiCallOf } from '../core/api-call.ts'
import { endedCookie, sessionCookie } from '../core/cookie.ts'
import type { History } from '../core/history.ts'
import type { LoginThrottle } from '../core/login-throttle.ts'
import type { Session, SessionTable } from '../core/session-table.ts'
import { type AdminPassword, adminUser } from './admin-password.ts'
import { answerBytes, answerError, answerJson } from './answers.ts'
import { type DevControl, isDevVerb } from './dev-control.ts'
import type { RegionApi } from './region-api.ts'
import type { Call } from './web-server.ts'

export type CallPorts = Readonly<{
  api: RegionApi
  sessions: SessionTable
  throttle: LoginThrottle
  password: AdminPassword
  history: History
  /** Only of a region on one machine. */
  dev: DevControl | undefined
  /** Of the region, for the strip at the top. */
  environment: string
  secure: boolean
  clock: Clock
  logger: Logger
}>

const draw = () => randomBytes(32).toString('base64url')

/** Answers what pages ask of the console itself, and hands on what they ask of the region. */
export async function handleCall(ports: CallPorts, call: Call): Promise<void> {
  const { path, response } = call
  if (path.startsWith('/api/')) return forward(ports, call)
  switch (path) {
    case '/console/session':
      return answerJson(response, 200, sessionView(ports, call.session))
    case '/console/login':
      return login(ports, call)
    case '/console/logout':
      if (call.session) ports.sessions.end(call.session.id)
      return answerJson(response, 200, {}, { 'set-cookie': endedCookie(ports.secure) })
    case '/console/history':
      return answerBytes(call.request, response, 200, Buffer.from(JSON.stringify({ samples: ports.history.samples })))
    default:
      return devCall(ports, call)
  }
}

const sessionView = ({ dev, environment }: CallPorts, session: Session | undefined) =>
  session === undefined
    ? { loggedIn: false, environment }
    : { loggedIn: true, environment, user: session.user, csrf: session.csrf, dev: dev !== undefined }

async function forward({ api, logger }: CallPorts, { path, body, session, request, response }: Call): Promise<void> {
  const call = apiCallOf(path)
  if (call === undefined) {
    const message = 'the console hands on calls of tern.v1 only'
    return answerError(response, 404, { code: 'unimplemented', reason: 'UNKNOWN_CALL', message })
  }
  const requestId = draw().slice(0, 16)
  response.setHeader('x-request-id', requestId)
  const answer = await api.call(call, body, { 'x-request-id': requestId })
  if (!call.reads) logger.info('call', { call: call.name, user: session?.user, status: answer.status, requestId })
  answerBytes(request, response, answer.status, answer.body)
}

async function login(ports: CallPorts, { body, request, response }: Call): Promise<void> {
  const { throttle, clock, password, sessions, logger } = ports
  const address = request.socket.remoteAddress ?? ''
  const wait = Math.ceil(throttle.waitOf(address, clock.now()) / 1_000)
  if (wait > 0) return tooMany(response, wait)
  const given = credentialsIn(body)
  const right = given && (await password.verify(given.user, given.password))
  if (right === 'busy') return tooMany(response, 1)
  if (!right) {
    throttle.failed(address, clock.now())
    logger.warn('a login was refused', { address })
    const message = 'the name or the password is wrong; admin.txt in the data folder holds them'
    return answerError(response, 401, { code: 'unauthenticated', reason: 'WRONG_PASSWORD', message })
  }
  throttle.succeeded(address)
  const session = { id: draw(), user: adminUser, csrf: draw() }
  sessions.begin(session, clock.now())
  logger.info('login', { user: session.user, address })
  answerJson(response, 200, sessionView(ports, session), { 'set-cookie': sessionCookie(session.id, ports.secure) })
}

function tooMany(response: Call['response'], seconds: number): void {
  const message = `too many attempts; try again in ${seconds} s`
  const error = { code: 'resource_exhausted', reason: 'TOO_MANY_LOGINS', message }
  answerError(response, 429, error, { 'retry-after': String(seconds) })
}

function credentialsIn(body: Buffer): Readonly<{ user: string; password: string }> | undefined {
  if (body.length > 4_096) return undefined
  const value = objectIn(body)
  const { user, password } = value
  return typeof user === 'string' && typeof password === 'string' ? { user, password } : undefined
}

async function devCall({ dev, logger }: CallPorts, { path, body, session, response }: Call): Promise<void> {
  const verb = /^\/console\/zones\/(\w+)$/.exec(path)?.[1] ?? ''
  if (dev === undefined || !isDevVerb(verb)) {
    return answerError(response, 404, {
      code: 'unimplemented',
      reason: 'UNKNOWN_CALL',
      message: 'there is no such call',
    })
  }
  const { zone } = objectIn(body)
  logger.info('zone', { verb, zone, user: session?.user })
  try {
    await dev.call(verb, String(zone))
    answerJson(response, 200, {})
  } catch (error) {
    const message = `${String(zone)} could not be changed: ${(error as Error).message}`
    answerError(response, 502, { code: 'unavailable', reason: 'DEV_CONTROL', message })
  }
}

function objectIn(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
