import { batches, encodeCompacted, readBody } from '@tern/record'

/** Records of the last ten minutes are kept, whatever came after them. */
export const compactionLagMs = 600_000

/** The offset of the newest record of each key; records without a key are never compacted. */
export type Newest = Map<string, number>

/** Takes the keys of these batches, which come after all that were taken before. */
export function noteKeys(newest: Newest, bytes: Buffer): void {
  for (const batch of batches(bytes)) {
    for (const { offset, body } of batch.records()) {
      const { key } = readBody(body, 0, body.length)
      // As bytes, so that no two keys become one.
      if (key !== null) newest.set(key.toString('latin1'), offset)
    }
  }
}

/**
 * One batch with what is left of these: no record that a newer one has replaced, and no tombstone. Undefined when nothing would
 * become less.
 */
export function compact(bytes: Buffer, newest: Newest): Buffer | undefined {
  const all = [...batches(bytes)]
  const [first, last] = [all[0], all.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const records = all.flatMap((batch) => [...batch.records()])
  const kept = records.filter(({ offset, body }) => {
    const { key, value } = readBody(body, 0, body.length)
    if (key === null) return true
    const replacedBy = newest.get(key.toString('latin1'))
    // Not among the noted keys: it has been the newest since an earlier compaction.
    return replacedBy === undefined || (replacedBy === offset ? value !== null : replacedBy < offset)
  })
  if (kept.length === records.length && all.length === 1) return undefined
  const { baseOffset } = first
  const { lastOffset, appendTimeMs } = last
  return encodeCompacted({ baseOffset, lastOffset, appendTimeMs }, kept)
}
