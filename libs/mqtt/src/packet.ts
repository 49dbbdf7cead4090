export type ProtocolVersion = 3 | 4 | 5
export type QoS = 0 | 1 | 2
export type UserProperty = readonly [name: string, value: string]

/** MQTT 5 properties by their names in the standard; which of them a packet may carry is checked by the decoder. */
export type Properties = {
  payloadFormatIndicator?: number
  messageExpiryInterval?: number
  contentType?: string
  responseTopic?: string
  correlationData?: Buffer
  /** On a PUBLISH to a client several are possible; on SUBSCRIBE at most one. */
  subscriptionIdentifiers?: number[]
  sessionExpiryInterval?: number
  assignedClientIdentifier?: string
  serverKeepAlive?: number
  authenticationMethod?: string
  authenticationData?: Buffer
  requestProblemInformation?: boolean
  willDelayInterval?: number
  requestResponseInformation?: boolean
  responseInformation?: string
  serverReference?: string
  reasonString?: string
  receiveMaximum?: number
  topicAliasMaximum?: number
  topicAlias?: number
  maximumQos?: number
  retainAvailable?: boolean
  userProperties?: UserProperty[]
  maximumPacketSize?: number
  wildcardSubscriptionAvailable?: boolean
  subscriptionIdentifiersAvailable?: boolean
  sharedSubscriptionAvailable?: boolean
}

export type Will = { topic: string; payload: Buffer; qos: QoS; retain: boolean; properties: Properties }

export type ConnectPacket = {
  type: 'connect'
  protocolVersion: ProtocolVersion
  clientId: string
  cleanStart: boolean
  keepAliveSeconds: number
  will?: Will
  username?: string
  password?: Buffer
  properties: Properties
}

export type PublishPacket = {
  type: 'publish'
  dup: boolean
  qos: QoS
  retain: boolean
  topic: string
  /** 0 for QoS 0. */
  packetId: number
  payload: Buffer
  properties: Properties
}

export type AckType = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
type Ack<Type extends AckType> = { type: Type; packetId: number; reasonCode: number; properties: Properties }
export type AckPacket = Ack<'puback'> | Ack<'pubrec'> | Ack<'pubrel'> | Ack<'pubcomp'>

export type Subscription = {
  filter: string
  qos: QoS
  noLocal: boolean
  retainAsPublished: boolean
  retainHandling: 0 | 1 | 2
}
export type SubscribePacket = {
  type: 'subscribe'
  packetId: number
  subscriptions: Subscription[]
  properties: Properties
}
export type UnsubscribePacket = { type: 'unsubscribe'; packetId: number; filters: string[]; properties: Properties }
export type PingreqPacket = { type: 'pingreq' }
export type DisconnectPacket = { type: 'disconnect'; reasonCode: number; properties: Properties }
export type AuthPacket = { type: 'auth'; reasonCode: number; properties: Properties }

export type ConnackPacket = { type: 'connack'; sessionPresent: boolean; reasonCode: number; properties: Properties }
export type SubackPacket = { type: 'suback'; packetId: number; reasonCodes: number[]; properties: Properties }
export type UnsubackPacket = { type: 'unsuback'; packetId: number; reasonCodes: number[]; properties: Properties }
export type PingrespPacket = { type: 'pingresp' }

/** What a server receives. */
export type ClientPacket =
  | ConnectPacket
  | PublishPacket
  | AckPacket
  | SubscribePacket
  | UnsubscribePacket
  | PingreqPacket
  | DisconnectPacket
  | AuthPacket

/** What a server sends. */
export type ServerPacket =
  | ConnackPacket
  | PublishPacket
  | AckPacket
  | SubackPacket
  | UnsubackPacket
  | PingrespPacket
  | DisconnectPacket
  | AuthPacket
