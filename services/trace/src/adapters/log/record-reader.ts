import { type Log, LogError } from '@tern/log'
import { batches } from '@tern/record'
import { traceTopic } from './trace-log.ts'
import { readTraceRecord, type TraceRecord } from './trace-record.ts'

const readBytesMax = 512 * 1024
/** What records take besides their bodies, in all batches of a stretch. */
const framesBytes = 4 * 1024
/** Of what was read and may be asked for again: a search and the traces that it finds are in the same records. */
const keptBytesMax = 64 * 1024 * 1024

export type PlacedRecord = Readonly<{ offset: number; record: TraceRecord }>
type Part = Readonly<{ records: readonly PlacedRecord[]; bytes: number }>

/** Reads records of tern.trace, and keeps those that were asked for last. */
export class RecordReader {
  private readonly log: Log
  private readonly kept = new Map<string, Part>()
  private keptBytes = 0

  constructor(log: Log) {
    this.log = log
  }

  /** Records from `first` on and below `end`, of so many bytes together; less when retention took some. */
  async read(queue: number, first: number, end: number, bytes: number): Promise<readonly PlacedRecord[]> {
    const key = `${queue}/${first}/${end}`
    const known = this.kept.get(key)
    if (known !== undefined) {
      this.kept.delete(key)
      this.kept.set(key, known)
      return known.records
    }
    const part = await this.readPart(queue, first, end, Math.min(readBytesMax, bytes + framesBytes))
    if (!this.kept.has(key)) this.keep(key, part)
    return part.records
  }

  private async readPart(queue: number, first: number, end: number, pageBytes: number): Promise<Part> {
    const records: PlacedRecord[] = []
    let bytes = 0
    let from = first
    while (from < end) {
      const page = await this.page(queue, from, pageBytes)
      if (page === undefined || page.length === 0) break
      bytes += page.length
      for (const batch of batches(page)) {
        for (const { offset, body } of batch.content === 'records' ? batch.records() : []) {
          if (offset < from || offset >= end) continue
          const record = readTraceRecord(body)
          if (record !== undefined) records.push({ offset, record })
        }
        from = Math.max(from, batch.lastOffset + 1)
      }
    }
    return { records, bytes }
  }

  /** Undefined: retention took it. */
  private async page(queue: number, from: number, bytes: number): Promise<Buffer | undefined> {
    try {
      return (await this.log.read(traceTopic, queue, from, bytes)).batches
    } catch (error) {
      if (!(error instanceof LogError) || error.failure !== 'out-of-range') throw error
      const start = error.range?.start ?? 0
      return start > from ? this.page(queue, start, bytes) : undefined
    }
  }

  private keep(key: string, part: Part): void {
    this.kept.set(key, part)
    this.keptBytes += part.bytes
    for (const [oldest, { bytes }] of this.kept) {
      if (this.keptBytes <= keptBytesMax) break
      this.kept.delete(oldest)
      this.keptBytes -= bytes
    }
  }
}
