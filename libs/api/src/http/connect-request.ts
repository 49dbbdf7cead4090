import { type DescField, type DescMessage, type DescMethod, fromBinary, ScalarType, toBinary } from '@bufbuild/protobuf'
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import { unpack } from '@tern/rpc'
import { apiError } from '../api-error.ts'
import type { Contracts } from '../contracts.ts'
import type { HttpRequest } from './exchange.ts'
import { bytesOfJson } from './json-codec.ts'
import { httpLimits } from './limits.ts'

export type Format = 'json' | 'proto'

/** A request in bytes, and the form in which its answer is wanted. */
export type ConnectRequest = Readonly<{ bytes: Buffer; format: Format }>

/** Of the header connect-timeout-ms: at most ten digits. */
export function connectTimeoutMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return Number(text)
  const metadata = { name: 'connect-timeout-ms' }
  throw apiError('INVALID_ARGUMENT', 'METADATA_INVALID', 'connect-timeout-ms takes at most ten digits', { metadata })
}

/** Reads a request as Connect sends it: POST with a body, or GET with the message in the query when it changes nothing. */
export async function readConnectRequest(
  request: HttpRequest,
  method: DescMethod,
  contracts: Contracts,
): Promise<ConnectRequest> {
  const reads = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
  const { method: verb } = request
  if (verb !== 'POST' && !(verb === 'GET' && reads)) {
    const allow = reads ? 'GET, POST' : 'POST'
    const metadata = { allow }
    throw apiError('UNIMPLEMENTED', 'HTTP_METHOD_WRONG', `${method.name} takes ${allow}, not ${verb}`, { metadata })
  }
  const { format, body } = verb === 'POST' ? await posted(request) : await asked(request)
  const bytes = format === 'proto' ? body : bytesOfJson(method.input, utf8(body), contracts)
  return { bytes: withHeaders(request, method, bytes), format }
}

async function posted(request: HttpRequest): Promise<{ format: Format; body: Buffer }> {
  const [type = ''] = (request.header('content-type') ?? '').toLowerCase().split(';')
  const format = formatOf(type.trim(), request)
  return { format, body: await request.body() }
}

function formatOf(type: string, request: HttpRequest): Format {
  if (type === 'application/json' || type === 'application/proto') return type === 'application/json' ? 'json' : 'proto'
  // What `curl -d` says when it is told nothing. A browser says it of forms of other sites, too, but never without an origin.
  const plain = type === '' || type === 'application/x-www-form-urlencoded'
  if (plain && request.header('origin') === undefined) return 'json'
  const message = `a body of type "${type.slice(0, 100)}" is not read here; send application/json or application/proto`
  throw apiError('INVALID_ARGUMENT', 'CONTENT_TYPE_UNKNOWN', message)
}

async function asked({ query }: HttpRequest): Promise<{ format: Format; body: Buffer }> {
  const encoding = query.get('encoding') ?? 'json'
  if (encoding !== 'json' && encoding !== 'proto') {
    throw apiError('INVALID_ARGUMENT', 'CONTENT_TYPE_UNKNOWN', 'encoding is neither json nor proto')
  }
  const message = query.get('message') ?? ''
  const packed = Buffer.from(message, query.get('base64') === '1' ? 'base64url' : 'utf8')
  const compression = query.get('compression') ?? 'identity'
  const body = compression === 'identity' ? packed : await unpack(packed, compression, httpLimits.bodyBytesMax)
  return { format: encoding, body }
}

function utf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw apiError('INVALID_ARGUMENT', 'MESSAGE_MALFORMED', 'the body is no UTF-8', { cause })
  }
}

/**
 * What headers say for fields: the key of a request that has none of its own, and where a reader of events goes on. A browser
 * that comes back asks the same as at first, and knows better by the header.
 */
function withHeaders(request: HttpRequest, { input }: DescMethod, bytes: Buffer): Buffer {
  const key = request.header('idempotency-key')
  const last = request.header('last-event-id')
  if (key === undefined && last === undefined) return bytes
  const message = reflect(input, fromBinary(input, bytes))
  const requestId = textField(input, 'request_id')
  if (key !== undefined && requestId !== undefined && !message.isSet(requestId)) message.set(requestId, key)
  if (last !== undefined) goOnAfter(message, last)
  return Buffer.from(toBinary(input, message.message))
}

function goOnAfter(message: ReflectMessage, last: string): void {
  const { desc } = message
  const own = textField(desc, 'cursor') ?? textField(desc, 'after_id')
  if (own !== undefined) message.set(own, last)
  const start = desc.fields.find(({ name }) => name === 'start')
  if (start?.fieldKind !== 'message') return
  const cursor = textField(start.message, 'cursor')
  if (cursor === undefined) return
  const position = reflect(start.message)
  position.set(cursor, last)
  message.set(start, position)
}

function textField({ fields }: DescMessage, name: string): ScalarField | undefined {
  const found = fields.find((each) => each.name === name)
  return found?.fieldKind === 'scalar' && found.scalar === ScalarType.STRING ? found : undefined
}

type ScalarField = DescField & { fieldKind: 'scalar' }
