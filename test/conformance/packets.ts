import mqttPacket, { type IConnectPacket, type IPublishPacket } from 'mqtt-packet'
import { frame, text } from '../support/mqtt-bytes.ts'
import { name } from './region-setup.ts'

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

/** Byte sequences that no string may be: not UTF-8, or with U+0000. */
export const illFormed = [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80], [0xe2, 0x82], [0x61, 0]]

/** A session that outlives its connection by a minute. */
export const lasting = { clean: false, properties: { sessionExpiryInterval: 60 } }
