import { type TopicPage, TopicStore } from '@tern/mqtt'
import { readBody } from '@tern/record'
import type { Message } from '../queue/tail-ring.ts'

/** The newest retained message of each topic of a queue: derived from the log, never written beside it (D11). */
export class RetainedTopics {
  private readonly topics = new TopicStore<Message>()
  /** Of the bodies. */
  bytes = 0
  private changed = new Map<string, Message | undefined>()

  get size(): number {
    return this.topics.size
  }

  has(topic: string): boolean {
    return this.topics.get(topic) !== undefined
  }

  /** 0 when the topic has none. */
  bytesOf(topic: string): number {
    return this.topics.get(topic)?.body.length ?? 0
  }

  /** A message with RETAIN 1: replaces the topic's value, or removes it when its payload is empty [MQTT5-3.3.1-5, -6, -7]. */
  apply(message: Message): void {
    const { value } = readBody(message.body, 0, message.body.length)
    this.bytes -= this.bytesOf(message.topic)
    if (value === null || value.length === 0) {
      this.topics.delete(message.topic)
      this.changed.set(message.topic, undefined)
    } else {
      // A copy: the body is a view of a frame that would be kept alive as a whole.
      const kept = { ...message, body: Buffer.from(message.body) }
      this.topics.set(message.topic, kept)
      this.bytes += kept.body.length
      this.changed.set(message.topic, kept)
    }
  }

  /** Takes up what a snapshot kept. */
  restore(messages: readonly Message[]): void {
    for (const message of messages) {
      this.topics.set(message.topic, message)
      this.bytes += message.body.length
    }
  }

  /** Topics whose value changed since the last call, with their values now. */
  takeChanged(): ReadonlyMap<string, Message | undefined> {
    const { changed } = this
    this.changed = new Map()
    return changed
  }

  /** What was taken could not be kept; newer changes stay. */
  putBack(changed: ReadonlyMap<string, Message | undefined>): void {
    this.changed = new Map([...changed, ...this.changed])
  }

  /** A page of what matches, in byte order of the topics, after one of them. */
  page(filter: string, afterTopic: string, limit: number): TopicPage<Message> {
    return this.topics.matching(filter, afterTopic, limit)
  }
}
