import type { BrokerCounters } from '../../core/counters.ts'

/** How often the log says what catching up cost. */
export const reportEveryMs = 10_000

/** What sessions, proxies and groups that catch up cost, over all queues of a broker (D4). */
export class CatchUpMeter {
  /** Of the log. */
  private readBytes = 0
  private deliveredBytes = 0
  /** Of records that summaries said no to, so that they were not read. */
  private skippedBytes = 0
  private readonly totals: BrokerCounters['caughtUp']

  constructor({ caughtUp }: BrokerCounters) {
    this.totals = caughtUp
  }

  read(bytes: number): void {
    this.readBytes += bytes
    this.totals.read += bytes
  }

  delivered(bytes: number): void {
    this.deliveredBytes += bytes
    this.totals.delivered += bytes
  }

  skipped(bytes: number): void {
    this.skippedBytes += bytes
    this.totals.skipped += bytes
  }

  /** Since the last time; undefined when nobody caught up. */
  take(): Readonly<Record<string, number>> | undefined {
    const { readBytes, deliveredBytes, skippedBytes } = this
    if (readBytes + deliveredBytes + skippedBytes === 0) return undefined
    this.readBytes = 0
    this.deliveredBytes = 0
    this.skippedBytes = 0
    const readPerDelivered = Math.round((100 * readBytes) / Math.max(1, deliveredBytes)) / 100
    return { readBytes, deliveredBytes, readPerDelivered, skippedBytes }
  }
}
