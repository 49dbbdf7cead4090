import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { otlpCollector, rpcStatus } from '@tern/proto'
import { addressOf } from '@tern/runtime'
import { readJson } from '../../core/otlp/json.ts'
import { otlpLimits } from '../../core/otlp/limits.ts'
import { httpStatusOf, responseOf, statusOf } from './answer.ts'
import { BodyProblem, BytesBudget, readBody } from './body.ts'
import { readProtobuf } from './decode.ts'
import { type Outcome, type ReceivingPorts, receive } from './receive.ts'

type Encoding = 'protobuf' | 'json'

export type OtlpServer = Readonly<{ address: string; stop(): void }>

/** OTLP over HTTP at host:port (port 0: a free one). Rejects with the system's reason when it cannot bind. */
export function startOtlpHttp(address: string, ports: ReceivingPorts): Promise<OtlpServer> {
  const budget = new BytesBudget()
  const server = createServer(
    { requestTimeout: otlpLimits.requestMsMax, headersTimeout: 10_000 },
    (request, response) => {
      // A sender that goes away needs no answer.
      handle(request, response, ports, budget).catch(() => response.destroy())
    },
  )
  server.maxConnections = otlpLimits.connectionsMax
  const { host, port } = addressOf(address)
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`cannot serve OTLP over HTTP on ${address}: ${error.message}`)))
    server.listen(port, host, () => {
      const bound = server.address() as AddressInfo
      const stop = () => {
        server.close()
        server.closeAllConnections()
      }
      resolve({ address: address.replace(/\d+$/, `${bound.port}`), stop })
    })
  })
}

async function handle(request: IncomingMessage, response: ServerResponse, ports: ReceivingPorts, budget: BytesBudget) {
  const path = (request.url ?? '').split('?')[0]
  if (path !== '/v1/traces')
    return plain(response, 404, `there is no ${path?.slice(0, 200)}; send traces to /v1/traces`)
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST')
    return plain(response, 405, `${request.method} is not answered here; use POST`)
  }
  const encoding = encodingOf(request)
  const outcome = await outcomeOf(request, encoding, ports, budget)
  // What was not read of a refused body is not waited for.
  if (outcome.kind !== 'taken' && !request.complete) response.setHeader('Connection', 'close')
  if (outcome.kind === 'taken') return send(response, 200, encoding ?? 'json', taken(outcome, encoding ?? 'json'))
  if ('retryAfterSeconds' in outcome) response.setHeader('Retry-After', `${outcome.retryAfterSeconds}`)
  return send(response, httpStatusOf(outcome), encoding ?? 'json', refused(outcome, encoding ?? 'json'))
}

function encodingOf({ headers }: IncomingMessage): Encoding | undefined {
  const type = `${headers['content-type'] ?? ''}`.split(';')[0]?.trim().toLowerCase()
  if (type === 'application/x-protobuf') return 'protobuf'
  return type === 'application/json' ? 'json' : undefined
}

async function outcomeOf(
  request: IncomingMessage,
  encoding: Encoding | undefined,
  ports: ReceivingPorts,
  budget: BytesBudget,
): Promise<Outcome> {
  if (encoding === undefined) {
    const given = `${request.headers['content-type'] ?? 'not given'}`.slice(0, 60)
    return { kind: 'unknown', why: `Content-Type is ${given}; send application/x-protobuf or application/json` }
  }
  try {
    const { body, release } = await readBody(request, budget)
    try {
      return await receive(ports, () => (encoding === 'json' ? readJson(body.toString()) : readProtobuf(body)))
    } finally {
      release()
    }
  } catch (error) {
    if (error instanceof BodyProblem) return error.refusal
    throw error
  }
}

function taken(outcome: Extract<Outcome, { kind: 'taken' }>, encoding: Encoding): Uint8Array | string {
  const response = responseOf(outcome)
  if (encoding === 'protobuf') return otlpCollector.ExportTraceServiceResponse.encode(response).finish()
  const { partialSuccess } = response
  if (partialSuccess === undefined) return '{}'
  const { rejectedSpans, errorMessage } = partialSuccess
  return JSON.stringify({ partialSuccess: { rejectedSpans: `${rejectedSpans}`, errorMessage } })
}

function refused(outcome: Exclude<Outcome, { kind: 'taken' }>, encoding: Encoding): Uint8Array | string {
  const status = statusOf(outcome)
  if (encoding === 'protobuf') return rpcStatus.Status.encode(status).finish()
  const details = 'retryAfterSeconds' in outcome ? [retryInfo(outcome.retryAfterSeconds)] : []
  return JSON.stringify({ code: status.code, message: status.message, details })
}

const retryInfo = (seconds: number) => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay: `${seconds}s`,
})

function send(response: ServerResponse, status: number, encoding: Encoding, body: Uint8Array | string): void {
  response.writeHead(status, { 'Content-Type': encoding === 'json' ? 'application/json' : 'application/x-protobuf' })
  response.end(body)
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
  response.end(text)
}
