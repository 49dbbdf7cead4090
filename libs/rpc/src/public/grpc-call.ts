import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Clock } from '@tern/runtime'
import { ApiError, asApiError } from './api-error.ts'
import type { Budget } from './budget.ts'
import { cappedMs, checkMetadata, headerOf, requestIdOf, timeoutMs } from './call-headers.ts'
import { beginCall, type CallLife, callerGone, unlessAborted, untilAborted } from './call-life.ts'
import { GrpcAnswer } from './grpc-answer.ts'
import { onlyRequest, requestsOf } from './grpc-requests.ts'
import type { PublicLimits } from './limits.ts'
import type { ObserveCall, PublicMethod } from './service.ts'

/** What all calls of a server have in common. */
export type CallServer = Readonly<{
  methods: ReadonlyMap<string, PublicMethod>
  limits: PublicLimits
  budget: Budget
  draining: AbortSignal
  clock: Clock
  drawId: () => string
  /** Sent with every answer. */
  headers: Readonly<Record<string, string>>
  /** A handler threw what is no answer. */
  fault(error: unknown, path: string): void
  observe?: ObserveCall
}>

/** Serves one call that came over HTTP/2. */
export function serveCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, server: CallServer): void {
  stream.on('error', () => {})
  if (headers[':method'] !== 'POST' || !/^application\/grpc(\+proto)?(;.*)?$/.test(headers['content-type'] ?? '')) {
    stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405, 'content-type': 'text/plain' })
    stream.end('this port speaks gRPC over HTTP/2, and JSON over HTTP/1.1\n')
    stream.resume()
    return
  }
  void answerCall(stream, headers, server)
}

async function answerCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, server: CallServer): Promise<void> {
  const requestId = requestIdOf(headers, server.drawId)
  const answer = new GrpcAnswer(stream, { ...server.headers, 'x-request-id': requestId })
  const path = headers[':path'] as string
  let life: CallLife | undefined
  let ended: ReturnType<ObserveCall> | undefined
  let failed: ApiError | undefined
  try {
    const method = methodOf(server, path)
    checkMetadata(headers, server.limits)
    const grantedMs = grantedFor(headers, method, server.limits)
    const begun = beginCall({ ...server, headers, peer: peerOf(stream), grantedMs, requestId })
    life = begun
    ended = server.observe?.(path, begun.context)
    stream.on('close', () => begun.cancel(callerGone()))
    await runCall(stream, headers, { method, answer, life, server })
    answer.finish()
  } catch (thrown) {
    const signal = life?.context.signal
    const error = asApiError(signal?.aborted ? signal.reason : thrown)
    if (error.code === 'INTERNAL') server.fault(error.cause ?? error, path)
    failed = error
    answer.fail(error)
  } finally {
    life?.over()
    ended?.(failed)
  }
}

type Running = Readonly<{ method: PublicMethod; answer: GrpcAnswer; life: CallLife; server: CallServer }>

async function runCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { method, answer, life, server }: Running,
): Promise<void> {
  const { context } = life
  const { signal } = context
  signal.throwIfAborted()
  const { limits, budget } = server
  const encoding = headerOf(headers, 'grpc-encoding')
  const requests = requestsOf(stream, method, { encoding, bytesMax: limits.messageBytesMax, budget })
  const handle = method.handle as NonNullable<PublicMethod['handle']>
  const request = method.requestStream ? requests : await wholeRequest(requests, life, server)
  const result = handle(request, context)
  if (!method.responseStream) {
    await answer.send(method.encode(await unlessAborted(result, signal)), signal)
    return
  }
  answer.begin()
  for await (const response of untilAborted(result as AsyncIterable<unknown>, signal)) {
    const full = answer.send(method.encode(response), signal)
    if (full !== undefined) await full
  }
}

async function wholeRequest(requests: AsyncGenerator<unknown>, life: CallLife, server: CallServer): Promise<unknown> {
  const late = () =>
    life.cancel(new ApiError('INVALID_ARGUMENT', 'REQUEST_INCOMPLETE', 'the request did not end in time'))
  const timer = server.clock.after(server.limits.unaryRequestMs, late)
  try {
    return await unlessAborted(onlyRequest(requests), life.context.signal)
  } finally {
    timer.cancel()
  }
}

function methodOf(server: CallServer, path: string): PublicMethod {
  const method = server.methods.get(path)
  if (method?.handle !== undefined) return method
  const reason = method === undefined ? 'METHOD_UNKNOWN' : 'METHOD_NOT_SERVED'
  throw new ApiError('UNIMPLEMENTED', reason, `there is no method ${path.slice(0, 200)} here`)
}

function grantedFor(headers: IncomingHttpHeaders, method: PublicMethod, limits: PublicLimits): number | undefined {
  const asked = timeoutMs(headerOf(headers, 'grpc-timeout'))
  if (!method.requestStream && !method.responseStream) return cappedMs(asked, limits.unaryDeadlineMsMax)
  return asked === undefined ? undefined : cappedMs(asked, limits.streamDeadlineMsMax)
}

function peerOf({ session }: ServerHttp2Stream): string {
  const socket = session?.socket
  return `${socket?.remoteAddress ?? ''}:${socket?.remotePort ?? 0}`
}
