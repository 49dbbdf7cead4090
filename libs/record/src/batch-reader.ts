import { compressionBits, controlBit, layout, lengthOverhead, readInt64 } from './batch-layout.ts'
import { crc32c } from './crc32c.ts'
import { VarintReader } from './varint.ts'

/** Control records end somebody's transaction; no record of ours, and no message, is one. What others compressed is not unpacked. */
export type BatchContent = 'records' | 'control' | 'compressed'

export type BatchView = Readonly<{
  baseOffset: number
  lastOffset: number
  appendTimeMs: number
  count: number
  sizeBytes: number
  content: BatchContent
  /** None of a control batch; throws CorruptBatch for a compressed one. */
  records(): Iterable<{ offset: number; body: Buffer }>
}>

export class CorruptBatch extends Error {}

/** The batches that lie one after the other in the buffer. Throws CorruptBatch where one is torn or its CRC is wrong. */
export function* batches(buffer: Buffer): Generator<BatchView> {
  for (let at = 0; at < buffer.length; ) {
    const batch = batchAt(buffer, at)
    if (batch === undefined) throw new CorruptBatch(`the record batch at byte ${at} is cut off`)
    yield batch
    at += batch.sizeBytes
  }
}

/** Where a batch lies, and what its head says; neither its checksum nor its records were looked at. */
export type BatchSpan = Readonly<{ bytes: Buffer; baseOffset: number; lastOffset: number; appendTimeMs: number }>

/** The whole batches of the buffer, by their heads alone: what somebody looks through rather than reads. */
export function* batchSpans(buffer: Buffer): Generator<BatchSpan> {
  for (let at = 0; buffer.length - at >= layout.records; ) {
    const sizeBytes = buffer.readInt32BE(at + layout.length) + lengthOverhead
    if (sizeBytes < layout.records) throw new CorruptBatch(`the record batch at byte ${at} has an impossible length`)
    if (buffer.length - at < sizeBytes) return
    const baseOffset = readInt64(buffer, at + layout.baseOffset)
    yield {
      bytes: buffer.subarray(at, at + sizeBytes),
      baseOffset,
      lastOffset: baseOffset + buffer.readInt32BE(at + layout.lastOffsetDelta),
      appendTimeMs: readInt64(buffer, at + layout.maxTimestamp),
    }
    at += sizeBytes
  }
}

/** The batch that begins at the byte offset; undefined when it is not whole, CorruptBatch when it is not one. */
export function batchAt(buffer: Buffer, offset: number): BatchView | undefined {
  if (buffer.length - offset < layout.records) return undefined
  const sizeBytes = buffer.readInt32BE(offset + layout.length) + lengthOverhead
  if (sizeBytes < layout.records) throw new CorruptBatch(`the record batch at byte ${offset} has an impossible length`)
  if (buffer.length - offset < sizeBytes) return undefined
  if (buffer[offset + layout.magic] !== 2) throw new CorruptBatch(`the record batch at byte ${offset} is not version 2`)
  const crc = crc32c(buffer, offset + layout.attributes, offset + sizeBytes)
  if (crc !== buffer.readUInt32BE(offset + layout.crc))
    throw new CorruptBatch(`the record batch at byte ${offset} has a wrong checksum`)
  const baseOffset = readInt64(buffer, offset + layout.baseOffset)
  const count = buffer.readInt32BE(offset + layout.count)
  const content = contentOf(buffer.readInt16BE(offset + layout.attributes))
  return {
    baseOffset,
    lastOffset: baseOffset + buffer.readInt32BE(offset + layout.lastOffsetDelta),
    appendTimeMs: readInt64(buffer, offset + layout.maxTimestamp),
    count,
    sizeBytes,
    content,
    records: () => records(buffer.subarray(offset, offset + sizeBytes), content, baseOffset, count),
  }
}

function contentOf(attributes: number): BatchContent {
  if ((attributes & controlBit) !== 0) return 'control'
  return (attributes & compressionBits) === 0 ? 'records' : 'compressed'
}

function* records(
  batch: Buffer,
  content: BatchContent,
  baseOffset: number,
  count: number,
): Generator<{ offset: number; body: Buffer }> {
  if (content === 'control') return
  if (content === 'compressed')
    throw new CorruptBatch(`the record batch at offset ${baseOffset} is compressed; produce without compression`)
  const reader = new VarintReader(batch, layout.records, batch.length)
  for (let left = count; left > 0; left--) yield nextRecord(batch, reader, baseOffset)
}

function nextRecord(batch: Buffer, reader: VarintReader, baseOffset: number): { offset: number; body: Buffer } {
  try {
    const length = reader.signed()
    const end = reader.at + length
    reader.take(1) // attributes
    reader.next() // timestamp delta
    const offset = baseOffset + reader.signed()
    const from = reader.take(end - reader.at)
    return { offset, body: batch.subarray(from, end) }
  } catch (error) {
    throw new CorruptBatch(`a record in the batch at offset ${baseOffset} does not parse: ${(error as Error).message}`)
  }
}
