import { type Log, LogError } from '@tern/log'
import { batches } from '@tern/record'

export const messagesTopic = 'tern.messages'
export const readBytesMax = 1024 * 1024

/** `body` is undefined where no record can be read; `why` says then what stands there. */
export type QueueRecord = Readonly<{ position: number; timeMs: number }> &
  (Readonly<{ body: Buffer }> | Readonly<{ body: undefined; why: string }>)

/** Records of the log from a position on; `next` follows the last one, `gap` says that retention took what lies between. */
export type Page = Readonly<{ records: readonly QueueRecord[]; next: number; gap: boolean; bytes: number }>

/** About `bytesMax` of records of one queue, from a position on and below `end`. */
export async function readPage(
  log: Log,
  queue: number,
  from: number,
  end: number,
  bytesMax: number = readBytesMax,
): Promise<Page> {
  try {
    const { batches: bytes } = await log.read(messagesTopic, queue, from, bytesMax)
    const records: QueueRecord[] = []
    let next = from
    for (const record of recordsIn(bytes)) {
      if (record.position < from || record.position >= end) continue
      next = record.position + 1
      records.push(record)
    }
    return { records, next, gap: false, bytes: bytes.length }
  } catch (error) {
    if (error instanceof LogError && error.failure === 'out-of-range' && error.range && from < error.range.start) {
      return { records: [], next: error.range.start, gap: true, bytes: 0 }
    }
    throw error
  }
}

/** Also Kafka itself writes into a queue (the end of somebody's transaction), and a topic may be told to keep what others compressed. */
function* recordsIn(bytes: Buffer): Generator<QueueRecord> {
  for (const { content, baseOffset, lastOffset, appendTimeMs: timeMs, records } of batches(bytes)) {
    if (content === 'records') {
      for (const { offset, body } of records()) yield { position: offset, timeMs, body }
      continue
    }
    const why = content === 'control' ? endOfTransaction : 'it is compressed; set compression.type to uncompressed'
    for (let position = baseOffset; position <= lastOffset; position++) yield { position, timeMs, body: undefined, why }
  }
}

/** Nothing that an operator would want to hear of. */
export const endOfTransaction = 'it ends a transaction'
