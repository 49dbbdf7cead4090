import { fieldValue, varintBytes, writeField, writeUint16, writeVarint } from './field-writer.ts'
import type { Properties, ProtocolVersion, QoS } from './packet.ts'
import { encodeUnchanged, encodeVarying } from './publish-properties.ts'

export type FrameOptions = {
  version: ProtocolVersion
  qos: QoS
  retain: boolean
  dup?: boolean
  /** Needed for QoS 1 and 2. */
  packetId?: number
  subscriptionIdentifiers?: readonly number[] | undefined
  /** `named` false: the receiver knows the alias already, and the topic name stays out. */
  topicAlias?: { alias: number; named: boolean } | undefined
  /** What is left of it now; without it, the one of the message stands. */
  messageExpiryInterval?: number | undefined
}

type CachedFrame = { bytes: Buffer; packetIdAt: number; messageExpiryInterval: number | undefined }

const none = Buffer.alloc(0)
const noIdentifiers: readonly number[] = []

/**
 * One message on its way to many subscribers: what is the same for them is encoded once. Frames without identifier, alias
 * or packet id are shared between all their receivers, so nobody may write to a frame.
 */
export class PublishTemplate {
  readonly #topic: Uint8Array
  readonly #payload: Uint8Array
  readonly #messageExpiryInterval: number | undefined
  readonly #source: Properties
  #properties: Buffer | undefined
  /** Six kinds: version 5 or before; QoS 0, QoS 0 retained, higher QoS. */
  readonly #cache: (CachedFrame | undefined)[] = [undefined, undefined, undefined, undefined, undefined, undefined]

  /** Of the properties those that belong to the message are taken; alias and subscription identifiers belong to a receiver. */
  constructor(topic: string | Uint8Array, payload: Uint8Array, properties: Properties) {
    this.#topic = fieldValue(topic)
    this.#payload = payload
    this.#source = properties
    this.#messageExpiryInterval = properties.messageExpiryInterval
  }

  /** Before version 5 there are no properties, identifiers or aliases, and the topic is always named. */
  frame(options: FrameOptions): Buffer {
    const { qos, subscriptionIdentifiers = noIdentifiers } = options
    const v5 = options.version === 5
    const expiry = v5 ? (options.messageExpiryInterval ?? this.#messageExpiryInterval) : undefined
    if (v5 && (options.topicAlias !== undefined || subscriptionIdentifiers.length > 0)) {
      const frame = this.#encode(v5, expiry, options)
      return qos === 0 ? frame.bytes : stamp(frame.bytes, frame.packetIdAt, options)
    }
    const kind = (v5 ? 3 : 0) + (qos > 0 ? 2 : options.retain ? 1 : 0)
    let frame = this.#cache[kind]
    if (frame === undefined || frame.messageExpiryInterval !== expiry) {
      frame = this.#encode(v5, expiry, options)
      this.#cache[kind] = frame
    }
    return qos === 0 ? frame.bytes : stamp(Buffer.from(frame.bytes), frame.packetIdAt, options)
  }

  #encode(v5: boolean, messageExpiryInterval: number | undefined, options: FrameOptions): CachedFrame {
    const topicAlias = v5 ? options.topicAlias : undefined
    const topic = topicAlias !== undefined && !topicAlias.named ? none : this.#topic
    const varying = v5
      ? encodeVarying(messageExpiryInterval, topicAlias?.alias, options.subscriptionIdentifiers ?? noIdentifiers)
      : none
    const constant = v5 ? this.#constantProperties() : none
    const propertyBytes = varying.length + constant.length
    const packetIdBytes = options.qos > 0 ? 2 : 0
    const headBytes = 2 + topic.length + packetIdBytes + (v5 ? varintBytes(propertyBytes) : 0)
    const remaining = headBytes + propertyBytes + this.#payload.length
    const bytes = Buffer.allocUnsafe(1 + varintBytes(remaining) + remaining)
    bytes[0] = firstByte(options)
    let at = writeVarint(bytes, 1, remaining)
    at = writeField(bytes, at, topic)
    const packetIdAt = at
    at += packetIdBytes
    if (v5) {
      at = writeVarint(bytes, at, propertyBytes)
      bytes.set(varying, at)
      bytes.set(constant, at + varying.length)
    }
    bytes.set(this.#payload, at + propertyBytes)
    return { bytes, packetIdAt, messageExpiryInterval }
  }

  #constantProperties(): Buffer {
    this.#properties ??= encodeUnchanged(this.#source)
    return this.#properties
  }
}

function firstByte({ qos, retain, dup = false }: FrameOptions): number {
  // [MQTT5-3.3.1-2]
  return 0x30 | (dup && qos > 0 ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)
}

/** Makes an encoded frame one receiver's own [MQTT5-2.2.1-4]. */
function stamp(bytes: Buffer, packetIdAt: number, options: FrameOptions): Buffer {
  const { packetId = 0 } = options
  if (packetId < 1 || packetId > 0xffff)
    throw new RangeError('a PUBLISH of QoS 1 or 2 needs a packet id from 1 to 65,535')
  bytes[0] = firstByte(options)
  writeUint16(bytes, packetIdAt, packetId)
  return bytes
}
