import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Clock } from '@tern/runtime'
import type { ApiCall } from '../core/api-call.ts'
import type { ProxyList } from '../core/proxy-list.ts'
import { eventsOf } from './event-stream.ts'

/** A proxy that stands still takes connections and says nothing: then the next one is asked. */
const firstByteWithinMs = 4_000
const answerWithinMs = 15_000
const answerBytesMax = 16 * 1024 * 1024
const callsMax = 128

export type Answer = Readonly<{ status: number; body: Buffer }>

/** An error in the JSON form of Connect. */
export type ApiFailure = Readonly<{ code: string; message: string; details?: readonly unknown[] }>

/** The public API of the region, at whichever proxy answers. */
export type RegionApi = Readonly<{
  call(call: ApiCall, body: Buffer, headers: Readonly<Record<string, string>>): Promise<Answer>
  /** Responses of a server-streaming call, as JSON text. Throws a StreamFailure. */
  stream(rpc: string, request: object, signal: AbortSignal): AsyncIterable<string>
  close(): void
}>

export class StreamFailure extends Error {
  readonly failure: ApiFailure
  constructor(failure: ApiFailure) {
    super(failure.message)
    this.failure = failure
  }
}

export function createRegionApi(proxies: ProxyList, clock: Clock): RegionApi {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  let calls = 0

  async function callOnce(address: string, call: ApiCall, body: Buffer, headers: Readonly<Record<string, string>>) {
    const signal = AbortSignal.timeout(answerWithinMs)
    const response = await open(address, call.name, body, { ...headers, accept: 'application/json' }, signal, agent)
    return { status: response.statusCode ?? 502, body: await wholeBody(response) }
  }

  return {
    async call(call, body, headers) {
      if (calls >= callsMax) return failed('resource_exhausted', `${callsMax} calls are under way; try again`, 429)
      calls++
      try {
        const asked: string[] = []
        let unavailable: Answer | undefined
        for (const address of proxies.inOrder(clock.now())) {
          asked.push(address)
          try {
            const answer = await callOnce(address, call, body, headers)
            proxies.answered(address)
            if (answer.status !== 503 || !call.reads) return answer
            unavailable = answer
          } catch (error) {
            proxies.failed(address, clock.now())
            // It may have been done: whoever asked has to look, and to decide.
            if (!call.reads && !wasRefused(error)) {
              const message = `${address} gave no answer, so nobody knows whether it was done: ${(error as Error).message}`
              return failed('unknown', message, 502)
            }
          }
        }
        return (
          unavailable ??
          failed('unavailable', `no proxy of the region answers (asked ${asked.join(', ') || 'none'})`, 503)
        )
      } finally {
        calls--
      }
    },
    async *stream(rpc, request, signal) {
      const { response, address } = await openStream(proxies, clock, rpc, request, signal)
      if (response.statusCode !== 200)
        throw new StreamFailure(failureIn(await wholeBody(response), response.statusCode))
      try {
        for await (const { event, data } of eventsOf(response)) {
          if (event === 'end') return
          if (event === 'error') throw new StreamFailure(failureIn(Buffer.from(data), 0))
          yield data
        }
      } catch (error) {
        if (error instanceof StreamFailure || signal.aborted) throw error
        proxies.failed(address, clock.now())
      } finally {
        response.destroy()
      }
      throw new StreamFailure({ code: 'unavailable', message: `the stream from ${address} broke off` })
    },
    close: () => agent.destroy(),
  }
}

async function openStream(proxies: ProxyList, clock: Clock, rpc: string, request: object, signal: AbortSignal) {
  const body = Buffer.from(JSON.stringify(request))
  for (const address of proxies.inOrder(clock.now())) {
    try {
      const response = await open(address, rpc, body, { accept: 'text/event-stream' }, signal)
      proxies.answered(address)
      return { response, address }
    } catch (error) {
      if (signal.aborted) throw error
      proxies.failed(address, clock.now())
    }
  }
  throw new StreamFailure({ code: 'unavailable', message: 'no proxy of the region answers' })
}

function open(
  address: string,
  name: string,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  agent?: Agent,
): Promise<IncomingMessage> {
  const sent = { ...headers, 'content-type': 'application/json', 'content-length': body.length }
  const options = { method: 'POST', headers: sent, signal, agent: agent ?? false }
  return new Promise((resolve, reject) => {
    const request = httpRequest(`http://${address}/${name}`, options, (response) => {
      request.setTimeout(0)
      resolve(response)
    })
    request.setTimeout(firstByteWithinMs, () => request.destroy(new Error(`no answer within ${firstByteWithinMs} ms`)))
    request.on('error', reject)
    request.end(body)
  })
}

async function wholeBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length
    if (bytes > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

const wasRefused = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'

function failed(code: string, message: string, status: number): Answer {
  const failure: ApiFailure = { code, message, details: [{ debug: { reason: 'CONSOLE_FORWARDING' } }] }
  return { status, body: Buffer.from(JSON.stringify(failure)) }
}

function failureIn(body: Buffer, status: number | undefined): ApiFailure {
  try {
    const failure = JSON.parse(body.toString()) as ApiFailure
    if (typeof failure.code === 'string') return failure
  } catch {
    // Not of the API: said below.
  }
  return { code: 'unknown', message: `answered with HTTP ${status ?? 0}: ${body.toString().slice(0, 200)}` }
}
