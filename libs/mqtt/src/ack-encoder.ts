import type { AckType, ProtocolVersion } from './packet.ts'

const firstBytes: Record<AckType, number> = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 }

/** An acknowledgement without properties. Success goes without saying, and before version 5 nothing else can be said. */
export function encodeAck(type: AckType, packetId: number, reasonCode: number, version: ProtocolVersion): Buffer {
  const says = version === 5 && reasonCode !== 0
  const bytes = Buffer.allocUnsafe(says ? 5 : 4)
  bytes[0] = firstBytes[type]
  bytes[1] = says ? 3 : 2
  bytes[2] = packetId >>> 8
  bytes[3] = packetId & 0xff
  if (says) bytes[4] = reasonCode
  return bytes
}
