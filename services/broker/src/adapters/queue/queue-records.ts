import { type Log, LogError } from '@tern/log'
import { batches, decodeEnvelope, type Envelope, readBody } from '@tern/record'
import type { Logger } from '@tern/runtime'

export const messagesTopic = 'tern.messages'
export const readBytesMax = 1024 * 1024

export type QueueRecord = Readonly<{ position: number; timeMs: number; topic: string | undefined; body: Buffer }>

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
    for (const batch of batches(bytes)) {
      for (const { offset, body } of batch.records()) {
        if (offset < from || offset >= end) continue
        next = offset + 1
        records.push({ position: offset, timeMs: batch.appendTimeMs, topic: topicOf(body), body })
      }
    }
    return { records, next, gap: false, bytes: bytes.length }
  } catch (error) {
    if (error instanceof LogError && error.failure === 'out-of-range' && error.range && from < error.range.start) {
      return { records: [], next: error.range.start, gap: true, bytes: 0 }
    }
    throw error
  }
}

/** The key of a message; markers have none. */
export const topicOf = (body: Buffer): string | undefined => readBody(body, 0, body.length).key?.toString()

/** Undefined when another Kafka producer wrote the record (rule 5). */
export function envelopeOf(body: Buffer, logger: Logger): Envelope | undefined {
  const header = readBody(body, 0, body.length).header('tern')
  if (header === undefined) return undefined
  try {
    return decodeEnvelope(header)
  } catch (error) {
    logger.warn('a record has a broken envelope and is taken as foreign', { error: String(error) })
    return undefined
  }
}
