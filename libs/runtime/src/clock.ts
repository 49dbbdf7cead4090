/** Milliseconds since the Unix epoch. */
export type Millis = number

export type Timer = Readonly<{ cancel(): void }>

/** Time as an argument: the real one below, virtual time in the simulator. */
export type Clock = Readonly<{
  /** Whole milliseconds that pass steadily, so that intervals can be measured with it. */
  now(): Millis
  /** Runs `task` once, `delay` milliseconds from now. Never keeps the process alive. */
  after(delay: Millis, task: () => void): Timer
  /** Runs `task` once, when the present turn of the event loop is over: where work of one turn is gathered. */
  soon(task: () => void): void
}>

/** Resolves `delay` milliseconds from now. */
export const pause = (clock: Clock, delay: Millis): Promise<void> =>
  new Promise((resolve) => void clock.after(delay, resolve))

/** How much faster or slower than real time the clock may go to come near a wall clock that was set. */
const slew = 0.01

/**
 * The time of the wall clock without its jumps: whoever sets that clock an hour forward must not end every keep alive and every
 * heartbeat of the region, and one that is set back must not stop them. A difference is made up for at a hundredth of real time.
 */
export function steadyTime(wall: () => Millis, monotonic: () => Millis): () => Millis {
  let at = monotonic()
  let now = wall()
  return () => {
    const elapsed = monotonic() - at
    at += elapsed
    const behind = wall() - (now + elapsed)
    now += elapsed + Math.max(-slew * elapsed, Math.min(slew * elapsed, behind))
    return Math.floor(now)
  }
}

export const systemClock: Clock = {
  now: steadyTime(Date.now, () => performance.now()),
  after(delay, task) {
    const timeout = setTimeout(task, delay)
    timeout.unref()
    return { cancel: () => clearTimeout(timeout) }
  },
  soon: (task) => void setImmediate(task),
}
