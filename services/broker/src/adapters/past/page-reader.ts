import { type PageCache, type Past, pastFrom } from './page-cache.ts'

/** Reads and judges one page from a position on; `bytes` is what the log gave. */
export type ReadPast = (from: number, bytesMax: number) => Promise<Past & Readonly<{ bytes: number }>>

type Waiting = Readonly<{
  from: number
  bytesMax: number
  resolve: (past: Past) => void
  reject: (error: unknown) => void
}>

/**
 * The log of one queue for all who catch up in it: reads one page at a time, in sweeps upwards, and each page serves everybody
 * who waits for a position in it. So a thousand sessions that come back at once cost about one scan.
 */
export class PageReader {
  private readonly cache: PageCache
  private readonly readPast: ReadPast
  private waiting: Waiting[] = []
  private at = 0
  private sweeping = false

  constructor(cache: PageCache, readPast: ReadPast) {
    this.cache = cache
    this.readPast = readPast
  }

  read(from: number, bytesMax: number): Promise<Past> {
    const cached = this.cache.find(this, from)
    if (cached) return Promise.resolve(cached)
    return new Promise((resolve, reject) => {
      this.waiting.push({ from, bytesMax, resolve, reject })
      if (!this.sweeping) void this.sweep()
    })
  }

  forgetBelow(start: number): void {
    this.cache.forgetBelow(this, start)
  }

  private async sweep(): Promise<void> {
    this.sweeping = true
    while (this.waiting.length > 0) await this.serve(this.nearest())
    this.sweeping = false
  }

  /** The next one upwards, else the lowest: nobody is passed over twice. */
  private nearest(): Waiting {
    const distance = ({ from }: Waiting) =>
      from >= this.at ? from - this.at : Number.MAX_SAFE_INTEGER - this.at + from
    return this.waiting.reduce((best, each) => (distance(each) < distance(best) ? each : best))
  }

  private async serve({ from, bytesMax }: Waiting): Promise<void> {
    try {
      const { bytes, ...past } = await this.readPast(from, bytesMax)
      if (!past.gap && past.next > from) this.cache.add({ owner: this, first: from, past, bytes })
      this.at = past.next
      const isServed = (each: Waiting) => each.from === from || (each.from > from && each.from < past.next)
      for (const { from: position, resolve } of this.takeWaiting(isServed)) resolve(pastFrom(past, position))
    } catch (error) {
      for (const { reject } of this.takeWaiting(() => true)) reject(error)
    }
  }

  private takeWaiting(isTaken: (waiting: Waiting) => boolean): Waiting[] {
    const { taken = [], left = [] } = Object.groupBy(this.waiting, (each) => (isTaken(each) ? 'taken' : 'left'))
    this.waiting = left
    return taken
  }
}
