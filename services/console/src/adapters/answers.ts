import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzip } from 'node:zlib'
import { encodingOf, type SiteFile } from '../core/site.ts'

export const requestBytesMax = 6 * 1024 * 1024
const gzipFrom = 2_048

/** The body of a request; undefined when it is larger than it may be. */
export async function bodyOf(request: IncomingMessage, bytesMax = requestBytesMax): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > bytesMax) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

type Headers = Readonly<Record<string, string>>

export function answerJson(response: ServerResponse, status: number, value: unknown, headers: Headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
  response.end(JSON.stringify(value))
}

/** An error in the JSON form of Connect, as the API itself answers. */
export function answerError(
  response: ServerResponse,
  status: number,
  error: Readonly<{ code: string; reason: string; message: string }>,
  headers: Headers = {},
): void {
  const { code, reason, message } = error
  answerJson(response, status, { code, message, details: [{ debug: { reason } }] }, headers)
}

/** What the region answered; packed when that is worth it. */
export function answerBytes(request: IncomingMessage, response: ServerResponse, status: number, body: Buffer): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', vary: 'accept-encoding' }
  if (body.length < gzipFrom || !/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    response.writeHead(status, headers)
    response.end(body)
    return
  }
  gzip(body, { level: 1 }, (error, packed) => {
    response.writeHead(status, error ? headers : { ...headers, 'content-encoding': 'gzip' })
    response.end(error ? body : packed)
  })
}

export function answerFile(request: IncomingMessage, response: ServerResponse, file: SiteFile): void {
  const headers: Record<string, string> = {
    'content-type': file.type,
    etag: file.etag,
    vary: 'accept-encoding',
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, headers)
    response.end()
    return
  }
  const encoding = encodingOf(file, String(request.headers['accept-encoding'] ?? ''))
  if (encoding !== undefined) headers['content-encoding'] = encoding
  response.writeHead(200, headers)
  response.end(
    request.method === 'HEAD'
      ? undefined
      : { br: file.brotli, gzip: file.gzip, plain: file.plain }[encoding ?? 'plain'],
  )
}
