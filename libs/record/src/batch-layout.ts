/** Where the fields of Kafka's record batch v2 lie. */
export const layout = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const

/** The length field counts what follows it. */
export const lengthOverhead = 12
export const compressionBits = 0x07
export const logAppendTimeBit = 0x08
export const controlBit = 0x20

/** Numbers below 2^53 as 64 bits; several times faster than BigInt. */
export function writeInt64(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at)
  buffer.writeUInt32BE(value % 0x1_0000_0000, at + 4)
}

export const readInt64 = (buffer: Buffer, at: number): number =>
  buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4)
