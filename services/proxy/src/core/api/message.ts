import { message } from '@tern/proto'
import { decodeEnvelope, readBody } from '@tern/record'
import { messageIdOf, parseTraceparent, type TraceIds } from '@tern/telemetry'
import type { Message as StoredMessage } from '../../ports.ts'

/** How much of a message a caller wants to see. */
export type Sight = Readonly<{
  view: message.MessageView
  /** Cuts the payload; 0: whole. */
  payloadPreviewBytes: number
}>

export const wholeSight: Sight = { view: message.MessageView.FULL, payloadPreviewBytes: 0 }

/** In MQTT 5 and in what `Message.traceparent` is published as. */
export const traceparentProperty = 'traceparent'

/** `QualityOfService` keeps 0 for what was not said. */
const qosOf = (level: number): message.QualityOfService => (level + 1) as message.QualityOfService

/** The public shape of a stored message; a foreign record, without envelope, is one of QoS 1 (DESIGN 5, rule 5). */
export function messageOf(
  { queue, position, timeMs, body }: StoredMessage,
  { traceIdOf }: Pick<TraceIds, 'traceIdOf'>,
  sight: Sight = wholeSight,
): message.Message {
  const { key, value, header } = readBody(body, 0, body.length)
  const raw = header('tern')
  const payload = value ?? nothing
  const shown = message.Message.create({
    messageId: messageIdOf(queue, position),
    topic: String(key),
    payload: seen(payload, sight),
    payloadSize: payload.length,
    position: { queue, offset: position },
    publishTime: timestampOf(timeMs),
    qos: message.QualityOfService.AT_LEAST_ONCE,
  })
  if (raw !== undefined) addEnvelope(shown, raw)
  const given = contextsOf(shown.userProperties, header(traceparentProperty))
  const context = parseTraceparent(given)
  if (context) shown.traceparent = given[0] as string
  shown.traceId = context?.traceId ?? traceIdOf(queue, position)
  return shown
}

function addEnvelope(shown: message.Message, raw: Buffer): void {
  const written = decodeEnvelope(raw)
  shown.qos = qosOf(written.qos)
  shown.retain = written.retain
  shown.contentType = written.contentType ?? ''
  shown.payloadFormat = written.payloadFormat === utf8 ? message.PayloadFormat.UTF8 : message.PayloadFormat.UNSPECIFIED
  shown.responseTopic = written.responseTopic ?? ''
  shown.correlationData = written.correlationData ?? nothing
  const { messageExpirySeconds } = written
  if (messageExpirySeconds !== undefined) shown.expiry = { seconds: messageExpirySeconds, nanos: 0 }
  shown.userProperties = written.userProperties
  shown.publisherClientId = written.clientId
  shown.publisherPrincipal = written.principal
  if (written.receiveTimeMs > 0) shown.receiveTime = timestampOf(written.receiveTimeMs)
}

/** All that was given: what came twice names no context. The header is that of another Kafka producer. */
function contextsOf(properties: readonly message.UserProperty[], header: Buffer | undefined): string[] {
  const given = properties.filter(({ name }) => name === traceparentProperty).map(({ value }) => value)
  return given.length > 0 || header === undefined ? given : [header.toString()]
}

function seen(payload: Uint8Array, { view, payloadPreviewBytes }: Sight): Uint8Array {
  if (view === message.MessageView.BASIC) return nothing
  return payloadPreviewBytes === 0 ? payload : payload.subarray(0, payloadPreviewBytes)
}

export const timestampOf = (timeMs: number): { seconds: number; nanos: number } => {
  const seconds = Math.floor(timeMs / 1000)
  return { seconds, nanos: (timeMs - 1000 * seconds) * 1_000_000 }
}

/** The payload format indicator of MQTT 5; the envelope does not tell 0 from none. */
const utf8 = 1

const nothing = new Uint8Array()
