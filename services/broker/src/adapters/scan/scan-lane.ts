import { type Clock, pause } from '@tern/runtime'

export const laneLimits = {
  /** Steps at once: pages of the log that are in memory for those who look. */
  stepsMax: 2,
  /** With messages appended so short a while ago, a step is followed by a pause as long as itself. */
  busyMs: 100,
  pauseMsMax: 50,
} as const

/** The steps of all who look into the queues of a broker, in turn. Between two, live traffic has its say. */
export class ScanLane {
  private readonly clock: Clock
  private readonly lastAppendMs: () => number
  private readonly waiting: (() => void)[] = []
  private running = 0

  constructor(clock: Clock, lastAppendMs: () => number) {
    this.clock = clock
    this.lastAppendMs = lastAppendMs
  }

  async run(step: () => Promise<void>): Promise<void> {
    if (this.running >= laneLimits.stepsMax) await new Promise<void>((resolve) => void this.waiting.push(resolve))
    else this.running++
    const began = this.clock.now()
    try {
      await step()
    } finally {
      void this.pass(this.clock.now() - began)
    }
  }

  /** The place goes to the next one, after others had the event loop. */
  private async pass(tookMs: number): Promise<void> {
    if (this.clock.now() - this.lastAppendMs() < laneLimits.busyMs) {
      await pause(this.clock, Math.min(tookMs, laneLimits.pauseMsMax))
    } else await new Promise<void>((resolve) => this.clock.soon(resolve))
    const next = this.waiting.shift()
    if (next) next()
    else this.running--
  }
}
