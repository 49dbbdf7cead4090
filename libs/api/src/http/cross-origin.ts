import type { IncomingMessage, ServerResponse } from 'node:http'

/** Lets pages of the sites that are named call from a browser. True: it was a question for that alone, and is answered. */
export function crossOrigin(origins: readonly string[], request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers
  if (origin === undefined || !origins.includes(origin)) return false
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('vary', 'origin')
  response.setHeader('access-control-expose-headers', 'x-request-id, tern-zone, tern-node, tern-version')
  if (request.method !== 'OPTIONS') return false
  response.setHeader('access-control-allow-methods', 'GET, POST')
  response.setHeader('access-control-allow-headers', allowedHeaders)
  response.setHeader('access-control-max-age', '7200')
  response.writeHead(204).end()
  return true
}

const allowedHeaders = [
  ...['content-type', 'connect-protocol-version', 'connect-timeout-ms', 'idempotency-key', 'last-event-id'],
  ...['authorization', 'traceparent', 'x-request-id'],
].join(', ')
