import { layout, lengthOverhead, logAppendTimeBit, writeInt64 } from './batch-layout.ts'
import { crc32c } from './crc32c.ts'
import { varintSize, writeVarint, zigzag } from './varint.ts'

/** A record batch v2 without producer id. The log stamps offset and time; until then base offset and times are 0. */
export function encodeBatch(bodies: readonly Buffer[]): Buffer {
  if (bodies.length === 0) throw new Error('a record batch needs at least one record')
  let size = layout.records
  for (let delta = 0; delta < bodies.length; delta++) {
    const length = recordLength(delta, bodies[delta] as Buffer)
    size += varintSize(2 * length) + length
  }
  const batch = Buffer.allocUnsafe(size)
  writeHeader(batch, bodies.length)
  let at: number = layout.records
  for (let delta = 0; delta < bodies.length; delta++) {
    const body = bodies[delta] as Buffer
    at = writeVarint(batch, at, 2 * recordLength(delta, body))
    batch[at++] = 0 // attributes
    batch[at++] = 0 // timestamp delta: the log's append time holds for all
    at = writeVarint(batch, at, zigzag(delta))
    batch.set(body, at)
    at += body.length
  }
  fillCrc(batch)
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

function writeHeader(batch: Buffer, count: number): void {
  batch.fill(0, 0, layout.records)
  batch.writeInt32BE(batch.length - lengthOverhead, layout.length)
  batch.writeInt32BE(-1, layout.leaderEpoch)
  batch.writeInt8(2, layout.magic)
  batch.writeInt32BE(count - 1, layout.lastOffsetDelta)
  batch.fill(0xff, layout.producerId, layout.count)
  batch.writeInt32BE(count, layout.count)
}

function fillCrc(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch, layout.attributes, batch.length), layout.crc)
}
