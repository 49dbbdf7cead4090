import { type TopicPage, TopicStore } from '@tern/mqtt'
import { readBody } from '@tern/record'
import type { Message } from '../queue/tail-ring.ts'

/** The newest retained message of each topic of a queue: derived from the log, never written beside it (D11). */
export class RetainedTopics {
  private readonly topics = new TopicStore<Message>()

  /** A message with RETAIN 1: replaces the topic's value, or removes it when its payload is empty [MQTT5-3.3.1-5, -6, -7]. */
  apply(message: Message): void {
    const { value } = readBody(message.body, 0, message.body.length)
    if (value === null || value.length === 0) this.topics.delete(message.topic)
    else {
      // A copy: the body is a view of a frame that would be kept alive as a whole.
      this.topics.set(message.topic, { ...message, body: Buffer.from(message.body) })
    }
  }

  /** A page of what matches, in byte order of the topics, after one of them. */
  page(filter: string, afterTopic: string, limit: number): TopicPage<Message> {
    return this.topics.matching(filter, afterTopic, limit)
  }
}
