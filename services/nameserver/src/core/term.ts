import type { Leader } from './control-state.ts'

/** A leader that no one hears for this long is replaced. */
export const leaderSilenceMax = 1_000
/** Candidates wait for one another in the order of their names, so that one claim is usually enough. */
export const rankDelay = 150

export type LeaderSight = Readonly<{
  leader: Leader | undefined
  /** Place of this nameserver among those that seem alive, 0 first. */
  rank: number
  /** When the leader was last heard (or this nameserver began to listen). */
  heardAt: number
  /** When its address was first found to refuse, or to be served by another run; undefined while neither. */
  goneSince: number | undefined
  now: number
}>

/** The term to claim now, or undefined. Clocks decide only how soon: the first claim of a term in log order wins. */
export function termToClaim({ leader, rank, heardAt, goneSince, now }: LeaderSight): number | undefined {
  const term = (leader?.term ?? 0) + 1
  const due = leader === undefined ? heardAt : (goneSince ?? heardAt + leaderSilenceMax)
  return now >= due + rank * rankDelay ? term : undefined
}
