import type { Client, Session } from './client.ts'
import { neverExpires } from './limits.ts'

/** When a session ends if nobody comes back; undefined while it is connected or if it never ends. */
export function sessionEndsAt(session: Session): number | undefined {
  if (session.disconnectedAtMs === undefined || session.expirySeconds === neverExpires) return undefined
  return session.disconnectedAtMs + session.expirySeconds * 1000
}

export function hasExpired(session: Session, now: number): boolean {
  const endsAt = sessionEndsAt(session)
  return endsAt !== undefined && endsAt <= now
}

/** The next moment at which something of this client is due by time alone. */
export function nextDueAt({ session, will }: Client): number | undefined {
  const ends = session === undefined ? undefined : sessionEndsAt(session)
  if (ends === undefined || will?.dueAtMs === undefined) return ends ?? will?.dueAtMs
  return Math.min(ends, will.dueAtMs)
}
