import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { sessionIdIn } from '../core/cookie.ts'
import { type Guarded, type Refusal, wrongKind, wrongOrigin, wrongToken } from '../core/request-guard.ts'
import { securityHeaders } from '../core/security-headers.ts'
import type { Session } from '../core/session-table.ts'
import { type Site, siteName } from '../core/site.ts'
import { answerError, answerFile, bodyOf } from './answers.ts'

/** A call of the console itself or, under /api/, of the region. The guard has let it pass. */
export type Call = Readonly<{
  path: string
  body: Buffer
  /** Undefined only for calls that need none. */
  session: Session | undefined
  request: IncomingMessage
  response: ServerResponse
}>

export type WebServerOptions = Readonly<{
  site: Site
  publicOrigin: string
  /** Where browsers reach MQTT. */
  webSockets(): readonly string[]
  session(id: string | undefined): Session | undefined
  handle(call: Call): Promise<void>
  /** A tab's WebSocket, of a session that is logged in. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, sessionId: string): void
}>

const isCall = (path: string) => path.startsWith('/api/') || path.startsWith('/console/')
/** Without a session: the login itself, and the question whether there is one. */
const open = new Set(['/console/login', '/console/session'])

export function createWebServer(options: WebServerOptions): Server {
  const secure = options.publicOrigin.startsWith('https:')
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, maxHeaderSize: 16 * 1024 })
  server.maxConnections = 2_000
  server.on('request', (request, response) => {
    for (const [name, value] of Object.entries(securityHeaders(options.webSockets(), secure))) {
      response.setHeader(name, value)
    }
    const path = (request.url ?? '').split('?')[0] ?? ''
    if (isCall(path)) void serveCall(options, path, request, response)
    else servePage(options.site, path, request, response)
  })
  server.on('upgrade', (request, socket, head) => {
    const id = sessionIdIn(request.headers.cookie)
    const refused = request.url !== '/console/live' || wrongOrigin(guarded(request), options.publicOrigin) !== undefined
    if (refused) return endWith(socket, '403 Forbidden')
    if (id === undefined || options.session(id) === undefined) return endWith(socket, '401 Unauthorized')
    options.upgrade(request, socket, head, id)
  })
  return server
}

const endWith = (socket: Duplex, status: string): void =>
  void socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`)

function servePage(site: Site, path: string, request: IncomingMessage, response: ServerResponse): void {
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const file = reads ? site.get(siteName(site, path) ?? '') : undefined
  if (file !== undefined) {
    answerFile(request, response, file)
    return
  }
  response.writeHead(reads ? 404 : 405, { 'content-type': 'text/plain' })
  response.end(reads ? 'there is no such page\n' : 'pages are read by GET\n')
}

async function serveCall(
  options: WebServerOptions,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = ({ status, ...error }: Omit<Refusal, 'status'> & { status: number }): void => {
    request.resume()
    answerError(response, status, error)
  }
  try {
    const session = options.session(sessionIdIn(request.headers.cookie))
    const refusal = refusalOf(options, path, guarded(request), session)
    if (refusal !== undefined) return refuse(refusal)
    const body = await bodyOf(request)
    if (body === undefined) {
      return refuse({
        status: 413,
        code: 'resource_exhausted',
        reason: 'REQUEST_TOO_LARGE',
        message: 'it is over 6 MiB',
      })
    }
    await options.handle({ path, body, session, request, response })
  } catch (error) {
    if (response.headersSent) response.destroy()
    else answerError(response, 500, { code: 'internal', reason: 'CONSOLE', message: (error as Error).message })
  }
}

function refusalOf({ publicOrigin }: WebServerOptions, path: string, asked: Guarded, session: Session | undefined) {
  const refusal = wrongKind(asked) ?? wrongOrigin(asked, publicOrigin)
  return refusal ?? (open.has(path) ? undefined : wrongToken(asked, session?.csrf))
}

const guarded = ({ method = '', headers }: IncomingMessage): Guarded => ({
  method,
  origin: headers.origin,
  host: headers.host,
  contentType: headers['content-type'],
  csrf: typeof headers['x-tern-csrf'] === 'string' ? headers['x-tern-csrf'] : undefined,
})
