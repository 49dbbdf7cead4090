import { type Properties, readProperties, writeProperties } from './properties.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export type QoS = 0 | 1 | 2

export type Publish = Readonly<{
  type: 'publish'
  topic: string
  payload: Uint8Array
  qos: QoS
  retain: boolean
  dup: boolean
  packetId: number
  properties: Properties
}>

/** What a server may send. */
export type ServerPacket =
  | Publish
  | Readonly<{ type: 'connack'; sessionPresent: boolean; reasonCode: number; properties: Properties }>
  | Readonly<{
      type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
      packetId: number
      reasonCode: number
      properties: Properties
    }>
  | Readonly<{ type: 'suback' | 'unsuback'; packetId: number; reasonCodes: readonly number[]; properties: Properties }>
  | Readonly<{ type: 'pingresp' }>
  | Readonly<{ type: 'disconnect'; reasonCode: number; properties: Properties }>

const packet = (first: number, body: Writer): Uint8Array<ArrayBuffer> => new Writer().byte(first).counted(body).bytes()

export type Connect = Readonly<{
  clientId: string
  cleanStart: boolean
  keepAliveSeconds: number
  sessionExpirySeconds: number
  will?: Readonly<{ topic: string; payload: Uint8Array; qos: QoS; retain: boolean }> | undefined
}>

export function connect({ clientId, cleanStart, keepAliveSeconds, sessionExpirySeconds, will }: Connect) {
  const flags = (cleanStart ? 2 : 0) | (will === undefined ? 0 : 4 | (will.qos << 3) | (will.retain ? 32 : 0))
  const body = new Writer().text('MQTT').byte(5).byte(flags).word(keepAliveSeconds)
  writeProperties(body, { sessionExpirySeconds }).text(clientId)
  if (will !== undefined) writeProperties(body, {}).text(will.topic).binary(will.payload)
  return packet(0x10, body)
}

export function publish({ topic, payload, qos, retain, packetId, properties }: Omit<Publish, 'type' | 'dup'>) {
  const body = new Writer().text(topic)
  if (qos > 0) body.word(packetId)
  writeProperties(body, properties).raw(payload)
  return packet(0x30 | (qos << 1) | (retain ? 1 : 0), body)
}

export function subscribe(packetId: number, filter: string, qos: QoS, noLocal: boolean) {
  const body = writeProperties(new Writer().word(packetId), {})
    .text(filter)
    .byte(qos | (noLocal ? 4 : 0))
  return packet(0x82, body)
}

export const unsubscribe = (packetId: number, filter: string) =>
  packet(0xa2, writeProperties(new Writer().word(packetId), {}).text(filter))

const ackBytes = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 }

export const ack = (type: keyof typeof ackBytes, packetId: number) =>
  packet(ackBytes[type], new Writer().word(packetId))

export const pingreq = () => packet(0xc0, new Writer())

export const disconnect = (reasonCode: number) => packet(0xe0, new Writer().byte(reasonCode))

const ackTypes = { 4: 'puback', 5: 'pubrec', 6: 'pubrel', 7: 'pubcomp' } as const
const none: Properties = {}

function readPacket(first: number, reader: Reader): ServerPacket {
  const kind = first >> 4
  switch (kind) {
    case 2: {
      const sessionPresent = (reader.byte() & 1) === 1
      return { type: 'connack', sessionPresent, reasonCode: reader.byte(), properties: readProperties(reader) }
    }
    case 3: {
      const qos = ((first >> 1) & 3) as QoS
      const topic = reader.text()
      const packetId = qos > 0 ? reader.word() : 0
      const properties = readProperties(reader)
      const payload = reader.take(reader.left).slice()
      return {
        type: 'publish',
        topic,
        payload,
        qos,
        retain: (first & 1) === 1,
        dup: (first & 8) !== 0,
        packetId,
        properties,
      }
    }
    case 4:
    case 5:
    case 6:
    case 7: {
      const packetId = reader.word()
      const reasonCode = reader.left > 0 ? reader.byte() : 0
      return { type: ackTypes[kind], packetId, reasonCode, properties: reader.left > 0 ? readProperties(reader) : none }
    }
    case 9:
    case 11: {
      const packetId = reader.word()
      const properties = readProperties(reader)
      return {
        type: kind === 9 ? 'suback' : 'unsuback',
        packetId,
        properties,
        reasonCodes: [...reader.take(reader.left)],
      }
    }
    case 13:
      return { type: 'pingresp' }
    case 14: {
      const reasonCode = reader.left > 0 ? reader.byte() : 0
      return { type: 'disconnect', reasonCode, properties: reader.left > 0 ? readProperties(reader) : none }
    }
    default:
      throw new Error(`the server sent a packet of type ${kind}`)
  }
}

const packetBytesMax = 4 * 1024 * 1024

/** Cuts packets out of what comes: a frame may hold several, and a packet may be spread over frames [MQTT5-6.0.0-2]. */
export class PacketStream {
  #rest = new Uint8Array()

  push(bytes: Uint8Array): ServerPacket[] {
    const all = new Uint8Array(this.#rest.length + bytes.length)
    all.set(this.#rest)
    all.set(bytes, this.#rest.length)
    const packets: ServerPacket[] = []
    let at = 0
    for (;;) {
      const size = sizeOf(all, at)
      if (size === undefined || at + size.head + size.body > all.length) break
      if (size.body > packetBytesMax) throw new Error(`a packet is larger than ${packetBytesMax} bytes`)
      const body = all.subarray(at + size.head, at + size.head + size.body)
      packets.push(readPacket(all[at] ?? 0, new Reader(body)))
      at += size.head + size.body
    }
    this.#rest = all.slice(at)
    if (this.#rest.length > packetBytesMax + 5) throw new Error(`a packet is larger than ${packetBytesMax} bytes`)
    return packets
  }
}

/** Of the packet that begins at `at`; undefined while its length has not come whole. */
function sizeOf(bytes: Uint8Array, at: number): { head: number; body: number } | undefined {
  let body = 0
  for (let i = 1; i <= 4; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    body += (byte & 127) * 128 ** (i - 1)
    if (byte < 128) return { head: i + 1, body }
  }
  throw new Error('a length has more than four bytes')
}
