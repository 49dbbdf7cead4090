import type { Log } from '@tern/log'
import { batches } from '@tern/record'
import { type Clock, type Logger, pause } from '@tern/runtime'
import { decodeStateRecord, type Fence, type StateEntry, type StateRecord } from './state-record.ts'

export const replicaLimits = { readBytesMax: 1 << 20, retryDelayMs: 100 }

export type ReplicaOptions = Readonly<{
  log: Log
  queue: number
  clock: Clock
  logger: Logger
  /** A record that is older, in the sense of the fence, than one before it: void, but compaction may prefer it. */
  stale(key: string): void
  stopped(): boolean
}>

/** One state partition as its records say, up to `next`. */
export type StateReplica = Readonly<{
  values: ReadonlyMap<string, StateEntry>
  /** The fence of the newest valid record. */
  newest(): Fence
  /** The offset that has not been read yet. */
  next(): number
  /** Reads up to an offset, or to the log's end as of now. */
  readTo(end?: number): Promise<void>
  /** Takes records that this process wrote itself, in place of reading them. */
  accept(records: readonly StateRecord[]): void
}>

export async function createStateReplica(options: ReplicaOptions): Promise<StateReplica> {
  const { log, queue, clock, logger, stopped } = options
  const values = new Map<string, StateEntry>()
  let newest: Fence = { epoch: -1, number: -1 }

  async function persist<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (stopped()) throw error
        logger.warn('state partition cannot be read now', { queue, error: String(error) })
        await pause(clock, replicaLimits.retryDelayMs)
      }
    }
  }

  const range = async () => (await persist(() => log.offsets('tern.state', [queue])))[0]!
  let next = (await range()).start

  function take(record: StateRecord): void {
    const { epoch, number } = record.fence
    if (epoch < newest.epoch || (epoch === newest.epoch && number <= newest.number)) {
      options.stale(record.key)
      return
    }
    newest = record.fence
    if (record.value === undefined) values.delete(record.key)
    else values.set(record.key, record.value)
  }

  function takeBody(offset: number, body: Buffer): void {
    let record: StateRecord | undefined
    try {
      record = decodeStateRecord(body)
    } catch (error) {
      logger.error('state record is not readable and was skipped', { queue, offset, error: String(error) })
    }
    if (record !== undefined) take(record)
  }

  async function readTo(to?: number): Promise<void> {
    const end = to ?? (await range()).end
    while (next < end) {
      const read = await persist(() => log.read('tern.state', queue, next, replicaLimits.readBytesMax))
      let reached = next
      for (const batch of batches(read.batches)) {
        for (const { offset, body } of batch.records()) if (offset >= next) takeBody(offset, body)
        reached = Math.max(reached, batch.lastOffset + 1)
      }
      // Compaction leaves holes: nothing more to read means that all below the end has been read.
      next = read.batches.length === 0 ? Math.max(end, reached) : reached
    }
  }

  return {
    values,
    newest: () => newest,
    next: () => next,
    readTo,
    accept(records) {
      for (const record of records) take(record)
      next += records.length
    },
  }
}
