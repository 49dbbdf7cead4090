import type { Clock } from '@tern/runtime'

/**
 * Runs `work` in the next turn of the event loop after it is asked for, but not before the interval (in milliseconds) has passed
 * since it last began: what is asked alone is not delayed, and under load each run serves many.
 */
export function createPace(clock: Clock, interval: number | (() => number), work: () => void): () => void {
  let begunAt = Number.NEGATIVE_INFINITY
  let asked = false
  const begin = () => {
    asked = false
    begunAt = clock.now()
    work()
  }
  return () => {
    if (asked) return
    asked = true
    // A clock that is set back must not hold work up for longer than the interval.
    const intervalMs = typeof interval === 'number' ? interval : interval()
    const wait = Math.min(intervalMs, begunAt + intervalMs - clock.now())
    if (wait > 0) clock.after(wait, begin)
    else clock.soon(begin)
  }
}
