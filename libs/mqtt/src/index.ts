export { encodeAck } from './ack-encoder.ts'
export { encodeServerPacket } from './codec.ts'
export { connectBytesMaxDefault, createDecoder, type Decoder, type DecoderOptions } from './decoder.ts'
export { type KeyedPage, mergePages } from './merged-pages.ts'
export type {
  AckPacket,
  AckType,
  AuthPacket,
  ClientPacket,
  ConnackPacket,
  ConnectPacket,
  DisconnectPacket,
  PingreqPacket,
  PingrespPacket,
  Properties,
  ProtocolVersion,
  PublishPacket,
  QoS,
  ServerPacket,
  SubackPacket,
  SubscribePacket,
  Subscription,
  UnsubackPacket,
  UnsubscribePacket,
  UserProperty,
  Will,
} from './packet.ts'
export { userPropertyCountMax } from './property-reader.ts'
export type { ProtocolError } from './protocol-error.ts'
export { type FrameOptions, PublishTemplate } from './publish-template.ts'
export {
  connackReturnCode,
  isFailure,
  type ReasonCode,
  type ReturnCode,
  reasonCode,
  reasonName,
  returnCode,
} from './reason-code.ts'
export { SortedKeys } from './sorted-keys.ts'

export {
  clientAndFilterOf,
  type SubscriptionOf,
  type SubscriptionWish,
  subscriptionKeyOf,
  subscriptionPage,
} from './subscription-pages.ts'
export { isValidString, isValidTopicName, topicLevelsMax } from './topic.ts'

export { matches, parseFilter, type TopicFilter } from './topic-filter.ts'
export { keysPerPageMax, type TopicPage, TopicStore } from './topic-store.ts'
export { TopicTree } from './topic-tree.ts'
export { isUtf8 } from './utf8.ts'
