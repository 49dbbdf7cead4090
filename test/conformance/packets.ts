import mqttPacket, { type IConnectPacket, type IPublishPacket } from 'mqtt-packet'
import { name } from './region-setup.ts'

/** A packet of a first byte and a body, whatever they say. */
export function frame(first: number, ...parts: (Uint8Array | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  return Buffer.concat([Buffer.from([first, ...varint(body.length)]), body])
}

/** Bytes with their length before them, as strings stand on the wire. */
export function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

/** A CONNECT in pieces, each of which can be wrong. */
export function connectFrame({
  protocol = text('MQTT'),
  level = 5,
  flags = 2,
  properties = [0] as Uint8Array | readonly number[],
  payload = text(name()),
} = {}): Buffer {
  return frame(0x10, protocol, [level, flags, 0, 60], level === 5 ? properties : [], payload)
}

export const connectBytes = (fields: Partial<IConnectPacket> = {}): Buffer =>
  mqttPacket.generate(
    { cmd: 'connect', clientId: name(), clean: true, protocolVersion: 5, protocolId: 'MQTT', ...fields } as never,
    { protocolVersion: 5 },
  )

export const publish = (topic: string, fields: Partial<IPublishPacket> = {}): IPublishPacket => ({
  cmd: 'publish',
  ...{ topic, payload: 'x', qos: 0, retain: false, dup: false },
  ...fields,
})

/** A number of one to four bytes [MQTT5-1.5.5]. */
export function varint(value: number): number[] {
  const bytes: number[] = []
  let left = value
  do {
    bytes.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
    left >>>= 7
  } while (left > 0)
  return bytes
}
