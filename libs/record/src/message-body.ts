import { fieldSize, headerIn, writeField } from './body.ts'
import { decodeFrom } from './envelope-decoder.ts'
import { type Envelope, envelopeSizeMax, writeEnvelope } from './envelope-encoder.ts'
import { VarintReader, varintSize, writeVarint, zigzag } from './varint.ts'

const envelopeHeader = Buffer.from('tern')
const contextHeader = Buffer.from('traceparent')

/** One buffer for all: an envelope is made in it, then copied to its place. */
let scratch = Buffer.allocUnsafe(4096)

/** Equal to `encodeBody` of a topic, a payload and the envelope in its header, in one go. Consumers of Kafka look for a trace context in a header of its own. */
export function encodeMessage(
  topic: string | null,
  payload: Uint8Array | null,
  e: Envelope,
  traceparent?: string,
): Buffer {
  const sizeMax = envelopeSizeMax(e)
  if (sizeMax > scratch.length) scratch = Buffer.allocUnsafe(2 * sizeMax)
  const envelopeBytes = writeEnvelope(scratch, 0, e)
  const topicBytes = topic === null ? -1 : Buffer.byteLength(topic)
  const context = traceparent === undefined ? undefined : Buffer.from(traceparent)
  let size = (topicBytes < 0 ? 1 : varintSize(2 * topicBytes) + topicBytes) + fieldSize(payload) + 1
  size += fieldSize(envelopeHeader) + varintSize(2 * envelopeBytes) + envelopeBytes
  if (context !== undefined) size += fieldSize(contextHeader) + fieldSize(context)
  const body = Buffer.allocUnsafe(size)
  let at = writeVarint(body, 0, zigzag(topicBytes))
  if (topic !== null) at += body.write(topic, at)
  at = writeField(body, at, payload)
  at = writeVarint(body, at, zigzag(context === undefined ? 1 : 2))
  at = writeVarint(body, writeField(body, at, envelopeHeader), 2 * envelopeBytes)
  scratch.copy(body, at, 0, envelopeBytes)
  if (context !== undefined) writeField(body, writeField(body, at + envelopeBytes, contextHeader), context)
  return body
}

/** The envelope of a record; undefined when it has none. RangeError when it is cut off. */
export function envelopeOf(body: Buffer): Envelope | undefined {
  const reader = envelopeIn(body)
  return reader && decodeFrom(body, reader)
}

/** Who published a record; empty where nobody is known. The client id comes first in an envelope, and most of the time is all that is read. */
export function publisherOf(body: Buffer): string {
  const reader = envelopeIn(body)
  if (reader === undefined || reader.at === reader.end) return ''
  if (body[reader.at] !== 0x0a) return decodeFrom(body, reader).clientId
  reader.take(1)
  const bytes = reader.next()
  const from = reader.take(bytes)
  return body.toString('utf8', from, from + bytes)
}

function envelopeIn(body: Buffer): VarintReader | undefined {
  const reader = new VarintReader(body, 0, body.length)
  skipField(reader)
  skipField(reader)
  return headerIn(body, reader, 'tern')
}

function skipField(reader: VarintReader): void {
  const length = reader.signed()
  if (length > 0) reader.take(length)
}
