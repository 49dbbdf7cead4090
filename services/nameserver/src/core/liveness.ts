import { control, type nameserver } from '@tern/proto'
import type { Member } from './control-state.ts'

/** Silence that means death. A false alarm costs a move of queues, or a proxy's clients a reconnect; never data. */
export const silenceMax = { broker: 1_500, proxy: 5_000 } as const

/**
 * Who has had no answer of the log for so long is passed over by those who have: a leader by another one, an owner by other brokers,
 * a nameserver by who watches routes. Longer than Kafka takes to replace a node.
 */
export const logSilenceMax = 5_000

/** Who has the log back only for a shorter time does not judge: the others may be about to have it back, too. */
export const logSightMin = 2_000

/** A run of a broker or proxy, known by its nonce, as this nameserver sees it. */
export type SeenMember = Readonly<{
  hello: nameserver.Hello
  heardAt: number
  refused: boolean
  connected: boolean
  /** As it said last, and when it last said more than a moment. */
  logSilentMs: number
  logMissedAt: number
  /** Connections of a proxy, and queues of a broker with the time since when it serves just these, as it said last. */
  clients: number
  serving: ReadonlySet<number>
  servingSince: number
}>

/** What one nameserver sees of a member, brought to this nameserver's clock. */
export type Sight = Readonly<{ nameserver: string; heardAt: number; refused: boolean }>

/**
 * Why the member counts as dead, or undefined. Silence counts only when no nameserver hears it; a refused connection after
 * a reset counts at once when two nameservers see it, or all that live when they are fewer.
 */
export function causeOfDeath(
  member: Member,
  sights: readonly Sight[],
  nameserversAlive: number,
  now: number,
): string | undefined {
  const refusals = sights.filter(({ refused }) => refused).length
  if (refusals >= Math.min(2, nameserversAlive)) return `${refusals} nameservers find its connections reset and refused`
  const heardAt = Math.max(...sights.map((sight) => sight.heardAt))
  const allowed = member.kind === control.MemberKind.BROKER ? silenceMax.broker : silenceMax.proxy
  return now - heardAt > allowed ? `silent for ${Math.round(now - heardAt)} ms` : undefined
}
