import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addressOf } from '@tern/runtime'
import type { Metrics } from '../metrics.ts'
import { contentTypes, prometheusText, type TextFormat } from '../prometheus-text.ts'

export type EndpointOptions = Readonly<{
  metrics: readonly Metrics[]
  /** Each part of the process that may not be ready yet, by name. */
  ready: Readonly<Record<string, () => boolean>>
  /** Labels that every number gets. */
  labels: Readonly<Record<string, string>>
  /** What the process is, as OpenTelemetry names it: service.name and so on. */
  target: Readonly<Record<string, string>>
}>

export type Endpoint = Readonly<{ address: string; close(): void }>

/** Who scrapes is one or two; whoever opens more gets no answer. */
const connectionsMax = 64
const requestWithinMs = 5_000
const headersBytesMax = 8 * 1024

/** GET /metrics for Prometheus, /health: the process runs, /ready: it serves. */
export async function serveEndpoint(address: string, options: EndpointOptions): Promise<Endpoint> {
  const { host, port } = addressOf(address)
  const server = createServer(
    { maxHeaderSize: headersBytesMax, requestTimeout: requestWithinMs, headersTimeout: requestWithinMs },
    (request, response) => answer(request, response, options),
  )
  server.maxConnections = connectionsMax
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`cannot serve metrics on ${address}: ${error.message}`)))
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
  '/metrics'(request, response, { metrics, labels, target }) {
    const format: TextFormat = request.headers.accept?.includes('application/openmetrics-text')
      ? 'openmetrics'
      : 'prometheus'
    const families = metrics.flatMap((each) => each.collect())
    send(response, 200, contentTypes[format], prometheusText(families, format, labels, target))
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
