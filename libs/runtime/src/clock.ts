/** Milliseconds since the Unix epoch. */
export type Millis = number

export type Timer = Readonly<{ cancel(): void }>

/** Time as an argument: the real one below, virtual time in the simulator. */
export type Clock = Readonly<{
  now(): Millis
  /** Runs `task` once, `delay` milliseconds from now. Never keeps the process alive. */
  after(delay: Millis, task: () => void): Timer
  /** Runs `task` once, when the present turn of the event loop is over: where work of one turn is gathered. */
  soon(task: () => void): void
}>

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delay, task) {
    const timeout = setTimeout(task, delay)
    timeout.unref()
    return { cancel: () => clearTimeout(timeout) }
  },
  soon: (task) => void setImmediate(task),
}
