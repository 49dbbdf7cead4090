import { isValidTopicName } from '@tern/mqtt'
import type { envelope } from '@tern/proto'
import { decodeEnvelope, readBody } from '@tern/record'

/** What a record of a queue is by itself, before the order of the log judges it. */
export type Reading =
  /** A proxy or an owner wrote it; without a topic it only changes state. */
  | Readonly<{ writer: 'region'; envelope: envelope.Envelope; topic: string | undefined }>
  /** Some Kafka producer wrote it: a QoS 1 message in the queue of its topic (rule 5). */
  | Readonly<{ writer: 'foreign'; topic: string }>
  /** No message anywhere, and never in the way of one. */
  | Readonly<{ writer: 'nobody'; why: string }>

const qosMax = 2

export function readRecord(body: Buffer): Reading {
  const { key, header } = readBody(body, 0, body.length)
  const topic = key === null ? undefined : topicIn(key)
  if (key !== null && topic === undefined) return nothing('its key is no valid MQTT topic name')
  const written = header('tern')
  if (written === undefined) return topic === undefined ? nothing('it has no key') : { writer: 'foreign', topic }
  const found = envelopeIn(written)
  return found ? { writer: 'region', envelope: found, topic } : nothing('its header "tern" is no envelope')
}

/** The topic of a record that only has to be told from those of others: the verdicts on what the region wrote are state. */
export function topicIfMessage(body: Buffer, belongsHere: (topic: string) => boolean): string | undefined {
  const { key, header } = readBody(body, 0, body.length)
  if (key === null) return undefined
  if (header('tern') !== undefined) return key.toString()
  const topic = topicIn(key)
  return topic !== undefined && belongsHere(topic) ? topic : undefined
}

const nothing = (why: string): Reading => ({ writer: 'nobody', why })

/** Bytes that are no UTF-8 would come out as another topic, in another queue, which no client may be sent [MQTT5-1.5.4-1]. */
function topicIn(key: Buffer): string | undefined {
  const topic = key.toString()
  const isExact = !topic.includes('\ufffd') || Buffer.from(topic).equals(key)
  return isExact && isValidTopicName(topic) ? topic : undefined
}

function envelopeIn(header: Buffer): envelope.Envelope | undefined {
  try {
    const found = decodeEnvelope(header)
    return found.qos <= qosMax ? found : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
