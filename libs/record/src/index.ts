export {
  type BatchContent,
  type BatchSpan,
  type BatchView,
  batchAt,
  batches,
  batchSpans,
  CorruptBatch,
} from './batch-reader.ts'
export { encodeBatch, encodeCompacted, stampBatch } from './batch-writer.ts'
export { type Body, encodeBody, keyText, readBody } from './body.ts'
export { crc32c } from './crc32c.ts'
export { decodeEnvelope } from './envelope-decoder.ts'
export { type Envelope, encodeEnvelope } from './envelope-encoder.ts'
export { type Block, type BlockHead, readBlock } from './ledger/block-reader.ts'
export { BlockWriter, type Lost } from './ledger/block-writer.ts'
export {
  type EntryContext,
  type EntryKind,
  entryKind,
  isFailure,
  type LedgerEntry,
  nameHash,
  positionsPerGroup,
} from './ledger/entry.ts'
export type { EntryCursor } from './ledger/entry-cursor.ts'
export { encodeMessage, envelopeOf, publisherOf } from './message-body.ts'
export { type PackedRecord, PackedWriter, recordPrefixBytesMax, unpack } from './packed.ts'
