import type { Log } from '@tern/log'
import { batches, readBody, stampBatch } from '@tern/record'
import type { Random } from './random.ts'

/** A fault of the product as one process would have it, planted between it and the log: the checks must find it. */
export type Plant = (log: Log, random: Random) => Log

/** Answers some appends before, and in truth without, writing them. */
export const acknowledgesBeforeTheLog: Plant = (log, random) => ({
  ...log,
  async append(topic, partition, batch) {
    if (topic !== 'tern.messages' || !random.chance(0.2)) return log.append(topic, partition, batch)
    const [range] = await log.offsets(topic, [partition])
    return { baseOffset: range?.end ?? 0, appendTimeMs: 0 }
  },
})

/** An owner of homes that never sees that a newer one has begun, and so goes on. */
export const neverStepsDown: Plant = (log) => {
  const mine = new Map<number, number>()
  return {
    ...log,
    append(topic, partition, batch) {
      if (topic === 'tern.state') mine.set(partition, Math.max(...fencesOf(batch).map(epochOf)))
      return log.append(topic, partition, batch)
    },
    async read(topic, partition, from, bytesMax) {
      const result = await log.read(topic, partition, from, bytesMax)
      if (topic !== 'tern.state') return result
      // Read from the start: a takeover of its own, which sees all.
      if (from === result.start) mine.delete(partition)
      const epoch = mine.get(partition)
      if (epoch === undefined) return result
      return { ...result, batches: without(result.batches, (fence) => epochOf(fence) > epoch) }
    },
  }
}

/** A takeover that loses the last records of what it takes over. */
export const dropsAtTakeover: Plant = (log) => ({
  ...log,
  async read(topic, partition, from, bytesMax) {
    const result = await log.read(topic, partition, from, bytesMax)
    if (topic !== 'tern.state' || from !== result.start) return result
    let left = fencesOf(result.batches).length - 10
    return { ...result, batches: without(result.batches, () => left-- <= 0) }
  },
})

/** A takeover that does not know which records of groups are one session's for good. */
export const forgetsWhatIsTaken: Plant = (log) => ({
  ...log,
  async read(topic, partition, from, bytesMax) {
    const result = await log.read(topic, partition, from, bytesMax)
    if (topic !== 'tern.state' || from !== result.start) return result
    return { ...result, batches: without(result.batches, (_, key) => key.startsWith('taken/')) }
  },
})

const epochOf = (fence: Buffer): number => Number(String(fence).split('.')[0])

const fencesOf = (bytes: Buffer): Buffer[] => recordsOf(bytes).map(({ fence }) => fence)

function recordsOf(bytes: Buffer): { fence: Buffer; key: string }[] {
  return [...batches(bytes)].flatMap((batch) =>
    [...batch.records()].flatMap(({ body }) => {
      const { key, header } = readBody(body, 0, body.length)
      const fence = header('fence')
      return fence === undefined ? [] : { fence, key: String(key) }
    }),
  )
}

/** A copy in which some records are void: their fence is the lowest. */
function without(given: Buffer, hidden: (fence: Buffer, key: string) => boolean): Buffer {
  const bytes = Buffer.from(given)
  for (const { fence, key } of recordsOf(bytes)) if (hidden(fence, key)) fence.fill('0', 0, fence.indexOf('.'))
  let at = 0
  // The checksums are made anew from the given times and offsets.
  for (const { baseOffset, appendTimeMs, sizeBytes } of batches(given)) {
    stampBatch(bytes.subarray(at, at + sizeBytes), baseOffset, appendTimeMs)
    at += sizeBytes
  }
  return bytes
}
