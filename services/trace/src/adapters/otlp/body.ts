import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { otlpLimits } from '../../core/otlp/limits.ts'
import type { Outcome } from './receive.ts'

type Refusal = Exclude<Outcome, { kind: 'taken' }>

/** What a body was refused for. */
export class BodyProblem extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.why)
    this.refusal = refusal
  }
}

/** How many bytes all requests together may hold. */
export class BytesBudget {
  #held = 0

  take(bytes: number): void {
    this.#held += bytes
    if (this.#held <= otlpLimits.requestsBytesMax) return
    const { retryAfterSeconds } = otlpLimits
    const why = `requests that are being read hold ${otlpLimits.requestsBytesMax} bytes, which is the most; send again later`
    throw new BodyProblem({ kind: 'full', why, retryAfterSeconds })
  }

  give(bytes: number): void {
    this.#held -= bytes
  }
}

const tooLarge = () =>
  new BodyProblem({
    kind: 'large',
    why: `the request has more than ${otlpLimits.requestBytesMax} bytes, unpacked; send fewer spans at a time`,
  })

/** Reads a body, unpacked, piece by piece, so that one that is too large is refused before it is here. */
export async function readBody(
  request: IncomingMessage,
  budget: BytesBudget,
): Promise<Readonly<{ body: Buffer; release: () => void }>> {
  const encoding = `${request.headers['content-encoding'] ?? 'identity'}`.trim().toLowerCase()
  if (encoding !== 'gzip' && encoding !== 'identity') {
    throw new BodyProblem({ kind: 'unknown', why: `Content-Encoding is ${encoding.slice(0, 60)}; send gzip, or none` })
  }
  if (Number(request.headers['content-length'] ?? 0) > otlpLimits.requestBytesMax) throw tooLarge()
  const chunks: Buffer[] = []
  let held = 0
  const release = () => {
    budget.give(held)
    held = 0
  }
  const gather = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      held += chunk.length
      budget.take(chunk.length)
      if (held > otlpLimits.requestBytesMax) throw tooLarge()
      chunks.push(chunk)
    }
  }
  try {
    if (encoding === 'gzip') await pipeline(request, createGunzip(), gather)
    else await pipeline(request, gather)
    return { body: Buffer.concat(chunks), release }
  } catch (error) {
    release()
    throw error instanceof BodyProblem ? error : unreadable(error as NodeJS.ErrnoException)
  }
}

function unreadable(error: NodeJS.ErrnoException): unknown {
  if (error.code?.startsWith('Z_') !== true) return error
  return new BodyProblem({ kind: 'bad', why: `the body is not gzip: ${error.message}` })
}
