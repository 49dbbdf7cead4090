import { createDecoder, type Decoder } from '../decoder.ts'
import { varintBytes, writeVarint } from '../field-writer.ts'
import type { ClientPacket, ProtocolVersion } from '../packet.ts'
import type { ProtocolError } from '../protocol-error.ts'

/** What the tests write packets with: byte by byte, so that they can be wrong in any way. */
export type Bytes = number | Uint8Array | readonly Bytes[]

export const bytes = (...parts: readonly Bytes[]): Buffer => Buffer.concat(parts.map(part))

function part(from: Bytes): Uint8Array {
  if (typeof from === 'number') return Uint8Array.of(from)
  return from instanceof Uint8Array ? from : bytes(...from)
}

export function varint(value: number): Buffer {
  const buffer = Buffer.alloc(varintBytes(value))
  writeVarint(buffer, 0, value)
  return buffer
}

export const uint16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff)

export const uint32 = (value: number): Buffer => bytes(uint16(value >>> 16), uint16(value & 0xffff))

/** A string or binary field with its length. */
export function field(value: string | Uint8Array): Buffer {
  const content = Buffer.from(value as Uint8Array)
  return bytes(uint16(content.length), content)
}

export const properties = (...parts: readonly Bytes[]): Buffer => {
  const content = bytes(...parts)
  return bytes(varint(content.length), content)
}

export const noProperties = 0

/** A packet with the right remaining length. */
export function packet(first: number, ...body: readonly Bytes[]): Buffer {
  const content = bytes(...body)
  return bytes(first, varint(content.length), content)
}

export type ConnectParts = {
  name?: string
  level?: number
  flags?: number
  properties?: Bytes
  clientId?: Bytes
  /** What follows the client identifier. */
  payload?: readonly Bytes[]
}

/** A CONNECT that is right but for what the test says; version 5 unless it says another. */
export function connect(parts: ConnectParts = {}): Buffer {
  const { name = 'MQTT', level = 5, flags = 2, clientId = field('c'), payload = [] } = parts
  const ofVersion5 = level === 5 ? [parts.properties ?? noProperties] : []
  return packet(0x10, field(name), level, flags, uint16(60), ofVersion5, clientId, payload)
}

export const connectIn = (version: ProtocolVersion): Buffer =>
  connect({ level: version, name: version === 3 ? 'MQIsdp' : 'MQTT' })

/** A decoder that has taken a CONNECT. */
export function connected(version: ProtocolVersion = 5, packetBytesMax = 1_000_000): Decoder {
  const decoder = createDecoder({ packetBytesMax })
  decoder.push(connectIn(version))
  if (decoder.next()?.type !== 'connect') throw new Error('the CONNECT of the test is not taken')
  return decoder
}

export function decodeAll(decoder: Decoder, ...chunks: readonly Uint8Array[]): (ClientPacket | ProtocolError)[] {
  const packets: (ClientPacket | ProtocolError)[] = []
  for (const chunk of chunks) {
    decoder.push(Buffer.from(chunk))
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) packets.push(next)
  }
  return packets
}

/** The only thing that the decoder says to the bytes of a client already connected. */
export function decodeOne(wire: Uint8Array, version: ProtocolVersion = 5): ClientPacket | ProtocolError | undefined {
  const packets = decodeAll(connected(version), wire)
  if (packets.length > 1) throw new Error('there is more than one packet')
  return packets[0]
}

/** The same for a client that has said nothing yet. */
export function decodeFirst(wire: Uint8Array, packetBytesMax = 1_000_000): ClientPacket | ProtocolError | undefined {
  return decodeAll(createDecoder({ packetBytesMax }), wire)[0]
}

/** The reason code of a refusal; undefined when there is none. */
export const refusalOf = (outcome: ClientPacket | ProtocolError | undefined): number | undefined =>
  outcome?.type === 'protocol-error' ? outcome.reasonCode : undefined
