import { isValidTopicName } from '@tern/mqtt'
import { envelope } from '@tern/proto'
import { encodeBody, encodeEnvelope, readBody } from '@tern/record'
import { partitionOf } from '@tern/routing'
import type { Clock, Logger } from '@tern/runtime'

const retryDelay = 250

/** Appends a record to the queue of its topic, whoever owns that; rejects when that could not be done now. */
export type Publish = (topic: string, body: Buffer) => Promise<void>

export type RerouterOptions = Readonly<{
  queue: number
  queues: number
  clock: Clock
  logger: Logger
  publish: Publish
}>

/**
 * Other Kafka clients partition by other hashes: a foreign record in a queue where its topic does not belong is no message there,
 * and is appended to the right one (rule 5). Its offset is the sequence, so that repeating it is harmless.
 */
export class Rerouter {
  private readonly options: RerouterOptions
  private work: Promise<void> = Promise.resolve()
  private waiting = 0
  private stopped = false

  constructor(options: RerouterOptions) {
    this.options = options
  }

  get idle(): boolean {
    return this.waiting === 0
  }

  belongsHere(topic: string): boolean {
    return isValidTopicName(topic) && partitionOf(topic, this.options.queues) === this.options.queue
  }

  add(position: number, topic: string, body: Buffer): void {
    // Nobody could ever receive it: not a message anywhere.
    if (!isValidTopicName(topic)) return
    this.waiting++
    const moved = this.bodyOf(position, body)
    this.work = this.work.then(() => this.publish(topic, moved))
  }

  stop(): void {
    this.stopped = true
  }

  private bodyOf(position: number, body: Buffer): Buffer {
    const { key, value, header } = readBody(body, 0, body.length)
    const producerName = `reroute/${this.options.queue}`
    const moved = encodeEnvelope(envelope.Envelope.create({ qos: 1, producerName, sequence: position }))
    const parent = header('traceparent')
    return encodeBody(key, value, [['tern', moved], ...(parent ? [['traceparent', parent] as const] : [])] as [
      string,
      Buffer,
    ][])
  }

  private async publish(topic: string, body: Buffer): Promise<void> {
    while (!this.stopped) {
      try {
        await this.options.publish(topic, body)
        break
      } catch (error) {
        this.options.logger.warn('a foreign record waits for its queue', { error: String(error) })
        await new Promise<void>((resolve) => void this.options.clock.after(retryDelay, resolve))
      }
    }
    this.waiting--
  }
}
