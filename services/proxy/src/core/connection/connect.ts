import {
  type ConnectPacket,
  encodeServerPacket,
  isUtf8,
  type Properties,
  type ProtocolVersion,
  reasonCode,
} from '@tern/mqtt'
import { envelope, type home, state } from '@tern/proto'
import { connectionLimits, neverExpires } from './limits.ts'
import { isReserved } from './reserved-topics.ts'

/** What a CONNECT asks for, once it is judged. */
export type ConnectRequest = Readonly<{
  clientId: string
  version: ProtocolVersion
  cleanStart: boolean
  expirySeconds: number
  keepAliveSeconds: number
  receiveMaximum: number
  packetBytesMax: number
  topicAliasMaximum: number
  will: state.StoredWill | undefined
  /** The client takes user properties with acknowledgements [MQTT5-3.1.2-29]. */
  takesProblemInformation: boolean
  /** What CONNACK announces; what it does not announce is not held against the client. */
  announced: Properties
}>

export type ConnectVerdict = ConnectRequest | Readonly<{ refused: number }>

/** `drawnId` serves a client that brings no id [MQTT5-3.1.3-6]. */
export function judgeConnect(packet: ConnectPacket, drawnId: string): ConnectVerdict {
  const { clientId, protocolVersion: version, properties, will } = packet
  // Who brings credentials is taken as anonymous until there is somebody to check them; nobody can be asked for more than that.
  if (properties.authenticationMethod !== undefined) return { refused: reasonCode.badAuthenticationMethod }
  if (will?.properties.payloadFormatIndicator === 1 && !isUtf8(will.payload, 0, will.payload.length)) {
    return { refused: reasonCode.payloadFormatInvalid }
  }
  const assigned = clientId === ''
  if (will && isReserved(will.topic)) return { refused: reasonCode.notAuthorized }
  const packetBytesMax = properties.maximumPacketSize ?? Number.POSITIVE_INFINITY
  const announced = announcement(version, packetBytesMax, assigned ? drawnId : undefined)
  if (announced === undefined) return { refused: reasonCode.packetTooLarge }
  return {
    clientId: assigned ? drawnId : clientId,
    version,
    cleanStart: packet.cleanStart,
    // Before version 5 a session either ends with its connection or never.
    expirySeconds: version === 5 ? (properties.sessionExpiryInterval ?? 0) : packet.cleanStart ? 0 : neverExpires,
    keepAliveSeconds: packet.keepAliveSeconds,
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    packetBytesMax,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    will: will && willOf(will),
    takesProblemInformation: version === 5 && properties.requestProblemInformation !== false,
    announced,
  }
}

/** The properties of a CONNACK that accepts, as far as the client can take a packet of that size [MQTT5-3.1.2-24]. */
function announcement(
  version: ProtocolVersion,
  bytesMax: number,
  assignedId: string | undefined,
): Properties | undefined {
  if (version < 5) return {}
  const { receiveMaximum, packetBytesMax: maximumPacketSize, topicAliasMaximum } = connectionLimits
  const needed = assignedId === undefined ? {} : { assignedClientIdentifier: assignedId }
  for (const properties of [{ receiveMaximum, maximumPacketSize, topicAliasMaximum, ...needed }, needed]) {
    const connack = { type: 'connack', sessionPresent: false, reasonCode: 0, properties } as const
    if (encodeServerPacket(connack, version).length <= bytesMax) return properties
  }
  return undefined
}

/** `attempt`: another number for each CONNECT of this proxy incarnation. */
export const openCall = (request: ConnectRequest, attempt: number): NonNullable<home.HomeCall['call']> => ({
  $case: 'open',
  value: {
    cleanStart: request.cleanStart,
    expirySeconds: request.expirySeconds,
    will: request.will,
    principal: '',
    attempt,
  },
})

function willOf({ topic, payload, qos, retain, properties }: NonNullable<ConnectPacket['will']>): state.StoredWill {
  const published = envelope.Envelope.create({ qos, retain, ...envelopeFields(properties) })
  const delaySeconds = properties.willDelayInterval ?? 0
  return state.StoredWill.create({ topic, payload, delaySeconds, envelope: published })
}

/** The MQTT 5 properties of a message, as the envelope keeps them. */
export function envelopeFields(properties: Properties): Partial<envelope.Envelope> {
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic, correlationData } = properties
  return {
    payloadFormat: payloadFormatIndicator ?? 0,
    messageExpirySeconds: messageExpiryInterval,
    contentType,
    responseTopic,
    correlationData,
    userProperties: properties.userProperties?.map(([name, value]) => ({ name, value })) ?? [],
  }
}
