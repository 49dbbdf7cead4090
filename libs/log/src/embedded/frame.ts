import { crc32c } from '@tern/record'

/**
 * A journal frame: payload length, CRC, kind, topic id, partition, payload. For a batch the CRC covers the header and the base
 * offset, as the batch carries its own for the rest; for facts about topics it covers everything.
 */
export const frameHeaderBytes = 12
const batchKind = 1
const factKind = 2

/** A base offset is the first eight bytes of a batch. */
const baseOffsetBytes = 8

export type Frame = Readonly<{ topicId: number; partition: number; payload: Buffer; kind: 'batch' | 'fact' }>

export function writeFrame(target: Buffer, at: number, frame: Frame): number {
  const { topicId, partition, payload, kind } = frame
  target.writeUInt32LE(payload.length, at)
  target[at + 8] = kind === 'batch' ? batchKind : factKind
  target[at + 9] = topicId
  target.writeUInt16LE(partition, at + 10)
  payload.copy(target, at + frameHeaderBytes)
  target.writeUInt32LE(checksum(target, at, payload.length), at + 4)
  return at + frameHeaderBytes + payload.length
}

/** The frame at a position; undefined where none was written or it is torn. Batches are still to be checked by their own CRC. */
export function readFrame(source: Buffer, at: number): Frame | undefined {
  if (at + frameHeaderBytes > source.length) return undefined
  const length = source.readUInt32LE(at)
  const kind = source[at + 8]
  const end = at + frameHeaderBytes + length
  if (length < baseOffsetBytes || end > source.length || (kind !== batchKind && kind !== factKind)) return undefined
  if (checksum(source, at, length) !== source.readUInt32LE(at + 4)) return undefined
  return {
    topicId: source[at + 9] as number,
    partition: source.readUInt16LE(at + 10),
    payload: source.subarray(at + frameHeaderBytes, end),
    kind: kind === batchKind ? 'batch' : 'fact',
  }
}

function checksum(buffer: Buffer, at: number, length: number): number {
  const covered = buffer[at + 8] === batchKind ? baseOffsetBytes : length
  return (crc32c(buffer, at + 8, at + frameHeaderBytes + covered) ^ length) >>> 0
}
