/** So often the wall clock is looked at, in milliseconds; between the looks one reading of the monotonic clock is enough. */
const lookEveryMs = 1_000

/** Microseconds since 1970 that do not go backwards in between: a wall clock has milliseconds only, and is asked twice as long. */
export function microsecondsOf(wall: () => number, monotonic: () => number): () => number {
  let lookAt = 0
  let offsetMs = Number.NEGATIVE_INFINITY
  return () => {
    const now = monotonic()
    if (now >= lookAt) {
      const offset = wall() - now
      // The wall clock shows whole milliseconds: less than that is no difference.
      if (Math.abs(offset - offsetMs) > 1) offsetMs = offset
      lookAt = now + lookEveryMs
    }
    return Math.floor((now + offsetMs) * 1000)
  }
}

/** Asks for the time once in a turn of the event loop: all that a turn does is told to have been at its first question. */
export function onceATurn(read: () => number, soon: (task: () => void) => void): () => number {
  let known: number | undefined
  const forget = () => {
    known = undefined
  }
  return () => {
    if (known === undefined) {
      known = read()
      soon(forget)
    }
    return known
  }
}
