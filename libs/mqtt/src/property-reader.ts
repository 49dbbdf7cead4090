import type { FieldReader } from './field-reader.ts'
import type { Properties, UserProperty } from './packet.ts'
import { propertyId as id } from './property-id.ts'
import { malformed, Refusal, violation } from './protocol-error.ts'
import { reasonCode } from './reason-code.ts'
import { isValidTopicName } from './topic.ts'

/** A packet may hold no more: each costs far more memory here than the five bytes it may have on the wire. */
export const userPropertyCountMax = 4_096

/** Whose properties are read. A will's are a group of their own inside CONNECT. */
export const carrier = {
  connect: 1,
  will: 2,
  publish: 4,
  subscribe: 8,
  unsubscribe: 16,
  ack: 32,
  disconnect: 64,
  auth: 128,
} as const

export type Carrier = (typeof carrier)[keyof typeof carrier]

const { connect, will, publish, subscribe, unsubscribe, ack, disconnect, auth } = carrier

/** By identifier: the carriers of which a property is one. Zero: it is none, or a server's alone. */
const carriers = new Uint8Array(0x80)
carriers[id.payloadFormatIndicator] = publish | will
carriers[id.messageExpiryInterval] = publish | will
carriers[id.contentType] = publish | will
carriers[id.responseTopic] = publish | will
carriers[id.correlationData] = publish | will
// On a client's PUBLISH it is a protocol error, not malformed: read and refused there [MQTT5-3.3.4-6].
carriers[id.subscriptionIdentifier] = subscribe | publish
carriers[id.sessionExpiryInterval] = connect | disconnect
carriers[id.authenticationMethod] = connect | auth
carriers[id.authenticationData] = connect | auth
carriers[id.requestProblemInformation] = connect
carriers[id.willDelayInterval] = will
carriers[id.requestResponseInformation] = connect
// Known on DISCONNECT, yet the server's: read and refused there.
carriers[id.serverReference] = disconnect
carriers[id.reasonString] = ack | disconnect | auth
carriers[id.receiveMaximum] = connect
carriers[id.topicAliasMaximum] = connect
carriers[id.topicAlias] = publish
carriers[id.userProperty] = connect | will | publish | subscribe | unsubscribe | ack | disconnect | auth
carriers[id.maximumPacketSize] = connect

/** Reads the length and the properties after it [MQTT5-2.2.2-1]. */
export function readProperties(reader: FieldReader, of: Carrier): Properties {
  const properties: Properties = {}
  const length = reader.varint()
  if (length === 0) return properties
  const outerEnd = reader.narrow(length)
  while (reader.remaining > 0) {
    // All identifiers have one byte, so a longer one is unknown without being read.
    const identifier = reader.byte()
    if (((carriers[identifier] ?? 0) & of) === 0) throw malformed('a property is unknown or not one of its packet')
    readProperty(reader, identifier, properties)
  }
  reader.widen(outerEnd)
  return properties
}

function readProperty(reader: FieldReader, identifier: number, to: Properties): void {
  switch (identifier) {
    case id.payloadFormatIndicator:
      to.payloadFormatIndicator = once(to.payloadFormatIndicator, bit(reader))
      return
    case id.messageExpiryInterval:
      to.messageExpiryInterval = once(to.messageExpiryInterval, reader.uint32())
      return
    case id.contentType:
      to.contentType = once(to.contentType, reader.string())
      return
    case id.responseTopic:
      to.responseTopic = once(to.responseTopic, topicName(reader))
      return
    case id.correlationData:
      to.correlationData = once(to.correlationData, reader.binary())
      return
    case id.topicAlias:
      to.topicAlias = once(to.topicAlias, topicAlias(reader))
      return
    case id.userProperty:
      addUserProperty(to, [reader.string(), reader.string()])
      return
    default:
      readRareProperty(reader, identifier, to)
  }
}

function readRareProperty(reader: FieldReader, identifier: number, to: Properties): void {
  switch (identifier) {
    case id.subscriptionIdentifier:
      to.subscriptionIdentifiers = once(to.subscriptionIdentifiers, [atLeastOne(reader.varint())])
      return
    case id.sessionExpiryInterval:
      to.sessionExpiryInterval = once(to.sessionExpiryInterval, reader.uint32())
      return
    case id.authenticationMethod:
      to.authenticationMethod = once(to.authenticationMethod, reader.string())
      return
    case id.authenticationData:
      to.authenticationData = once(to.authenticationData, reader.binary())
      return
    case id.requestProblemInformation:
      to.requestProblemInformation = once(to.requestProblemInformation, bit(reader) === 1)
      return
    case id.willDelayInterval:
      to.willDelayInterval = once(to.willDelayInterval, reader.uint32())
      return
    case id.requestResponseInformation:
      to.requestResponseInformation = once(to.requestResponseInformation, bit(reader) === 1)
      return
    case id.serverReference:
      throw violation('a server reference came from a client')
    case id.reasonString:
      to.reasonString = once(to.reasonString, reader.string())
      return
    case id.receiveMaximum:
      to.receiveMaximum = once(to.receiveMaximum, atLeastOne(reader.uint16()))
      return
    case id.topicAliasMaximum:
      to.topicAliasMaximum = once(to.topicAliasMaximum, reader.uint16())
      return
    case id.maximumPacketSize:
      to.maximumPacketSize = once(to.maximumPacketSize, atLeastOne(reader.uint32()))
      return
    default:
      throw malformed('a property is unknown')
  }
}

/** All properties but the user's own may come once. */
function once<T>(before: T | undefined, value: T): T {
  if (before !== undefined) throw violation('a property comes twice')
  return value
}

function bit(reader: FieldReader): number {
  const value = reader.byte()
  if (value > 1) throw violation('a property that is 0 or 1 has another value')
  return value
}

function atLeastOne(value: number): number {
  if (value === 0) throw violation('a property that may not be zero is zero')
  return value
}

/** [MQTT5-3.3.2-8] */
function topicAlias(reader: FieldReader): number {
  const alias = reader.uint16()
  if (alias === 0) throw new Refusal(reasonCode.topicAliasInvalid, 'a topic alias is zero')
  return alias
}

/** [MQTT5-3.3.2-14] */
function topicName(reader: FieldReader): string {
  const topic = reader.string()
  if (!isValidTopicName(topic)) throw violation('a response topic is not a topic name')
  return topic
}

function addUserProperty(to: Properties, property: UserProperty): void {
  to.userProperties ??= []
  if (to.userProperties.length === userPropertyCountMax) {
    throw new Refusal(reasonCode.quotaExceeded, `a packet has more than ${userPropertyCountMax} user properties`)
  }
  to.userProperties.push(property)
}
