import { isUtf8, isValidString, isValidTopicName, userPropertyCountMax } from '@tern/mqtt'
import { envelope, message } from '@tern/proto'
import { parseTraceparent } from '@tern/telemetry'
import type { OutgoingRecord } from '../../ports.ts'
import { connectionLimits } from '../connection/limits.ts'
import { isReserved } from '../connection/reserved-topics.ts'
import { traceparentProperty } from './message.ts'
import { badField } from './refusal.ts'

/** Who publishes by the public API. */
export type ApiAuthor = Readonly<{ clientId: string; principal: string }>

const binaryBytesMax = 65_535
const expirySecondsMax = 0xffff_ffff

/**
 * A message of the public API as the log keeps it, held to the same rules as one of MQTT. Throws a Refusal that names the field; `field`
 * is where the message stands in its request.
 */
export function publishedRecord(
  published: message.Message,
  { clientId, principal }: ApiAuthor,
  nowMs: number,
  field = 'message',
): OutgoingRecord {
  const { topic, payload } = published
  checkTopic(`${field}.topic`, topic)
  checkProperties(published, field)
  const size = payload.length
  const { packetBytesMax } = connectionLimits
  const record = envelope.Envelope.create({
    ...{ clientId, principal, receiveTimeMs: nowMs, retain: published.retain },
    qos: levelOf(published.qos),
    payloadFormat: published.payloadFormat === message.PayloadFormat.UTF8 ? 1 : 0,
    ...(published.contentType !== '' && { contentType: published.contentType }),
    ...(published.responseTopic !== '' && { responseTopic: published.responseTopic }),
    ...(published.correlationData.length > 0 && { correlationData: Buffer.from(published.correlationData) }),
    ...(published.expiry && { messageExpirySeconds: secondsOf(`${field}.expiry`, published.expiry) }),
    userProperties: propertiesOf(published, field),
  })
  const properties = record.userProperties.reduce((sum, { name, value }) => sum + textBytes(name) + textBytes(value), 0)
  const bytes = textBytes(topic) + size + properties + published.correlationData.length
  if (bytes > packetBytesMax) {
    throw badField(field, 'PAYLOAD_TOO_LARGE', `has ${bytes} bytes with its properties; give at most ${packetBytesMax}`)
  }
  return { topic, payload, envelope: record }
}

/** `mode`: any topic there may be, or one that clients may publish to. */
export function checkTopic(field: string, topic: string, mode: 'any' | 'publish' = 'publish'): void {
  if (!isValidTopicName(topic)) {
    const shown = topic.length > 100 ? `has ${topic.length} characters and` : `"${topic}"`
    throw badField(field, 'TOPIC_INVALID', `${shown} is no MQTT topic name; give 1 to 65,535 bytes without wildcard`)
  }
  if (mode === 'publish' && isReserved(topic))
    throw badField(field, 'TOPIC_RESERVED', 'begins with $SYS/, which only the region may publish to')
}

function checkProperties(published: message.Message, field: string): void {
  const { contentType, responseTopic, correlationData, userProperties, payload, payloadFormat } = published
  if (!isValidString(contentType)) throw badText(`${field}.content_type`)
  if (responseTopic !== '' && !isValidTopicName(responseTopic)) {
    throw badField(`${field}.response_topic`, 'TOPIC_INVALID', 'is no MQTT topic name')
  }
  if (correlationData.length > binaryBytesMax) {
    const words = `has ${correlationData.length} bytes; give at most ${binaryBytesMax}`
    throw badField(`${field}.correlation_data`, 'TEXT_TOO_LONG', words)
  }
  if (userProperties.length >= userPropertyCountMax) {
    const words = `has ${userProperties.length} entries; give fewer than ${userPropertyCountMax}`
    throw badField(`${field}.user_properties`, 'TOO_MANY_USER_PROPERTIES', words)
  }
  const areTexts = userProperties.every(({ name, value }) => isValidString(name) && isValidString(value))
  if (!areTexts) throw badText(`${field}.user_properties`)
  if (payloadFormat === message.PayloadFormat.UTF8 && !isUtf8(payload, 0, payload.length)) {
    throw badField(`${field}.payload`, 'PAYLOAD_FORMAT_INVALID', 'is no UTF-8, as payload_format says it is')
  }
}

const badText = (field: string) =>
  badField(
    field,
    'TEXT_INVALID',
    'has a text that MQTT cannot carry; give well-formed ones without NUL, at most 65,535 bytes',
  )

/** The context takes the place of what stands there by that name. */
function propertiesOf({ traceparent, userProperties }: message.Message, field: string): message.UserProperty[] {
  if (traceparent === '') return userProperties
  if (parseTraceparent(traceparent) === undefined) {
    throw badField(
      `${field}.traceparent`,
      'TRACEPARENT_INVALID',
      'is no W3C Trace Context; leave it out to begin a trace',
    )
  }
  const others = userProperties.filter(({ name }) => name !== traceparentProperty)
  return [...others, { name: traceparentProperty, value: traceparent }]
}

function levelOf(qos: message.QualityOfService): number {
  const { AT_MOST_ONCE, EXACTLY_ONCE } = message.QualityOfService
  return qos === AT_MOST_ONCE ? 0 : qos === EXACTLY_ONCE ? 2 : 1
}

/** Whole seconds, rounded up: rather late than early. */
function secondsOf(field: string, { seconds, nanos }: { seconds: number; nanos: number }): number {
  const whole = seconds + (nanos > 0 ? 1 : 0)
  if (whole >= 0 && whole <= expirySecondsMax) return whole
  throw badField(field, 'EXPIRY_INVALID', `is ${whole} s; give 0 to ${expirySecondsMax} s, or leave it out`)
}

const textBytes = (text: string): number => Buffer.byteLength(text)
