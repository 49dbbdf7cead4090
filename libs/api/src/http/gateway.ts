import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { DescMethod } from '@bufbuild/protobuf'
import {
  type ApiError,
  asApiError,
  Budget,
  beginCall,
  type CallContext,
  type CallLife,
  callerGone,
  cappedMs,
  checkMetadata,
  decodeRequest,
  headerOf,
  type ObserveCall,
  type PublicMethod,
  publicLimits,
  requestIdOf,
  unlessAborted,
  untilAborted,
} from '@tern/rpc'
import type { Clock } from '@tern/runtime'
import { apiError } from '../api-error.ts'
import type { Contracts } from '../contracts.ts'
import { connectTimeoutMs, type Format, readConnectRequest } from './connect-request.ts'
import { crossOrigin } from './cross-origin.ts'
import { errorJson, httpStatusOf } from './error-json.ts'
import { sendEvents, soonBegun } from './event-stream.ts'
import { type HttpRequest, type HttpResponse, type Routes, readBody, type ServerEvent } from './exchange.ts'
import { jsonOfBytes } from './json-codec.ts'
import { httpLimits } from './limits.ts'

export type GatewayOptions = Readonly<{
  contracts: Contracts
  methods: readonly PublicMethod[]
  /** Asked first, for every path. */
  routes: Routes
  /** Sites whose pages may call from a browser; none when empty. */
  origins: readonly string[]
  /** Sent with every answer. */
  headers: Readonly<Record<string, string>>
  clock: Clock
  drawId: () => string
  draining: AbortSignal
  fault(error: unknown, path: string): void
  observe?: ObserveCall
}>

/** Serves the calls of gRPC services as JSON over HTTP/1.1, in the manner of Connect: nothing is written by hand for a call. */
export function createGateway(options: GatewayOptions): RequestListener {
  const calls = new Map<string, Call>()
  for (const method of options.methods) {
    const descriptor = options.contracts.methods.get(method.path)
    if (descriptor !== undefined) calls.set(method.path, { method, descriptor })
  }
  const gateway: Gateway = { ...options, calls, budget: new Budget(httpLimits.bodiesBytesMax), streams: { open: 0 } }
  return (request, response) => void serve(gateway, request, response)
}

type Call = Readonly<{ method: PublicMethod; descriptor: DescMethod }>
type Gateway = GatewayOptions &
  Readonly<{ calls: ReadonlyMap<string, Call>; budget: Budget; streams: { open: number } }>

async function serve(gateway: Gateway, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = requestIdOf(request.headers, gateway.drawId)
  for (const [name, value] of Object.entries({ ...gateway.headers, 'x-request-id': requestId })) {
    response.setHeader(name, value)
  }
  response.on('error', () => {})
  const url = request.url ?? '/'
  let life: CallLife | undefined
  let ended: ReturnType<ObserveCall> | undefined
  let failed: ApiError | undefined
  try {
    if (crossOrigin(gateway.origins, request, response)) return
    checkMetadata(request.headers, publicLimits)
    const target = targetOf(url)
    const call = gateway.calls.get(target.path)
    const { headers } = request
    const peer = `${request.socket.remoteAddress}:${request.socket.remotePort}`
    const begun = beginCall({ ...gateway, headers, peer, requestId, grantedMs: grantedFor(headers, call) })
    life = begun
    if (call?.method.handle !== undefined) ended = gateway.observe?.(target.path, begun.context)
    response.on('close', () => begun.cancel(callerGone()))
    const exchange: HttpRequest = {
      ...target,
      method: request.method ?? 'GET',
      header: (name) => headerOf(headers, name),
      context: life.context,
      body: () => readBody(request, gateway.budget),
    }
    await answer(gateway, exchange, call, response)
  } catch (thrown) {
    const signal = life?.context.signal
    failed = asApiError(signal?.aborted ? signal.reason : thrown)
    fail(gateway, response, failed, url)
  } finally {
    life?.over()
    ended?.(failed)
    // What was not read of the request would stand before the next one.
    if (!request.complete) request.resume()
  }
}

/** A path that is made by hand may be a stream: it ends when its caller says so. */
function grantedFor(headers: IncomingMessage['headers'], call: Call | undefined): number | undefined {
  const asked = connectTimeoutMs(headerOf(headers, 'connect-timeout-ms'))
  const { unaryDeadlineMsMax, streamDeadlineMsMax } = publicLimits
  if (call !== undefined && !call.method.responseStream) return cappedMs(asked, unaryDeadlineMsMax)
  return asked === undefined ? undefined : cappedMs(asked, streamDeadlineMsMax)
}

function targetOf(url: string): { path: string; query: URLSearchParams } {
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  if (url.length > httpLimits.targetCharactersMax || !path.startsWith('/')) throw pathUnknown(path)
  return { path, query: new URLSearchParams(end < 0 ? '' : url.slice(end)) }
}

const pathUnknown = (path: string) =>
  apiError(
    'NOT_FOUND',
    'PATH_UNKNOWN',
    `there is nothing at ${JSON.stringify(path.slice(0, 200))}; /openapi.json says what there is`,
  )

async function answer(
  gateway: Gateway,
  request: HttpRequest,
  call: Call | undefined,
  response: ServerResponse,
): Promise<void> {
  const { signal } = request.context
  signal.throwIfAborted()
  if (call === undefined) {
    const routed = gateway.routes(request)
    if (routed === undefined) throw pathUnknown(request.path)
    return send(gateway, response, await unlessAborted(routed, signal), request)
  }
  const { method, descriptor } = call
  if (method.handle === undefined) {
    throw apiError('UNIMPLEMENTED', 'METHOD_NOT_SERVED', `${method.path} is not served here`)
  }
  if (method.requestStream) {
    throw apiError('UNIMPLEMENTED', 'STREAM_OVER_HTTP', `${method.path} streams requests; call it by gRPC`)
  }
  const { bytes, format } = await unlessAborted(readConnectRequest(request, descriptor, gateway.contracts), signal)
  const result = method.handle(decodeRequest(method, bytes), request.context)
  if (method.responseStream) {
    const events = eventsOf(gateway, call, result as AsyncIterable<unknown>)
    return send(gateway, response, { status: 200, body: events }, request)
  }
  const encoded = method.encode(await unlessAborted(result, signal))
  return send(gateway, response, unaryResponse(gateway, descriptor, encoded, format), request)
}

function unaryResponse({ contracts }: Gateway, { output }: DescMethod, encoded: Buffer, format: Format): HttpResponse {
  const body = format === 'proto' ? encoded : jsonOfBytes(output, encoded, contracts)
  return { status: 200, headers: { 'content-type': `application/${format}` }, body }
}

/** Each response as an event. */
async function* eventsOf(
  { contracts }: Gateway,
  { method, descriptor }: Call,
  responses: AsyncIterable<unknown>,
): AsyncGenerator<ServerEvent> {
  const after = descriptor.input.fields.some(({ name }) => name === 'after_id')
  for await (const response of responses) {
    const data = jsonOfBytes(descriptor.output, method.encode(response), contracts)
    const id = eventId(response as Readonly<Record<string, unknown>>, after)
    yield id ? { id, data } : { data }
  }
}

/** By which a reader goes on (last-event-id): the cursor of a response, or the id of the last of what it lists. */
function eventId(response: Readonly<Record<string, unknown>>, after: boolean): string | undefined {
  if (typeof response['cursor'] === 'string') return response['cursor']
  const [list] = after ? Object.values(response).filter(Array.isArray) : []
  const id = list?.at(-1)?.id
  return typeof id === 'string' ? id : undefined
}

async function send(
  gateway: Gateway,
  response: ServerResponse,
  { status, headers = {}, body = '' }: HttpResponse,
  { context, method }: HttpRequest,
): Promise<void> {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const length = Buffer.byteLength(body)
    response.writeHead(status, { 'content-length': length, 'x-content-type-options': 'nosniff', ...headers })
    response.end(method === 'HEAD' ? undefined : body)
    return
  }
  await stream(gateway, response, body, { status, headers, context })
}

async function stream(
  gateway: Gateway,
  response: ServerResponse,
  events: AsyncIterable<ServerEvent>,
  {
    status,
    headers,
    context,
  }: Readonly<{ status: number; headers: Readonly<Record<string, string>>; context: CallContext }>,
): Promise<void> {
  const { streams, contracts, clock } = gateway
  if (streams.open >= httpLimits.eventStreamsMax) {
    throw apiError(
      'RESOURCE_EXHAUSTED',
      'TOO_MANY_WATCHERS',
      `${streams.open} streams of events are open; poll, or use gRPC`,
    )
  }
  streams.open += 1
  try {
    const { signal } = context
    // A call that is refused at once is an error of HTTP, too.
    const begun = await soonBegun(untilAborted(events, signal), clock)
    const type = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
    const failed = (thrown: unknown) => {
      const error = asApiError(signal.aborted ? signal.reason : thrown)
      return { event: 'error', data: errorJson(error, contracts) }
    }
    response.writeHead(status, { ...type, ...headers })
    await sendEvents(response, begun, { clock, failed })
  } finally {
    streams.open -= 1
  }
}

function fail(gateway: Gateway, response: ServerResponse, error: ApiError, url: string): void {
  if (error.code === 'INTERNAL') gateway.fault(error.cause ?? error, url.slice(0, 200))
  if (response.writableEnded) return
  if (response.destroyed || response.headersSent) return void response.destroy()
  const body = errorJson(error, gateway.contracts)
  const { allow } = error.metadata
  if (error.reason === 'HTTP_METHOD_WRONG' && allow !== undefined) response.setHeader('allow', allow)
  if (error.retryAfterMs !== undefined) response.setHeader('retry-after', Math.ceil(error.retryAfterMs / 1_000))
  const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  response.writeHead(httpStatusOf(error), head)
  response.end(body)
}
