import { stampBatch } from '@tern/record'
import { checkBatch } from '../checked-batch.ts'
import { compact, compactionLagMs, type Newest, noteKeys } from '../compaction.ts'
import { type Appended, type Log, LogError, type TopicName, type TopicSpec } from '../log.ts'
import { PartitionIndex } from '../partition-index.ts'

/** Called around each append; what they throw is what the append rejects with. After `beforeAppend` threw, nothing was written. */
export type MemoryLogFaults = {
  beforeAppend?: (topic: TopicName, partition: number) => void
  /** Throw LogError('unknown') here to lose an answer: the write has happened. */
  afterAppend?: (topic: TopicName, partition: number, appended: Appended) => void
}

export type MemoryLog = Log &
  Readonly<{
    /** Compacts what is older than the lag; nothing is compacted otherwise. */
    compact(lagMs?: number): void
  }>

type Partition = { index: PartitionIndex<Buffer>; tails: Set<() => void>; compacted: boolean }

/** Deterministic, in one process; durable for as long as the object lives. `close` is for one user of it and forgets nothing. */
export function createMemoryLog({ now, faults = {} }: { now: () => number; faults?: MemoryLogFaults }): MemoryLog {
  const topics = new Map<TopicName, Partition[]>()
  let lastTimeMs = 0

  const partitionOf = (topic: TopicName, partition: number): Partition => {
    const found = topics.get(topic)?.[partition]
    if (found === undefined) throw new LogError('refused', `there is no partition ${partition} of ${topic}`)
    return found
  }
  const append = (topic: TopicName, number: number, given: Buffer): Appended => {
    faults.beforeAppend?.(topic, number)
    const { index, tails } = partitionOf(topic, number)
    const count = checkBatch(given)
    if (typeof count === 'string') throw new LogError('refused', count)
    const baseOffset = index.end
    lastTimeMs = Math.max(lastTimeMs, now())
    const batch = Buffer.from(given)
    stampBatch(batch, baseOffset, lastTimeMs)
    const lastOffset = baseOffset + count - 1
    index.add({ baseOffset, lastOffset, timeMs: lastTimeMs, sizeBytes: batch.length, place: batch })
    for (const wake of tails) wake()
    const appended = { baseOffset, appendTimeMs: lastTimeMs }
    faults.afterAppend?.(topic, number, appended)
    return appended
  }
  const read = (topic: TopicName, partition: number, from: number, bytesMax: number) => {
    const { index } = partitionOf(topic, partition)
    index.check(from)
    return { ...index.range(), batches: Buffer.concat(index.from(from, bytesMax).map(({ place }) => place)) }
  }
  const compactAll = (lagMs: number) => {
    for (const { index, compacted } of [...topics.values()].flat()) if (compacted) compactIndex(index, now() - lagMs)
  }
  return {
    compact: (lagMs = compactionLagMs) => compactAll(lagMs),
    provision: async (specs) => provision(topics, specs),
    append: async (topic, partition, batch) => append(topic, partition, batch),
    read: async (topic, partition, from, bytesMax) => read(topic, partition, from, bytesMax),
    offsets: async (topic, partitions) => partitions.map((each) => partitionOf(topic, each).index.range()),
    tail: (topic, partition, from, deliver) => tail(partitionOf(topic, partition), from, deliver),
    offsetAt: async (topic, partition, timeMs) => partitionOf(topic, partition).index.offsetAt(timeMs),
    trim: async (topic, partition, before) => partitionOf(topic, partition).index.trim(before),
    close: async () => {},
  }
}

function provision(topics: Map<TopicName, Partition[]>, specs: readonly TopicSpec[]): void {
  for (const { topic, partitions } of specs) {
    const existing = topics.get(topic)
    if (existing !== undefined && existing.length !== partitions)
      throw new LogError('refused', `${topic} has ${existing.length} partitions, not ${partitions}; that never changes`)
  }
  for (const { topic, partitions, compacted } of specs)
    if (!topics.has(topic))
      topics.set(
        topic,
        Array.from({ length: partitions }, () => ({
          index: new PartitionIndex<Buffer>(),
          tails: new Set<() => void>(),
          compacted,
        })),
      )
}

function compactIndex(index: PartitionIndex<Buffer>, youngest: number): void {
  const old = index.entries.filter(({ timeMs }) => timeMs <= youngest)
  const bytes = Buffer.concat(old.map(({ place }) => place))
  const newest: Newest = new Map()
  noteKeys(newest, bytes)
  const place = compact(bytes, newest)
  const [first, last] = [old[0], old.at(-1)]
  if (place === undefined || first === undefined || last === undefined) return
  index.replace({ ...last, baseOffset: first.baseOffset, sizeBytes: place.length, place })
}

const tailBytesMax = 1024 * 1024

function tail({ index, tails }: Partition, from: number, deliver: (batches: Buffer) => void) {
  let next = from
  let scheduled = false
  const pump = () => {
    scheduled = false
    while (tails.has(wake)) {
      const found = index.from(Math.max(next, index.start), tailBytesMax)
      const last = found.at(-1)
      if (last === undefined) return
      next = last.lastOffset + 1
      deliver(Buffer.concat(found.map(({ place }) => place)))
    }
  }
  // Never in the turn of the append or of the call itself: a caller's state is settled before it hears of more.
  const wake = () => {
    if (scheduled) return
    scheduled = true
    queueMicrotask(pump)
  }
  tails.add(wake)
  wake()
  return { cancel: () => void tails.delete(wake) }
}
