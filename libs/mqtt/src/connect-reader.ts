import type { FieldReader } from './field-reader.ts'
import type { ConnectPacket, Properties, ProtocolVersion, QoS, Will } from './packet.ts'
import { carrier, readProperties } from './property-reader.ts'
import { malformed, Refusal, violation } from './protocol-error.ts'
import { reasonCode } from './reason-code.ts'
import { isValidTopicName } from './topic.ts'

const flag = { reserved: 0x01, cleanStart: 0x02, will: 0x04, willRetain: 0x20, password: 0x40, username: 0x80 } as const

const bridgeBit = 0x80

/**
 * The protocol name and level, and the version in which to answer: known even when the level is not one of ours, for the
 * client is told so in the nearest version's words, and unknown when the name is not MQTT's [MQTT5-3.1.2-1, -2].
 */
export function readProtocol(reader: FieldReader): { answerIn?: ProtocolVersion; accepted: boolean } {
  const name = reader.binary().toString('latin1')
  const level = reader.byte()
  if (name === 'MQTT') {
    if (level === 4 || level === 5) return { answerIn: level, accepted: true }
    // Mosquitto marks a bridge with the top bit, and tries again without it when it is told "unacceptable".
    return { answerIn: (level & ~bridgeBit) >= 5 ? 5 : 4, accepted: false }
  }
  if (name === 'MQIsdp') return level === 3 ? { answerIn: 3, accepted: true } : { answerIn: 4, accepted: false }
  return { accepted: false }
}

/** What follows the protocol level. */
export function readConnect(reader: FieldReader, protocolVersion: ProtocolVersion): ConnectPacket {
  const flags = reader.byte()
  judgeFlags(flags, protocolVersion)
  const keepAliveSeconds = reader.uint16()
  const properties = protocolVersion === 5 ? readProperties(reader, carrier.connect) : {}
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw violation('authentication data comes without a method')
  }
  const cleanStart = (flags & flag.cleanStart) !== 0
  const packet: ConnectPacket = {
    type: 'connect',
    protocolVersion,
    clientId: readClientId(reader, protocolVersion, cleanStart),
    cleanStart,
    keepAliveSeconds,
    properties,
  }
  if ((flags & flag.will) !== 0) packet.will = readWill(reader, protocolVersion, flags)
  if (hasField(flags & flag.username, reader, protocolVersion)) packet.username = reader.string()
  if (hasField(flags & flag.password, reader, protocolVersion)) packet.password = reader.binary()
  return packet
}

/** [MQTT5-3.1.2-3] [MQTT5-3.1.2-11, -12, -13]; only version 5 knows a password alone [MQTT3-3.1.2-22]. */
function judgeFlags(flags: number, protocolVersion: ProtocolVersion): void {
  if ((flags & flag.reserved) !== 0) throw malformed('the reserved flag of CONNECT is set')
  const willQos = (flags >> 3) & 3
  if (willQos === 3) throw malformed('the will has QoS 3')
  if ((flags & flag.will) === 0 && (willQos !== 0 || (flags & flag.willRetain) !== 0)) {
    throw malformed('there are flags of a will without a will')
  }
  if (protocolVersion < 5 && (flags & flag.username) === 0 && (flags & flag.password) !== 0) {
    throw malformed('a password comes without a user name')
  }
}

/** Without an identifier there is nothing to find a kept session by, save in version 5, where one is assigned [MQTT3-3.1.3-8]. */
function readClientId(reader: FieldReader, protocolVersion: ProtocolVersion, cleanStart: boolean): string {
  const clientId = reader.string()
  if (clientId === '' && (protocolVersion === 3 || (protocolVersion === 4 && !cleanStart))) {
    throw new Refusal(reasonCode.clientIdentifierNotValid, 'the client identifier is empty')
  }
  return clientId
}

function readWill(reader: FieldReader, protocolVersion: ProtocolVersion, flags: number): Will {
  const properties: Properties = protocolVersion === 5 ? readProperties(reader, carrier.will) : {}
  const topic = reader.string()
  if (!isValidTopicName(topic)) throw new Refusal(reasonCode.topicNameInvalid, 'the will has no valid topic name')
  const payload = reader.binary()
  return { topic, payload, qos: ((flags >> 3) & 3) as QoS, retain: (flags & flag.willRetain) !== 0, properties }
}

/** In 3.1 alone the packet may end before a user name or password that its flags announce (section 3.1 there). */
const hasField = (flagged: number, reader: FieldReader, protocolVersion: ProtocolVersion): boolean =>
  flagged !== 0 && !(protocolVersion === 3 && reader.remaining === 0)
