import type { ServerHttp2Stream } from 'node:http2'
import { decodeStrictly } from '@tern/proto'
import { ApiError } from './api-error.ts'
import type { Budget } from './budget.ts'
import { callerGone } from './call-life.ts'
import { MessageReader } from './message-reader.ts'
import type { PublicMethod } from './service.ts'
import { unpack } from './unpack.ts'

/** Of what is no message of its type. */
export function decodeRequest(method: PublicMethod, bytes: Buffer): unknown {
  try {
    return decodeStrictly(method.decode, bytes)
  } catch (cause) {
    throw new ApiError(
      'INVALID_ARGUMENT',
      'MESSAGE_MALFORMED',
      `what was sent is no request of ${method.path}: ${(cause as Error).message}`,
      { cause },
    )
  }
}

type Reading = Readonly<{ encoding: string | undefined; bytesMax: number; budget: Budget }>

/** The requests of a call as they come. Whoever takes no further one makes the sender wait, by the windows of HTTP/2. */
export async function* requestsOf(
  stream: ServerHttp2Stream,
  method: PublicMethod,
  { encoding, bytesMax, budget }: Reading,
): AsyncGenerator<unknown> {
  const reader = new MessageReader(bytesMax)
  const share = budget.share()
  try {
    for await (const chunk of chunksOf(stream)) {
      reader.push(chunk)
      for (let message = reader.next(); message !== undefined; message = reader.next()) {
        const { packed, bytes } = message
        yield decodeRequest(method, packed ? await unpack(bytes, encoding, bytesMax) : bytes)
      }
      share.holds(reader.partialBytes)
    }
  } finally {
    share.release()
  }
  if (reader.partialBytes > 0) {
    throw new ApiError('INVALID_ARGUMENT', 'MESSAGE_MALFORMED', 'the request ended in the middle of a message')
  }
}

/** To stop reading must not end the stream: the answer goes the same way. */
async function* chunksOf(stream: ServerHttp2Stream): AsyncGenerator<Buffer> {
  const iterator = stream.iterator({ destroyOnReturn: false })
  try {
    for (;;) {
      const next = await iterator.next().catch(() => {
        throw callerGone()
      })
      if (next.done) break
      yield next.value as Buffer
    }
  } finally {
    await iterator.return?.().catch(() => {})
  }
  if (stream.aborted) throw callerGone()
}

/** The one request of a call that has one. */
export async function onlyRequest(requests: AsyncGenerator<unknown>): Promise<unknown> {
  const first = await requests.next()
  const second = first.done ? first : await requests.next()
  if (!first.done && second.done) return first.value
  const found = first.done ? 'no message' : 'a second message'
  throw new ApiError('INVALID_ARGUMENT', 'REQUEST_INCOMPLETE', `the call brings ${found}; it takes exactly one`)
}
