import { randomUUID } from 'node:crypto'
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { addressOf, type Clock, systemClock } from '@tern/runtime'
import { Budget } from './budget.ts'
import { sniffProtocol } from './first-bytes.ts'
import type { CallServer } from './grpc-call.ts'
import { unreadable } from './http-unreadable.ts'
import { http2Sessions } from './http2-sessions.ts'
import { type PublicLimits, publicLimits } from './limits.ts'
import type { ObserveCall, PublicService } from './service.ts'

export type Upgrade = (request: Parameters<RequestListener>[0], socket: Duplex, head: Buffer) => void

export type PublicServerOptions = Readonly<{
  services: readonly PublicService[]
  /** What comes by HTTP/1.1. */
  http: RequestListener
  /** A WebSocket; refused when left out. */
  upgrade?: Upgrade
  /** Together with other processes (SO_REUSEPORT). */
  reusePort?: boolean
  /** Sent with every answer of gRPC. */
  headers?: Readonly<Record<string, string>>
  limits?: Partial<PublicLimits>
  clock?: Clock
  /** A handler threw what is no answer: for the log. */
  fault?: (error: unknown, path: string) => void
  observe?: ObserveCall
}>

export type PublicServer = Readonly<{
  /** host:port actually bound. */
  address: string
  /** Takes no more connections and tells clients to go; resolves when all have, or after the grace. Then `stop`. */
  drain(graceMs: number): Promise<void>
  /** Ends every call at once. */
  stop(): void
}>

/** Serves gRPC and HTTP/1.1 on one port (port 0: a free one). Rejects with the system's reason when it cannot bind. */
export async function startPublicServer(address: string, options: PublicServerOptions): Promise<PublicServer> {
  const { services, clock = systemClock, headers = {}, fault = () => {}, observe } = options
  const limits = { ...publicLimits, ...options.limits }
  const draining = new AbortController()
  const methods = new Map(
    services.flatMap((service) => service.methods.map((method) => [method.path, method] as const)),
  )
  const calls: CallServer = {
    ...{ methods, limits, clock, headers, fault, draining: draining.signal, drawId: randomUUID },
    budget: new Budget(limits.partialBytesMax),
    ...(observe && { observe }),
  }
  const sessions = http2Sessions(calls)
  const http = httpServer(options, limits)
  const sockets = new Set<Socket>()
  const listener = createServer({ noDelay: true }, (socket) => {
    if (sockets.size >= limits.connectionsMax) return void socket.destroy()
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    sniffProtocol(socket, { clock, firstBytesMs: limits.firstBytesMs }, (protocol) => {
      if (protocol === 'http2') sessions.accept(socket)
      else http.emit('connection', socket)
    })
  })
  const bound = await listen(listener, address, options.reusePort ?? false)
  const close = () => {
    listener.close()
    draining.abort()
  }
  return {
    address: bound,
    async drain(graceMs) {
      close()
      http.closeIdleConnections()
      await sessions.drain(graceMs)
    },
    stop() {
      close()
      sessions.destroy()
      http.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function httpServer({ http, upgrade }: PublicServerOptions, limits: PublicLimits): HttpServer {
  const { metadataBytesMax, headersMs, bodyMs } = limits
  const server = createHttpServer(
    {
      maxHeaderSize: 2 * metadataBytesMax,
      headersTimeout: headersMs,
      requestTimeout: headersMs + bodyMs,
      connectionsCheckingInterval: Math.min(headersMs, 5_000),
    },
    http,
  )
  server.maxHeadersCount = limits.metadataCountMax
  if (upgrade !== undefined) server.on('upgrade', upgrade)
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    if (socket.writable) socket.end(unreadable(code))
    else socket.destroy()
  })
  // Node looks after slow requests once the server listens, which for this one another does.
  server.emit('listening')
  return server
}

async function listen(server: Server, address: string, reusePort: boolean): Promise<string> {
  try {
    return await bind(server, address, reusePort)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Systems without SO_REUSEPORT: the first process has the port to itself.
    if (reusePort && (code === 'ENOTSUP' || code === 'EINVAL')) return bind(server, address, false)
    const reason = code === 'EADDRINUSE' ? 'the port is taken' : (error as Error).message
    throw new Error(`cannot listen on ${address}: ${reason}`)
  }
}

function bind(server: Server, address: string, reusePort: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...addressOf(address), reusePort, backlog: 4_096 }, () => {
      server.off('error', reject)
      server.on('error', () => {})
      const { port } = server.address() as AddressInfo
      resolve(address.replace(/\d+$/, `${port}`))
    })
  })
}
