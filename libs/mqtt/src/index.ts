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
export {
  connackReturnCode,
  isFailure,
  type ReasonCode,
  type ReturnCode,
  reasonCode,
  returnCode,
} from './reason-code.ts'
export { isValidTopicName, topicLevelsMax } from './topic.ts'
export { matches, parseFilter, type TopicFilter } from './topic-filter.ts'
export { keysPerPageMax, type TopicPage, TopicStore } from './topic-store.ts'
export { TopicTree } from './topic-tree.ts'
