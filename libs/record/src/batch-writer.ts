import { layout, lengthOverhead, logAppendTimeBit, writeInt64 } from './batch-layout.ts'
import { crc32c } from './crc32c.ts'
import { varintSize, writeVarint, zigzag } from './varint.ts'

/** A record batch v2 without producer id. The log stamps offset and time; until then base offset and times are 0. */
export function encodeBatch(bodies: readonly Buffer[]): Buffer {
  if (bodies.length === 0) throw new Error('a record batch needs at least one record')
  let size = layout.records
  for (let delta = 0; delta < bodies.length; delta++) size += recordSize(delta, bodies[delta] as Buffer)
  const batch = Buffer.allocUnsafe(size)
  writeHeader(batch, bodies.length, bodies.length - 1)
  let at: number = layout.records
  for (let delta = 0; delta < bodies.length; delta++) at = writeRecord(batch, at, delta, bodies[delta] as Buffer)
  fillCrc(batch)
  return batch
}

/** What compaction leaves of the offsets from `baseOffset` to `lastOffset`; perhaps nothing, and the range alone. */
export function encodeCompacted(
  range: Readonly<{ baseOffset: number; lastOffset: number; appendTimeMs: number }>,
  records: readonly Readonly<{ offset: number; body: Buffer }>[],
): Buffer {
  const { baseOffset, lastOffset, appendTimeMs } = range
  const sizes = records.map(({ offset, body }) => recordSize(offset - baseOffset, body))
  const size = sizes.reduce((sum, each) => sum + each, Number(layout.records))
  const batch = Buffer.allocUnsafe(size)
  writeHeader(batch, records.length, lastOffset - baseOffset)
  let at: number = layout.records
  for (const { offset, body } of records) at = writeRecord(batch, at, offset - baseOffset, body)
  stampBatch(batch, baseOffset, appendTimeMs)
  return batch
}

/** Writes the place and time the log gave, in place. The CRC covers the time, so it is made anew. */
export function stampBatch(batch: Buffer, baseOffset: number, appendTimeMs: number): void {
  writeInt64(batch, baseOffset, layout.baseOffset)
  writeInt64(batch, appendTimeMs, layout.baseTimestamp)
  writeInt64(batch, appendTimeMs, layout.maxTimestamp)
  batch.writeInt16BE(batch.readInt16BE(layout.attributes) | logAppendTimeBit, layout.attributes)
  fillCrc(batch)
}

const recordLength = (delta: number, body: Buffer): number => 2 + varintSize(2 * delta) + body.length

function recordSize(delta: number, body: Buffer): number {
  const length = recordLength(delta, body)
  return varintSize(2 * length) + length
}

function writeRecord(batch: Buffer, from: number, delta: number, body: Buffer): number {
  let at = writeVarint(batch, from, 2 * recordLength(delta, body))
  batch[at++] = 0 // attributes
  batch[at++] = 0 // timestamp delta: the log's append time holds for all
  at = writeVarint(batch, at, zigzag(delta))
  batch.set(body, at)
  return at + body.length
}

function writeHeader(batch: Buffer, count: number, lastOffsetDelta: number): void {
  batch.fill(0, 0, layout.records)
  batch.writeInt32BE(batch.length - lengthOverhead, layout.length)
  batch.writeInt32BE(-1, layout.leaderEpoch)
  batch.writeInt8(2, layout.magic)
  batch.writeInt32BE(lastOffsetDelta, layout.lastOffsetDelta)
  batch.fill(0xff, layout.producerId, layout.count)
  batch.writeInt32BE(count, layout.count)
}

function fillCrc(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch, layout.attributes, batch.length), layout.crc)
}
