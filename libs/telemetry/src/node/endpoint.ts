import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addressOf, systemClock } from '@tern/runtime'
import { type Identity, identityAttributes } from '../identity.ts'
import type { Metrics } from '../metrics.ts'
import { contentTypes, prometheusText, type TextFormat } from '../prometheus-text.ts'
import type { Exporting } from './open-telemetry.ts'
import { processMetrics } from './process-metrics.ts'

export type EndpointOptions = Readonly<{
  metrics: readonly Metrics[]
  /** Each part of the process that may not be ready yet, by name. */
  ready: Readonly<Record<string, () => boolean>>
  identity: Identity
  /** What is told at the addresses leaves for a collector, too, where one is named. */
  exporting?: Exporting
}>

export type Endpoint = Readonly<{ address: string; close(): void }>

/** Who scrapes is one or two; whoever opens more gets no answer. */
const connectionsMax = 64
const requestWithinMs = 5_000
const headersBytesMax = 8 * 1024

/** The same at each of the addresses; what the process itself takes is told with what it counts. */
export function serveEndpoints(addresses: readonly string[], options: EndpointOptions): Promise<readonly Endpoint[]> {
  const { identity, exporting } = options
  if (addresses.length === 0 && exporting === undefined) return Promise.resolve([])
  const metrics = [...options.metrics, processMetrics(systemClock), ...(exporting?.metrics ?? [])]
  exporting?.send(identity, metrics)
  return Promise.all(addresses.map((address) => serveEndpoint(address, { ...options, metrics })))
}

/** For a main.ts. */
export function serveEndpointsOrExit(addresses: readonly string[], options: EndpointOptions): Promise<unknown> {
  return serveEndpoints(addresses, options).catch((error: Error) => {
    process.stderr.write(`${error.message}.\n`)
    process.exit(1)
  })
}

/** GET /metrics for Prometheus, /health: the process runs, /ready: it serves. */
async function serveEndpoint(address: string, options: EndpointOptions): Promise<Endpoint> {
  const { host, port } = addressOf(address)
  const server = createServer(
    { maxHeaderSize: headersBytesMax, requestTimeout: requestWithinMs, headersTimeout: requestWithinMs },
    (request, response) => answer(request, response, options),
  )
  server.maxConnections = connectionsMax
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message, code }: NodeJS.ErrnoException) => {
      const why = code === 'EADDRINUSE' ? 'another process listens there; stop that one, or give' : `${message}; give`
      reject(new Error(`cannot serve metrics on ${address}: ${why} another address with --metrics`))
    })
    server.listen({ host, port }, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    address: `${address.slice(0, address.lastIndexOf(':'))}:${bound}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function answer(request: IncomingMessage, response: ServerResponse, options: EndpointOptions): void {
  // Nothing here has a body to read: who sends one all the same is not listened to.
  response.shouldKeepAlive &&= request.headers['content-length'] === undefined && !request.headers['transfer-encoding']
  const path = (request.url ?? '').replace(/\?.*$/s, '')
  const page = pages[path]
  if (page === undefined)
    send(response, 404, 'text/plain', `There is no ${Object.keys(pages).join(', ')} here by that name.\n`)
  else if (request.method !== 'GET' && request.method !== 'HEAD')
    send(response.setHeader('allow', 'GET, HEAD'), 405, 'text/plain', 'Ask with GET.\n')
  else page(request, response, options)
}

type Page = (request: IncomingMessage, response: ServerResponse, options: EndpointOptions) => void

const pages: Readonly<Record<string, Page>> = {
  '/metrics'(request, response, { metrics, identity }) {
    const format: TextFormat = request.headers.accept?.includes('application/openmetrics-text')
      ? 'openmetrics'
      : 'prometheus'
    const families = metrics.flatMap((each) => each.collect())
    const labels: Record<string, string> = identity.zone === '' ? {} : { zone: identity.zone }
    const text = prometheusText(families, format, labels, identityAttributes(identity))
    send(response, 200, contentTypes[format], text)
  },
  '/health'(_, response) {
    send(response, 200, 'application/json', '{"status":"ok"}\n')
  },
  '/ready'(_, response, { ready }) {
    const parts = Object.fromEntries(Object.entries(ready).map(([name, isReady]) => [name, isReady()]))
    const all = Object.values(parts).every((each) => each)
    send(response, all ? 200 : 503, 'application/json', `${JSON.stringify({ ready: all, parts })}\n`)
  },
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  response.end(text)
}
