import type { FieldReader } from './field-reader.ts'
import type {
  AckPacket,
  AckType,
  AuthPacket,
  DisconnectPacket,
  Properties,
  ProtocolVersion,
  PublishPacket,
  QoS,
  SubscribePacket,
  Subscription,
  UnsubscribePacket,
} from './packet.ts'
import { type Carrier, carrier, readProperties } from './property-reader.ts'
import { malformed, Refusal, violation } from './protocol-error.ts'
import { reasonCode as code } from './reason-code.ts'
import { isValidTopicName } from './topic.ts'

const publishFailures = [
  code.unspecifiedError,
  code.implementationSpecificError,
  code.notAuthorized,
  code.topicNameInvalid,
  code.packetIdentifierInUse,
  code.quotaExceeded,
  code.payloadFormatInvalid,
]

/** The codes that a client may send [MQTT5-3.4.2-1] [MQTT5-3.5.2-1] [MQTT5-3.6.2-1] [MQTT5-3.7.2-1]. */
const ackCodes: Record<AckType, ReadonlySet<number>> = {
  puback: new Set([code.success, code.noMatchingSubscribers, ...publishFailures]),
  pubrec: new Set([code.success, code.noMatchingSubscribers, ...publishFailures]),
  pubrel: new Set([code.success, code.packetIdentifierNotFound]),
  pubcomp: new Set([code.success, code.packetIdentifierNotFound]),
}

/** [MQTT5-3.14.2-1] */
const disconnectCodes: ReadonlySet<number> = new Set([
  code.normalDisconnection,
  code.disconnectWithWillMessage,
  code.unspecifiedError,
  code.malformedPacket,
  code.protocolError,
  code.implementationSpecificError,
  code.topicNameInvalid,
  code.receiveMaximumExceeded,
  code.topicAliasInvalid,
  code.packetTooLarge,
  code.messageRateTooHigh,
  code.quotaExceeded,
  code.administrativeAction,
  code.payloadFormatInvalid,
])

/** [MQTT5-3.15.2-1] */
const authCodes: ReadonlySet<number> = new Set([code.continueAuthentication, code.reAuthenticate])

/** `flags` is the low half of the first byte. */
export function readPublish(reader: FieldReader, flags: number, version: ProtocolVersion): PublishPacket {
  const qos = ((flags >> 1) & 3) as QoS
  const topic = reader.string()
  const packetId = qos === 0 ? 0 : reader.packetId()
  const properties = propertiesOf(reader, version, carrier.publish)
  if (properties.subscriptionIdentifiers !== undefined) throw violation('a client sent a subscription identifier')
  if (topic === '') {
    if (properties.topicAlias === undefined) throw violation('a topic name is empty and there is no topic alias')
  } else if (!isValidTopicName(topic)) {
    throw new Refusal(code.topicNameInvalid, 'a topic name has a wildcard or too many levels')
  }
  const payload = reader.rest()
  return {
    type: 'publish',
    dup: (flags & 8) !== 0,
    qos,
    retain: (flags & 1) !== 0,
    topic,
    packetId,
    payload,
    properties,
  }
}

/** Before version 5 an acknowledgement is a packet identifier; since then success and no properties need not be written. */
export function readAck(reader: FieldReader, type: AckType, version: ProtocolVersion): AckPacket {
  const packetId = reader.packetId()
  if (version < 5 || reader.remaining === 0) return { type, packetId, reasonCode: code.success, properties: {} }
  const reasonCode = readReasonCode(reader, ackCodes[type])
  const properties = reader.remaining === 0 ? {} : readProperties(reader, carrier.ack)
  return { type, packetId, reasonCode, properties }
}

export function readSubscribe(reader: FieldReader, version: ProtocolVersion): SubscribePacket {
  const packetId = reader.packetId()
  const properties = propertiesOf(reader, version, carrier.subscribe)
  const subscriptions: Subscription[] = []
  while (reader.remaining > 0) subscriptions.push(readSubscription(reader, version))
  if (subscriptions.length === 0) throw violation('a SUBSCRIBE has no filter')
  return { type: 'subscribe', packetId, subscriptions, properties }
}

function readSubscription(reader: FieldReader, version: ProtocolVersion): Subscription {
  const filter = readFilter(reader)
  const options = reader.byte()
  // [MQTT5-3.8.3-5] [MQTT3-3.8.3-4]
  if ((options & (version === 5 ? 0xc0 : 0xfc)) !== 0) throw malformed('a reserved bit of subscription options is set')
  const qos = options & 3
  if (qos === 3) throw version === 5 ? violation('a subscription has QoS 3') : malformed('a subscription has QoS 3')
  const noLocal = (options & 4) !== 0
  if (noLocal && filter.startsWith('$share/')) throw violation('a shared subscription has No Local')
  const retainHandling = options >> 4
  if (retainHandling === 3) throw violation('a subscription has retain handling 3')
  return {
    filter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & 8) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  }
}

export function readUnsubscribe(reader: FieldReader, version: ProtocolVersion): UnsubscribePacket {
  const packetId = reader.packetId()
  const properties = propertiesOf(reader, version, carrier.unsubscribe)
  const filters: string[] = []
  while (reader.remaining > 0) filters.push(readFilter(reader))
  if (filters.length === 0) throw violation('an UNSUBSCRIBE has no filter')
  return { type: 'unsubscribe', packetId, filters, properties }
}

/** Whether the filter is a good one is for SUBACK to say; only an empty one breaks the packet [MQTT5-4.7.3-1]. */
function readFilter(reader: FieldReader): string {
  const filter = reader.string()
  if (filter === '') throw malformed('a topic filter is empty')
  return filter
}

export function readDisconnect(reader: FieldReader, version: ProtocolVersion): DisconnectPacket {
  if (version < 5 || reader.remaining === 0) {
    return { type: 'disconnect', reasonCode: code.normalDisconnection, properties: {} }
  }
  const reasonCode = readReasonCode(reader, disconnectCodes)
  const properties = reader.remaining === 0 ? {} : readProperties(reader, carrier.disconnect)
  return { type: 'disconnect', reasonCode, properties }
}

/** An empty AUTH means success, which only a server may say [MQTT5-3.15.2-1]. */
export function readAuth(reader: FieldReader, version: ProtocolVersion): AuthPacket {
  if (version < 5) throw violation('there is no AUTH before version 5')
  const reasonCode = reader.remaining === 0 ? code.success : reader.byte()
  if (!authCodes.has(reasonCode)) throw violation('an AUTH has a reason code that is not one of a client')
  const properties = reader.remaining === 0 ? {} : readProperties(reader, carrier.auth)
  if (properties.authenticationMethod === undefined) throw violation('an AUTH has no authentication method')
  return { type: 'auth', reasonCode, properties }
}

const propertiesOf = (reader: FieldReader, version: ProtocolVersion, of: Carrier): Properties =>
  version === 5 ? readProperties(reader, of) : {}

function readReasonCode(reader: FieldReader, allowed: ReadonlySet<number>): number {
  const reasonCode = reader.byte()
  if (!allowed.has(reasonCode)) throw violation('a reason code is not one of its packet')
  return reasonCode
}
