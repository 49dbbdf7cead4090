import { crc32c } from './crc32c.ts'
import { Reader, varintSize, writeVarint } from './varint.ts'

/** Offsets of the fields of a record batch, message format v2 (Kafka's DefaultRecordBatch). */
const at = {
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTime: 27,
  maxTime: 35,
  producer: 43,
  count: 57,
  records: 61,
}
const logAppendTime = 0x08

export class CorruptBatch extends Error {}

export type StoredRecord = Readonly<{ offset: number; body: Buffer }>

export type BatchView = Readonly<{
  baseOffset: number
  lastOffset: number
  appendTimeMs: number
  count: number
  sizeBytes: number
  records(): Iterable<StoredRecord>
}>

/** A batch without producer id; the log gives base offset and time (`stampBatch`). */
export function encodeBatch(bodies: readonly Uint8Array[]): Buffer {
  let size = at.records
  for (let i = 0; i < bodies.length; i++) {
    const length = recordLength(bodies[i]!, i)
    size += varintSize(length * 2) + length
  }
  const batch = Buffer.allocUnsafe(size)
  batch.fill(0, 0, at.records)
  batch.writeInt32BE(size - 12, at.length)
  batch[at.magic] = 2
  batch.writeInt32BE(bodies.length - 1, at.lastOffsetDelta)
  batch.fill(0xff, at.producer, at.count)
  batch.writeInt32BE(bodies.length, at.count)
  let offset = at.records
  for (let i = 0; i < bodies.length; i++) {
    const body = bodies[i]!
    offset = writeVarint(batch, offset, recordLength(body, i) * 2)
    batch[offset++] = 0
    batch[offset++] = 0
    offset = writeVarint(batch, offset, i * 2)
    batch.set(body, offset)
    offset += body.length
  }
  batch.writeUInt32BE(crc32c(batch, at.attributes), at.crc)
  return batch
}

/** Attributes, a time delta of 0 (the log's append time is the batch's), the offset delta, the body. */
const recordLength = (body: Uint8Array, index: number): number => 2 + varintSize(index * 2) + body.length

/** In place: what the log adds to a batch when it takes it. */
export function stampBatch(batch: Buffer, baseOffset: number, appendTimeMs: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), 0)
  batch.writeUInt16BE(batch.readUInt16BE(at.attributes) | logAppendTime, at.attributes)
  batch.writeBigInt64BE(BigInt(appendTimeMs), at.baseTime)
  batch.writeBigInt64BE(BigInt(appendTimeMs), at.maxTime)
  batch.writeUInt32BE(crc32c(batch, at.attributes), at.crc)
}

/** The batch that begins here, or undefined when it is not whole. Throws CorruptBatch when its bytes are not what was written. */
export function batchAt(buffer: Buffer, offset: number): BatchView | undefined {
  if (offset + at.records > buffer.length) return undefined
  const sizeBytes = buffer.readInt32BE(offset + at.length) + 12
  if (sizeBytes < at.records || buffer[offset + at.magic] !== 2)
    throw new CorruptBatch(`no record batch begins at byte ${offset}`)
  if (offset + sizeBytes > buffer.length) return undefined
  const end = offset + sizeBytes
  if (crc32c(buffer, offset + at.attributes, end) !== buffer.readUInt32BE(offset + at.crc)) {
    throw new CorruptBatch(`the record batch at byte ${offset} fails its checksum`)
  }
  const baseOffset = Number(buffer.readBigInt64BE(offset))
  return {
    baseOffset,
    lastOffset: baseOffset + buffer.readInt32BE(offset + at.lastOffsetDelta),
    appendTimeMs: Number(buffer.readBigInt64BE(offset + at.maxTime)),
    count: buffer.readInt32BE(offset + at.count),
    sizeBytes,
    records: () => recordsOf(buffer, offset + at.records, end, baseOffset),
  }
}

function* recordsOf(buffer: Buffer, offset: number, end: number, baseOffset: number): Generator<StoredRecord> {
  const reader = new Reader(buffer, offset, end)
  while (reader.offset < end) {
    const length = reader.signed()
    const recordEnd = reader.offset + length
    reader.bytes(1)
    reader.signed()
    const delta = reader.signed()
    yield { offset: baseOffset + delta, body: reader.bytes(recordEnd - reader.offset) }
  }
}

export function* batches(buffer: Buffer): Generator<BatchView> {
  for (let offset = 0; offset < buffer.length; ) {
    const batch = batchAt(buffer, offset)
    if (batch === undefined) throw new CorruptBatch(`the record batch at byte ${offset} is cut off`)
    yield batch
    offset += batch.sizeBytes
  }
}
