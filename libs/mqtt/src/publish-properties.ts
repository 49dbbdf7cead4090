import { fieldValue, varintBytes, writeField, writeUint16, writeUint32, writeVarint } from './field-writer.ts'
import type { Properties } from './packet.ts'
import { propertyId as id } from './property-id.ts'

const none = Buffer.alloc(0)

/** What every subscriber gets unchanged, user properties in their order [MQTT5-3.3.2-4] [MQTT5-3.3.2-15 to -18, -20]. */
export function encodeUnchanged(properties: Properties): Buffer {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = properties
  const parts: Uint8Array[] = []
  if (payloadFormatIndicator !== undefined) {
    parts.push(Uint8Array.of(id.payloadFormatIndicator, payloadFormatIndicator))
  }
  if (contentType !== undefined) parts.push(encodeProperty(id.contentType, contentType))
  if (responseTopic !== undefined) parts.push(encodeProperty(id.responseTopic, responseTopic))
  if (correlationData !== undefined) parts.push(encodeProperty(id.correlationData, correlationData))
  for (const [name, value] of userProperties ?? []) parts.push(encodeProperty(id.userProperty, name, value))
  return parts.length === 0 ? none : Buffer.concat(parts)
}

/** What differs from one receiver, or moment, to the next. */
export function encodeVarying(
  messageExpiryInterval: number | undefined,
  topicAlias: number | undefined,
  subscriptionIdentifiers: readonly number[],
): Buffer {
  const identifierBytes = subscriptionIdentifiers.reduce((bytes, identifier) => bytes + 1 + varintBytes(identifier), 0)
  const length = (messageExpiryInterval === undefined ? 0 : 5) + (topicAlias === undefined ? 0 : 3) + identifierBytes
  if (length === 0) return none
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  if (messageExpiryInterval !== undefined) {
    bytes[at] = id.messageExpiryInterval
    at = writeUint32(bytes, at + 1, messageExpiryInterval)
  }
  if (topicAlias !== undefined) {
    bytes[at] = id.topicAlias
    at = writeUint16(bytes, at + 1, topicAlias)
  }
  for (const identifier of subscriptionIdentifiers) {
    bytes[at] = id.subscriptionIdentifier
    at = writeVarint(bytes, at + 1, identifier)
  }
  return bytes
}

function encodeProperty(identifier: number, ...values: (string | Uint8Array)[]): Uint8Array {
  const fields = values.map(fieldValue)
  const bytes = Buffer.allocUnsafe(fields.reduce((length, field) => length + 2 + field.length, 1))
  bytes[0] = identifier
  let at = 1
  for (const field of fields) at = writeField(bytes, at, field)
  return bytes
}
