import { type Properties, PublishTemplate, type QoS } from '@tern/mqtt'
import { type Envelope, envelopeOf, keyText, readBody } from '@tern/record'
import type { Clock } from '@tern/runtime'
import type { Message } from '../../ports.ts'

/** A message on its way to clients, taken apart once for all of them. */
export class Outgoing {
  readonly source: Message
  readonly queue: number
  readonly position: number
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
  /** Who published it; empty for a foreign record. */
  readonly clientId: string
  readonly bytes: number
  readonly template: PublishTemplate
  /** When the publisher's proxy had it; 0 for a foreign record. */
  readonly receivedMs: number
  private readonly timeMs: number
  private readonly expirySeconds: number | undefined

  constructor(source: Message, topic = topicOf(source)) {
    const { queue, position, timeMs, body } = source
    this.source = source
    const { key, value } = readBody(body, 0, body.length)
    const envelope = envelopeOf(body)
    this.queue = queue
    this.position = position
    this.timeMs = timeMs
    this.topic = topic
    this.bytes = body.length
    // A record that another Kafka producer wrote is a QoS 1 message, not retained (rule 5).
    this.qos = (envelope?.qos ?? 1) as QoS
    this.retain = envelope?.retain ?? false
    this.clientId = envelope?.clientId ?? ''
    this.receivedMs = envelope?.receiveTimeMs ?? 0
    this.expirySeconds = envelope?.messageExpirySeconds
    this.template = new PublishTemplate(key ?? '', value ?? new Uint8Array(), envelope ? propertiesOf(envelope) : {})
  }

  /** What is left of its life in whole seconds; undefined for ever, negative when it is over [MQTT5-3.3.2-5] [MQTT5-3.3.2-6]. */
  secondsLeft(clock: Clock): number | undefined {
    // Most messages never expire, and what time it is costs more than the rest of this.
    if (this.expirySeconds === undefined) return undefined
    const left = this.timeMs + this.expirySeconds * 1000 - clock.now()
    // Rather late than early: the clocks of the log and of this process may differ.
    return left < -expiryToleranceMs ? -1 : Math.max(0, Math.min(this.expirySeconds, Math.ceil(left / 1000)))
  }

  /** In an exchange that has begun: it may have been received, so its expiry does not end it, and the client is told what is left. */
  secondsToTell(clock: Clock): number | undefined {
    const left = this.secondsLeft(clock)
    return left === undefined ? undefined : Math.max(0, left)
  }
}

/** Two clocks of one region differ by less. */
export const expiryToleranceMs = 500

/** The topic alone, for finding out whether anybody wants the message. */
export const topicOf = ({ body }: Message): string => keyText(body) ?? ''

/** The properties that a server forwards unaltered. */
function propertiesOf(envelope: Envelope): Properties {
  const properties: Properties = {}
  if (envelope.payloadFormat > 0) properties.payloadFormatIndicator = envelope.payloadFormat
  if (envelope.messageExpirySeconds !== undefined) properties.messageExpiryInterval = envelope.messageExpirySeconds
  if (envelope.contentType !== undefined) properties.contentType = envelope.contentType
  if (envelope.responseTopic !== undefined) properties.responseTopic = envelope.responseTopic
  if (envelope.correlationData !== undefined) properties.correlationData = Buffer.from(envelope.correlationData)
  if (envelope.userProperties.length > 0) {
    properties.userProperties = envelope.userProperties.map(({ name, value }) => [name, value] as const)
  }
  return properties
}
