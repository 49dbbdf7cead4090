import type { state } from '@tern/proto'

/** What a move of a group to `position` means: settled records that come again, and unsettled ones that it passes over. */
export function resetCost(
  { low, settled }: state.QueueProgress,
  position: number,
  end: number,
): Readonly<{ repeated: number; skipped: number }> {
  const ranges = [{ first: Math.min(position, low + 1), last: low }, ...settled]
  let repeated = 0
  let settledBelow = 0
  for (const { first, last } of ranges) {
    repeated += Math.max(0, Math.min(last, end - 1) - Math.max(first, position) + 1)
    settledBelow += Math.max(0, Math.min(last, position - 1) - Math.max(first, low + 1) + 1)
  }
  return { repeated, skipped: Math.max(0, position - low - 1 - settledBelow) }
}
