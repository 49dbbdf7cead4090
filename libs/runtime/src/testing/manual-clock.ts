import type { Clock, Millis } from '../clock.ts'

/** Time that passes when a test says so. */
export function manualClock(): Clock & { pass(millis: Millis): void } {
  let now = 0
  const tasks = new Set<{ at: Millis; run: () => void }>()
  const after = (delay: Millis, run: () => void) => {
    const task = { at: now + delay, run }
    tasks.add(task)
    return { cancel: () => void tasks.delete(task) }
  }
  return {
    now: () => now,
    after,
    soon: (run) => void after(0, run),
    pass(millis) {
      const until = now + millis
      for (;;) {
        // Sorting is stable: what is due together runs in the order in which it was asked for.
        const [next] = [...tasks].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        tasks.delete(next)
        now = next.at
        next.run()
      }
      now = until
    },
  }
}
