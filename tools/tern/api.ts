import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { eventsOf } from './event-stream.ts'
import { exitCodeOf, Failure } from './failure.ts'

const answerWithinMs = 15_000

/** A message in protobuf's JSON form: 64-bit numbers and durations are text. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is the API's, checked by its tests.
export type Json = any

/** Calls of tern.v1 as JSON over HTTP: a start in some 50 ms, where loading gRPC takes longer than most answers. */
export type Api = Readonly<{
  url: string
  /** `method` as "ClientService/ListClients". Rejects with a Failure. */
  call(method: string, request: Json): Promise<Json>
  /** Responses of a server-streaming call. */
  stream(method: string, request: Json, signal: AbortSignal): AsyncIterable<Json>
}>

export function createApi(url: string, from: string): Api {
  return {
    url,
    async call(method, request) {
      const response = await send(url, from, method, request, 'application/json', AbortSignal.timeout(answerWithinMs))
      const text = await textOf(response)
      if (response.statusCode !== 200) throw refused(text, response.statusCode ?? 0, method)
      return parse(text, url, method)
    },
    async *stream(method, request, signal) {
      const response = await send(url, from, method, request, 'text/event-stream', signal)
      if (response.statusCode !== 200) throw refused(await textOf(response), response.statusCode ?? 0, method)
      for await (const { event, data } of eventsOf(response)) {
        if (event === 'error') throw refused(data, 0, method)
        if (event === 'end') return
        yield parse(data, url, method)
      }
    },
  }
}

function send(
  url: string,
  from: string,
  method: string,
  body: Json,
  accept: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const text = JSON.stringify(body)
  const headers = { 'content-type': 'application/json', accept, 'content-length': Buffer.byteLength(text) }
  const open = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const path = method.includes('.') ? method : `tern.v1.${method}`
    const request = open(`${url}/${path}`, { method: 'POST', headers, signal }, resolve)
    request.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(url, from, error)))
    request.end(text)
  })
}

function unreachable(url: string, from: string, error: NodeJS.ErrnoException): Error {
  if (error.name === 'AbortError') return error
  const why =
    error.name === 'TimeoutError' ? `no answer within ${answerWithinMs / 1_000} s` : (error.code ?? error.message)
  return new Failure(`cannot reach ${url} (${from}): ${why}`, {
    exitCode: 3,
    code: 'unavailable',
    hint: from === 'default' ? 'npm start   starts a region here' : 'tern doctor   says what is wrong',
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function parse(text: string, url: string, method: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure(`${url} answered ${method} with something that is no JSON: ${text.slice(0, 80)}`, {
      hint: 'is another program on this port? tern doctor   looks',
    })
  }
}

/** A Connect error: {code, message, details: [{type, debug}]}. */
function refused(text: string, status: number, method: string): Failure {
  let error: Json
  try {
    error = JSON.parse(text)
  } catch {
    return new Failure(`${method} was answered with HTTP ${status}: ${text.slice(0, 200)}`)
  }
  const code = String(error?.code ?? 'unknown')
  const info = (error?.details ?? []).map((detail: Json) => detail?.debug ?? {}).find((debug: Json) => debug.reason)
  return new Failure(String(error?.message ?? text), {
    exitCode: exitCodeOf(code),
    code,
    reason: info?.reason ?? '',
    hint: info?.metadata?.hint ?? '',
  })
}
