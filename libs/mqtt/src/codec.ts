import { generate, type Packet, writeToStream } from 'mqtt-packet'
import { encodeAck } from './ack-encoder.ts'
import type {
  AckPacket,
  ConnackPacket,
  Properties,
  ProtocolVersion,
  PublishPacket,
  ServerPacket,
  SubackPacket,
  UserProperty,
} from './packet.ts'
import { PublishTemplate } from './publish-template.ts'
import { connackReturnCode, isFailure, reasonCode } from './reason-code.ts'

// The cache would be a Buffer for each of 65,536 numbers, made at the first packet.
writeToStream.cacheNumbers = false

const nothing = Buffer.alloc(0)
const failure = reasonCode.unspecifiedError

/**
 * The bytes of a packet. They are empty when its version has no words for it: DISCONNECT and AUTH before version 5, and a
 * CONNACK whose reason has no return code there; the connection then just closes. In the properties of all packets but
 * PUBLISH, user properties of the same name move together.
 */
export function encodeServerPacket(packet: ServerPacket, version: ProtocolVersion): Buffer {
  switch (packet.type) {
    case 'publish':
      return encodePublish(packet, version)
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return encodeAckPacket(packet, version)
    case 'connack':
      return encodeConnack(packet, version)
    case 'suback':
      return encodeSuback(packet, version)
    case 'unsuback': {
      const { packetId, reasonCodes, properties } = packet
      return write({ cmd: 'unsuback', messageId: packetId, granted: reasonCodes, ...said(properties) }, version)
    }
    case 'pingresp':
      return write({ cmd: 'pingresp' }, version)
    case 'disconnect':
    case 'auth': {
      const { type, reasonCode, properties } = packet
      return version < 5 ? nothing : write({ cmd: type, reasonCode, ...said(properties) }, version)
    }
    default:
      return unreachable(packet)
  }
}

function encodePublish(packet: PublishPacket, version: ProtocolVersion): Buffer {
  const { topic, payload, properties, qos, retain, dup, packetId } = packet
  const { topicAlias, subscriptionIdentifiers = [] } = properties
  return new PublishTemplate(topic, payload, properties).frame({
    version,
    qos,
    retain,
    dup,
    packetId,
    subscriptionIdentifiers,
    ...(topicAlias === undefined ? {} : { topicAlias: { alias: topicAlias, named: topic !== '' } }),
  })
}

function encodeAckPacket(packet: AckPacket, version: ProtocolVersion): Buffer {
  const { type, packetId, reasonCode, properties } = packet
  if (version < 5 || Object.keys(properties).length === 0) return encodeAck(type, packetId, reasonCode, version)
  return write({ cmd: type, messageId: packetId, reasonCode, ...said(properties) }, version)
}

function encodeConnack(packet: ConnackPacket, version: ProtocolVersion): Buffer {
  const { sessionPresent, reasonCode, properties } = packet
  if (version === 5) return write({ cmd: 'connack', sessionPresent, reasonCode, ...said(properties) }, version)
  const returnCode = connackReturnCode(reasonCode)
  if (returnCode === undefined) return nothing
  // In 3.1 the byte is reserved.
  return write({ cmd: 'connack', sessionPresent: sessionPresent && version === 4, returnCode }, version)
}

/** Before version 5 all failures are one [MQTT3-3.9.3-2]. */
function encodeSuback(packet: SubackPacket, version: ProtocolVersion): Buffer {
  const { packetId, reasonCodes, properties } = packet
  const granted = version === 5 ? reasonCodes : reasonCodes.map((code) => (isFailure(code) ? failure : code))
  return write({ cmd: 'suback', messageId: packetId, granted, ...said(properties) }, version)
}

const write = (packet: Packet, version: ProtocolVersion): Buffer => generate(packet, { protocolVersion: version })

/** Our properties by mqtt-packet's names. */
function said({ userProperties, maximumQos, subscriptionIdentifiers: _, ...same }: Properties) {
  return {
    properties: {
      ...same,
      ...(maximumQos === undefined ? {} : { maximumQoS: maximumQos }),
      ...(userProperties === undefined ? {} : { userProperties: byName(userProperties) }),
    },
  }
}

/** Without a prototype, for a name may be any word. */
function byName(userProperties: readonly UserProperty[]): Record<string, string[]> {
  const values: Record<string, string[]> = Object.create(null)
  for (const [name, value] of userProperties) {
    values[name] ??= []
    values[name].push(value)
  }
  return values
}

function unreachable(packet: never): never {
  throw new TypeError(`there is no packet ${JSON.stringify(packet)}`)
}
