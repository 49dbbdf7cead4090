import type { Clock, Millis } from './clock.ts'

/** Puts a question now and then, one at a time, to know for how long somebody has not answered. */
export class Silence {
  private readonly clock: Clock
  private readonly ask: () => Promise<unknown>
  private readonly everyMs: Millis
  private unansweredSince: Millis | undefined
  private recoveredAt = Number.NEGATIVE_INFINITY
  private stopped = false

  /** A rejection is no answer. */
  constructor(clock: Clock, ask: () => Promise<unknown>, everyMs: Millis) {
    this.clock = clock
    this.ask = ask
    this.everyMs = everyMs
    void this.look()
  }

  /** Since the first question that was not answered; 0 once one is. */
  get ms(): Millis {
    return this.unansweredSince === undefined ? 0 : this.clock.now() - this.unansweredSince
  }

  /** For how long every question has been answered before the next one was due. */
  get answeredForMs(): Millis {
    return this.ms > this.everyMs ? 0 : this.clock.now() - this.recoveredAt
  }

  stop(): void {
    this.stopped = true
  }

  private async look(): Promise<void> {
    this.unansweredSince ??= this.clock.now()
    try {
      await this.ask()
      if (this.ms > this.everyMs) this.recoveredAt = this.clock.now()
      this.unansweredSince = undefined
    } catch {
      // Whoever needs the answer tells why there is none.
    }
    if (!this.stopped) this.clock.after(this.everyMs, () => void this.look())
  }
}
