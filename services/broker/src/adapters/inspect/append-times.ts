import type { Log } from '@tern/log'
import { readPage } from '../queue/queue-records.ts'

const knownMax = 10_000
/** A log gives at least one batch, however large that is. */
const bytesMax = 1

/** When records were stored, which is read from the log once for each that is asked for. */
export class AppendTimes {
  private readonly log: Log
  private readonly known = new Map<string, number>()

  constructor(log: Log) {
    this.log = log
  }

  /** Of the first record at or after the position; 0 when it cannot be told. */
  async at(queue: number, position: number): Promise<number> {
    const key = `${queue}-${position}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const page = await readPage(this.log, queue, position, Number.POSITIVE_INFINITY, bytesMax).catch(() => undefined)
    const timeMs = page?.records[0]?.timeMs
    if (timeMs === undefined) return 0
    const [oldest] = this.known.keys()
    if (this.known.size >= knownMax && oldest !== undefined) this.known.delete(oldest)
    this.known.set(key, timeMs)
    return timeMs
  }
}
