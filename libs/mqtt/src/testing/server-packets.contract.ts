import mqttPacket, { type Packet } from 'mqtt-packet'
import type { ProtocolVersion } from '../packet.ts'

/** What a client would read from these bytes, by another implementation than ours. */
export function serverPackets(bytes: readonly Uint8Array[], version: ProtocolVersion): Packet[] {
  const packets: Packet[] = []
  const parser = mqttPacket.parser({ protocolVersion: version })
  parser.on('packet', (packet) => void packets.push(packet))
  parser.on('error', (error) => {
    throw error
  })
  for (const each of bytes) parser.parse(Buffer.from(each))
  return packets
}

export type { IPublishPacket, Packet } from 'mqtt-packet'
