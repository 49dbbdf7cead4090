import type { Clock, Logger } from '@tern/runtime'
import { messagesTopic } from './queue-records.ts'

const tellEveryMs = 1_000

/** Counts the records of a queue that are no message, and tells of them with an address: one line a second, however many come. */
export class SkippedRecords {
  count = 0
  private readonly queue: number
  private readonly clock: Clock
  private readonly logger: Logger
  private untold: Readonly<{ position: number; why: string }> | undefined
  private nextAt = 0

  constructor({ queue, clock, logger }: Readonly<{ queue: number; clock: Clock; logger: Logger }>) {
    this.queue = queue
    this.clock = clock
    this.logger = logger
  }

  note(position: number, why: string): void {
    this.count++
    this.untold = { position, why }
    this.tell()
  }

  /** Also asked a few times a second, for those that came within the second of a line. */
  tell(): void {
    if (this.clock.now() >= this.nextAt) this.tellNow()
  }

  /** The next owner will not come to them again. */
  close(): void {
    this.tellNow()
  }

  private tellNow(): void {
    if (this.untold === undefined) return
    const { position, why } = this.untold
    this.untold = undefined
    this.nextAt = this.clock.now() + tellEveryMs
    const record = `${messagesTopic}/${this.queue}/${position}`
    this.logger.warn('a record is no message and was passed over', { record, why, passedOver: this.count })
  }
}
