import { type PublishPacket, reasonCode } from '@tern/mqtt'
import { connectionLimits } from './limits.ts'

/** Topics that a client named by an alias; they live as long as its connection [MQTT5-3.3.2-7]. */
export class InboundAliases {
  private readonly topics = new Map<number, string>()

  /** The topic of a PUBLISH, or the reason code with which the connection closes. */
  topicOf({ topic, properties: { topicAlias } }: PublishPacket): string | number {
    if (topicAlias === undefined) return topic
    if (topicAlias > connectionLimits.topicAliasMaximum) return reasonCode.topicAliasInvalid
    if (topic === '') return this.topics.get(topicAlias) ?? reasonCode.topicAliasInvalid
    this.topics.set(topicAlias, topic)
    return topic
  }
}
