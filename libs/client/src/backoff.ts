import type { Millis } from '@tern/runtime'

const first: Millis = 100
const most: Millis = 5_000

/** Waits before attempt 1, 2, 3 …: doubled each time up to 5 s, less a part drawn by chance so that clients do not come all at once. */
export const backoff = (attempt: number, chance: number): Millis =>
  Math.min(most, first * 2 ** Math.min(16, attempt - 1)) * (0.5 + chance / 2)
