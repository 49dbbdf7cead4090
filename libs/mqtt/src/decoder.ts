import { readConnect, readProtocol } from './connect-reader.ts'
import { FieldReader } from './field-reader.ts'
import type { ClientPacket, PingreqPacket, ProtocolVersion } from './packet.ts'
import { readAck, readAuth, readDisconnect, readPublish, readSubscribe, readUnsubscribe } from './packet-reader.ts'
import { malformed, type ProtocolError, Refusal, violation } from './protocol-error.ts'
import { reasonCode } from './reason-code.ts'
import { StreamBuffer } from './stream-buffer.ts'

export type DecoderOptions = {
  /** The greatest packet taken, its header included: what CONNACK announces as Maximum Packet Size. */
  packetBytesMax: number
  /** The greatest CONNECT: small, for nobody knows the client yet, and large enough for any one field to be judged. */
  connectBytesMax?: number
}

export type Decoder = {
  /** Takes bytes; the chunk is the caller's again when this returns. */
  push(chunk: Buffer): void
  /** The next packet, undefined until more bytes come; after an error always undefined. Its buffers are safe to keep. */
  next(): ClientPacket | ProtocolError | undefined
  /** From CONNECT on. After a refused CONNECT it is the version to answer in; undefined then means: close without an answer. */
  readonly protocolVersion: ProtocolVersion | undefined
}

export const connectBytesMaxDefault = 131_072

const type = {
  connect: 1,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  unsubscribe: 10,
  pingreq: 12,
  disconnect: 14,
  auth: 15,
} as const

const pingreq: PingreqPacket = Object.freeze({ type: 'pingreq' })
const nothing = Buffer.alloc(0)

export const createDecoder = (options: DecoderOptions): Decoder => new PacketDecoder(options)

class PacketDecoder implements Decoder {
  readonly #stream = new StreamBuffer()
  readonly #reader = new FieldReader(nothing, 0, 0)
  readonly #packetBytesMax: number
  readonly #connectBytesMax: number
  #version: ProtocolVersion | undefined
  #connected = false
  #failed = false

  constructor({ packetBytesMax, connectBytesMax = connectBytesMaxDefault }: DecoderOptions) {
    this.#packetBytesMax = packetBytesMax
    this.#connectBytesMax = Math.min(connectBytesMax, packetBytesMax)
  }

  get protocolVersion(): ProtocolVersion | undefined {
    return this.#version
  }

  push(chunk: Buffer): void {
    if (!this.#failed) this.#stream.append(chunk)
  }

  next(): ClientPacket | ProtocolError | undefined {
    if (this.#failed) return undefined
    if (this.#stream.at === this.#stream.end) {
      this.#rest()
      return undefined
    }
    try {
      return this.#read()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#failed = true
      this.#rest()
      const { reasonCode, message } = error
      return { type: 'protocol-error', reasonCode, message, beforeConnect: !this.#connected }
    }
  }

  /** Keeps no bytes while there are none to read: a small chunk would hold the block that it was cut from. */
  #rest(): void {
    this.#stream.clear()
    this.#reader.reset(nothing, 0, 0)
  }

  /** Judges what has come of the header before waiting for more, so that a stream of something else ends at once. */
  #read(): ClientPacket | undefined {
    const { buffer, at, end } = this.#stream
    const first = buffer[at] as number
    this.#judgeFirstByte(first)
    let length = 0
    let bodyAt = at + 1
    for (let shift = 0; ; shift += 7) {
      if (bodyAt === end) return undefined
      const byte = buffer[bodyAt++] as number
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw malformed('the remaining length is longer than it need be')
        break
      }
      if (shift === 21) throw malformed('the remaining length is longer than four bytes')
    }
    const bytesMax = this.#connected ? this.#packetBytesMax : this.#connectBytesMax
    const packetBytes = bodyAt - at + length
    if (packetBytes > bytesMax)
      throw new Refusal(reasonCode.packetTooLarge, `a packet is larger than ${bytesMax} bytes`)
    if (bodyAt + length > end) {
      this.#stream.expect(packetBytes)
      return undefined
    }
    this.#reader.reset(buffer, bodyAt, bodyAt + length)
    const packet = this.#readBody(first)
    this.#reader.finish()
    this.#stream.at = bodyAt + length
    return packet
  }

  /** Type and flags [MQTT5-2.1.3-1]. */
  #judgeFirstByte(first: number): void {
    const packetType = first >> 4
    const flags = first & 0x0f
    if (!this.#connected) {
      if (packetType !== type.connect) throw violation('the first packet is not CONNECT')
    } else if (packetType === type.connect) throw violation('a second CONNECT came')
    if (packetType === type.publish) {
      if ((flags & 6) === 6) throw malformed('a PUBLISH has QoS 3')
      // [MQTT5-3.3.1-2]; version 3.1 does not speak of it.
      if ((flags & 14) === 8 && this.#version !== 3) throw malformed('a PUBLISH of QoS 0 has DUP')
      return
    }
    if (!isClientType(packetType)) throw violation('a packet is of a type that clients do not send')
    if (packetType === type.auth && this.#version !== 5) throw violation('there is no AUTH before version 5')
    if (flags === requiredFlags(packetType)) return
    // In 3.1 a repeated SUBSCRIBE, UNSUBSCRIBE or PUBREL has DUP.
    if (this.#version === 3 && requiredFlags(packetType) === 2 && flags === 10) return
    throw malformed('the flags of a packet header are wrong')
  }

  #readBody(first: number): ClientPacket {
    const reader = this.#reader
    const version = this.#version ?? 4
    switch (first >> 4) {
      case type.publish:
        return readPublish(reader, first & 0x0f, version)
      case type.puback:
        return readAck(reader, 'puback', version)
      case type.pubrec:
        return readAck(reader, 'pubrec', version)
      case type.pubrel:
        return readAck(reader, 'pubrel', version)
      case type.pubcomp:
        return readAck(reader, 'pubcomp', version)
      case type.pingreq:
        return pingreq
      case type.subscribe:
        return readSubscribe(reader, version)
      case type.unsubscribe:
        return readUnsubscribe(reader, version)
      case type.disconnect:
        return readDisconnect(reader, version)
      case type.auth:
        return readAuth(reader, version)
      default:
        return this.#readConnect()
    }
  }

  #readConnect(): ClientPacket {
    const { answerIn, accepted } = readProtocol(this.#reader)
    this.#version = answerIn
    if (!accepted || answerIn === undefined) {
      throw new Refusal(reasonCode.unsupportedProtocolVersion, 'the protocol name or version is not supported')
    }
    const packet = readConnect(this.#reader, answerIn)
    this.#reader.finish()
    this.#connected = true
    return packet
  }
}

const isClientType = (packetType: number): boolean => clientTypes[packetType] === 1

const clientTypes = new Uint8Array(16)
for (const packetType of Object.values(type)) clientTypes[packetType] = 1

const requiredFlags = (packetType: number): number =>
  packetType === type.pubrel || packetType === type.subscribe || packetType === type.unsubscribe ? 2 : 0
