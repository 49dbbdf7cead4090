import type { ControlState } from './control-state.ts'

/** Records of tern.control after which a leader writes the next snapshot. */
export const snapshotRecordsMax = 1_000

/**
 * Whether the leader writes a snapshot now: when there is nothing better to do, or it is long due. One that was tried
 * and found void is tried again only after as many records, so that it can never fill the log.
 */
export function snapshotIsDue(state: ControlState, triedAt: number, idle: boolean, recordsMax: number): boolean {
  const records = state.through - Math.max(state.snapshots.newest ?? -1, triedAt)
  return records >= (idle ? recordsMax : 2 * recordsMax)
}

/**
 * The offset before which nothing is needed, or undefined. The newest snapshot has been read back as valid; the one before it is
 * kept, so that whoever is a little behind still finds where to go on.
 */
export function neededFrom({ snapshots }: ControlState): number | undefined {
  return snapshots.older
}
