import { constants, type ServerHttp2Stream } from 'node:http2'
import { rpcStatus } from '@tern/proto'
import { type ApiError, statusOf } from './api-error.ts'
import { callerGone } from './call-life.ts'
import { acceptedEncodings } from './unpack.ts'

type Headers = Readonly<Record<string, string>>

/** Above it a message is not copied to stand behind its prefix. */
const copiedBytesMax = 8 * 1024

/** The answer of a call as gRPC has it: headers, messages, trailers. */
export class GrpcAnswer {
  private readonly stream: ServerHttp2Stream
  private readonly headers: Headers
  private begun = false

  constructor(stream: ServerHttp2Stream, headers: Headers) {
    this.stream = stream
    this.headers = headers
  }

  /** Resolves when there is room for another. */
  send(message: Buffer, signal: AbortSignal): Promise<void> | void {
    const { stream } = this
    if (stream.destroyed) throw callerGone()
    this.begin()
    if (this.write(message)) return
    return new Promise((resolve, reject) => {
      const settle = () => {
        stream.off('drain', settle)
        stream.off('close', settle)
        signal.removeEventListener('abort', settle)
        if (signal.aborted) reject(signal.reason)
        else if (stream.destroyed) reject(callerGone())
        else resolve()
      }
      stream.on('drain', settle)
      stream.on('close', settle)
      signal.addEventListener('abort', settle)
    })
  }

  /** So that a caller knows that its stream is open, before there is anything to say. */
  begin(): void {
    if (this.begun || this.stream.destroyed) return
    this.begun = true
    this.stream.respond({ ...responseHeaders, ...this.headers }, { waitForTrailers: true })
  }

  finish(): void {
    if (this.stream.destroyed) return
    this.begin()
    this.end({ 'grpc-status': '0' })
  }

  fail(error: ApiError): void {
    const { stream } = this
    if (stream.destroyed) return
    const trailers = trailersOf(error)
    if (!this.begun) {
      this.begun = true
      stream.respond({ ...responseHeaders, ...this.headers, ...trailers }, { endStream: true })
      setImmediate(() => this.stopSender())
    } else if (stream.writableNeedDrain) {
      // Trailers would stand behind what the caller does not read.
      stream.close(constants.NGHTTP2_CANCEL)
    } else this.end(trailers)
  }

  private write(message: Buffer): boolean {
    const prefix = Buffer.allocUnsafe(5)
    prefix[0] = 0
    prefix.writeUInt32BE(message.length, 1)
    if (message.length <= copiedBytesMax) return this.stream.write(Buffer.concat([prefix, message]))
    this.stream.cork()
    this.stream.write(prefix)
    const more = this.stream.write(message)
    this.stream.uncork()
    return more
  }

  private end(trailers: Headers): void {
    const { stream } = this
    stream.once('wantTrailers', () => {
      stream.sendTrailers(trailers)
      setImmediate(() => this.stopSender())
    })
    stream.end()
  }

  /** A caller that still sends is told that nobody reads it (RFC 9113, 8.1). */
  private stopSender(): void {
    if (!this.stream.destroyed && !this.stream.readableEnded) this.stream.close(constants.NGHTTP2_NO_ERROR)
  }
}

const responseHeaders = {
  ':status': '200',
  'content-type': 'application/grpc',
  'grpc-accept-encoding': acceptedEncodings,
} as const

/** Clients take so much of trailers, and no more: those of C++ and Python 8 KiB of all. */
const sentenceCharactersMax = 1_000
const detailsBytesMax = 4_096

function trailersOf(error: ApiError): Headers {
  const message = error.message.slice(0, sentenceCharactersMax)
  const status = { ...statusOf(error), message }
  const all = rpcStatus.Status.encode(status).finish()
  const [first] = status.details
  const short = { ...status, details: first === undefined || first.value.length > detailsBytesMax ? [] : [first] }
  const details = Buffer.from(all.length <= detailsBytesMax ? all : rpcStatus.Status.encode(short).finish())
  return {
    'grpc-status': `${status.code}`,
    'grpc-message': percentEncoded(message),
    'grpc-status-details-bin': details.toString('base64').replace(/=+$/, ''),
  }
}

/** As gRPC writes a sentence into a header: what is not printable ASCII by its UTF-8 bytes. */
const percentEncoded = (text: string): string =>
  text.replaceAll(/[^\x20-\x24\x26-\x7e]+/g, (part) => {
    const bytes = [...Buffer.from(part)]
    return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
  })
