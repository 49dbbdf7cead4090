import type { HttpAnswer, HttpRequest } from './context.ts'
import { jsonOf } from './json.ts'

type Codec<Message> = Readonly<{ encode(message: Message): { finish(): Uint8Array } }>

/** A message in the encoding that was asked for; JSON unless it is protobuf. */
export function bodyOf<Message extends object>(
  { accept }: HttpRequest,
  codec: Codec<Message>,
  message: Message,
): HttpAnswer {
  if (!accept.includes('protobuf')) return { status: 200, contentType: 'application/json', body: jsonOf(message) }
  return { status: 200, contentType: 'application/protobuf', body: codec.encode(message).finish() }
}

export const plainText = (status: number, body: string): HttpAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
})
