import type { InFlightWindow } from './in-flight.ts'

/** What all sessions of a proxy have in flight, gathered when each is looked after anyway. */
export class InFlightTotals {
  packets = 0
  fullWindows = 0
  oldestMs = 0

  add(window: InFlightWindow, now: number): void {
    this.packets += window.count
    if (window.isFull) this.fullWindows++
    this.oldestMs = Math.max(this.oldestMs, window.ageOfOldest(now))
  }
}
