import { type Log, LogError } from '@tern/log'
import { batches, batchSpans } from '@tern/record'

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
    const start = startAbove(error, from)
    if (start === undefined) throw error
    return { records: [], next: start, gap: true, bytes: 0 }
  }
}

/** What was looked through: records of the batches that were wanted, and none of the others. */
export type SkimmedPage = Readonly<{
  records: readonly QueueRecord[]
  next: number
  gap: boolean
  /** Batches were passed over. */
  skipped: boolean
  /** Of what was looked through. */
  bytes: number
  /** When the first batch was stored, and the last one; 0: there was none. */
  firstMs: number
  lastMs: number
}>

/**
 * Like `readPage`, for whoever looks for something rare: most batches are only searched for bytes, which costs a twentieth of taking
 * them apart. Ends early when so many bytes were taken apart.
 */
export async function skimPage(
  log: Log,
  queue: number,
  {
    from,
    end,
    bytesMax,
    takenBytesMax,
  }: Readonly<{ from: number; end: number; bytesMax: number; takenBytesMax: number }>,
  isWanted: (batch: Buffer) => boolean,
): Promise<SkimmedPage> {
  const nothing = { records: [], skipped: false, bytes: 0, firstMs: 0, lastMs: 0 }
  try {
    const { batches: bytes } = await log.read(messagesTopic, queue, from, bytesMax)
    const records: QueueRecord[] = []
    let next = from
    let skipped = false
    let taken = 0
    let looked = 0
    let [firstMs, lastMs] = [0, 0]
    for (const span of batchSpans(bytes)) {
      if (span.lastOffset < from) continue
      if (span.baseOffset >= end || taken >= takenBytesMax) break
      firstMs ||= span.appendTimeMs
      lastMs = span.appendTimeMs
      next = Math.min(end, span.lastOffset + 1)
      looked += span.bytes.length
      if (!isWanted(span.bytes)) {
        skipped = true
        continue
      }
      taken += span.bytes.length
      for (const record of recordsIn(span.bytes)) {
        if (record.position >= from && record.position < end) records.push(record)
      }
    }
    return { records, next, gap: false, skipped, bytes: looked, firstMs, lastMs }
  } catch (error) {
    const start = startAbove(error, from)
    if (start === undefined) throw error
    return { ...nothing, next: start, gap: true }
  }
}

/** Where the log begins, when that is the reason of the error. */
function startAbove(error: unknown, from: number): number | undefined {
  const range = error instanceof LogError && error.failure === 'out-of-range' ? error.range : undefined
  return range !== undefined && from < range.start ? range.start : undefined
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
