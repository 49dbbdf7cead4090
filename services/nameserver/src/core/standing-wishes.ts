import type { Wishes } from './placement.ts'

/** A leader that has stood for so long is followed: while a failover is under way, each move would cost its clients more time. */
export const standsAfterMs = 10_000

/** By queue: the zone of its leader, and since when; what is known from the beginning stands at once. */
export type Observed = readonly Readonly<{ zone: string | undefined; since: number }>[]

/** Noted at each look. A leader that is missing for a moment is not another one. */
export function observe(before: Observed, seen: Wishes, now: number): Observed {
  if (seen.length === 0) return before
  return seen.map((zone, queue) => {
    const known = before[queue]
    if (known === undefined || known.zone === undefined) return { zone, since: Number.NEGATIVE_INFINITY }
    return zone === undefined || zone === known.zone ? known : { zone, since: now }
  })
}

/** Queues without one may stay where they are. */
export const standing = (observed: Observed, now: number): Wishes =>
  observed.map(({ zone, since }) => (now - since >= standsAfterMs ? zone : undefined))
