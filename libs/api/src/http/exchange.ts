import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Budget, type CallContext, headerOf, tooLarge, unpack } from '@tern/rpc'
import { httpLimits } from './limits.ts'

/** A request by HTTP/1.1, as routes get it. */
export type HttpRequest = Readonly<{
  method: string
  /** As it came: not decoded. */
  path: string
  query: URLSearchParams
  header(name: string): string | undefined
  context: CallContext
  /** All of it, unpacked. Throws when it is too large. */
  body(): Promise<Buffer>
}>

export type ServerEvent = Readonly<{ id?: string; event?: string; data: string }>

export type HttpResponse = Readonly<{
  status: number
  headers?: Readonly<Record<string, string>>
  /** Text or bytes at once, or events as they come (`text/event-stream`). */
  body?: string | Uint8Array | AsyncIterable<ServerEvent>
}>

/** Of paths that are made by hand; undefined: it is not one of them. Throws what is an answer of the API, too. */
export type Routes = (request: HttpRequest) => Promise<HttpResponse> | undefined

/** Reads a body no further than it may be, and unpacks it. */
export async function readBody(request: IncomingMessage, budget: Budget): Promise<Buffer> {
  const { bodyBytesMax } = httpLimits
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bodyBytesMax) throw tooLarge(announced, bodyBytesMax)
  const share = budget.share()
  try {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += (chunk as Buffer).length
      if (length > bodyBytesMax) throw tooLarge(length, bodyBytesMax)
      share.holds(length)
      chunks.push(chunk as Buffer)
    }
    const encoding = headerOf(request.headers, 'content-encoding') ?? 'identity'
    const body = Buffer.concat(chunks)
    return encoding === 'identity' ? body : await unpack(body, encoding, bodyBytesMax)
  } finally {
    share.release()
  }
}

/** Writes, and resolves when there is room for more; false: nobody reads any more. */
export async function writeSome(response: ServerResponse, text: string): Promise<boolean> {
  if (response.destroyed) return false
  if (response.write(text)) return true
  await new Promise<void>((resolve) => {
    const settle = () => {
      response.off('drain', settle)
      response.off('close', settle)
      resolve()
    }
    response.on('drain', settle)
    response.on('close', settle)
  })
  return !response.destroyed
}
