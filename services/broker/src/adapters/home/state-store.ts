import { type Log, LogError } from '@tern/log'
import { encodeBatch } from '@tern/record'
import { type Clock, type Logger, Outage, pause } from '@tern/runtime'
import { encodeStateRecord, type StateEntry, type StateRecord, type StateWrite } from './state-record.ts'
import { createStateReplica, type StateReplica } from './state-replica.ts'

export type { StateEntry, StateWrite } from './state-record.ts'

export const stateLimits = {
  /** Below Kafka's default limit of a batch, 1 MiB. A put travels whole, so it is the limit of a put too. */
  batchBytesMax: 1_000_000,
  pendingBytesMax: 64 << 20,
  retryDelayMs: 100,
  /** Far below the lag of compaction. */
  lookEveryMs: 2_000,
}

type Numbered = Readonly<{ record: StateRecord; body: Buffer }>

/** Each record may need up to 16 bytes more in a batch. */
const bytesOf = (part: readonly Numbered[]): number => part.reduce((sum, { body }) => sum + body.length + 16, 0)

/** Cut so that each part fits into a batch, if each of the records does. */
function partsOf(writes: readonly Numbered[]): Numbered[][] {
  const parts: Numbered[][] = [[]]
  let bytes = 0
  for (const write of writes) {
    const more = bytesOf([write])
    if (bytes > 0 && bytes + more > stateLimits.batchBytesMax) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(write)
    bytes += more
  }
  return parts
}

/** Another owner has begun a higher epoch, or the store was closed: nothing is served from here any more. */
export class Superseded extends Error {}
/** The put was not begun: it is too large, or too much waits already. */
export class StateRefused extends Error {}

export type StateStoreOptions = Readonly<{
  log: Log
  queue: number
  epoch: number
  /** This broker's incarnation. */
  broker: number
  clock: Clock
  logger: Logger
  /** Called once, when a higher epoch is met after opening. */
  onSuperseded?: () => void
}>

export type StateStore = Readonly<{
  get(key: string): StateEntry | undefined
  entries(prefix: string): Iterable<readonly [key: string, value: StateEntry]>
  /** All or none, in the order of the calls. Resolves once durable; throws StateRefused at once, rejects with Superseded. */
  put(writes: readonly StateWrite[]): Promise<void>
  /** Durable in this order, but not as a whole: for what may be more than fits into one put. All of it is begun, or nothing. */
  putInOrder(writes: readonly StateWrite[]): Promise<void>
  /** Resolves when no higher epoch stood on the log at some moment after the call. */
  checkFence(): Promise<void>
  close(): void
}>

type Waiter = Readonly<{ resolve(): void; reject(error: Error): void }>
type Put = Waiter & Readonly<{ records: readonly StateRecord[]; bodies: readonly Buffer[]; bytes: number }>

/** The fenced writer of one partition of tern.state (DESIGN section 5): offsets, not clocks, say who may write. */
export async function openStateStore(options: StateStoreOptions): Promise<StateStore> {
  const writer = new Writer(options)
  await writer.open()
  return writer
}

class Writer implements StateStore {
  readonly #options: StateStoreOptions
  readonly #pending: Put[] = []
  #pendingBytes = 0
  #checks: Waiter[] = []
  /** The last value given for a key, while it is not durable. */
  readonly #overlay = new Map<string, StateRecord>()
  readonly #stale = new Set<string>()
  readonly #outage: Outage
  #replica!: StateReplica
  #number = 0
  #working = false
  #stopped: Superseded | undefined

  constructor(options: StateStoreOptions) {
    this.#options = options
    this.#outage = new Outage(
      options.logger,
      'append to a state partition failed; it is tried again',
      'appends to a state partition are stored again',
    )
  }

  async open(): Promise<void> {
    const { log, queue, epoch, broker, clock, logger } = this.#options
    this.#replica = await createStateReplica({
      log,
      queue,
      clock,
      logger,
      stale: (key) => this.#stale.add(key),
      stopped: () => this.#stopped !== undefined,
    })
    const began = clock.now()
    await this.#replica.readTo()
    const replayed = clock.now()
    this.#guard()
    // Opened again in the same epoch: above whatever an append of the earlier run may still bring.
    if (this.#replica.newest().epoch === epoch) this.#number = this.#replica.newest().number + 1_000_000
    const start: StateEntry = { $case: 'epochStart', value: { broker } }
    // What was written since the reading above is met before this put counts.
    await this.put([[`epoch/${epoch}`, start]])
    // Compaction could prefer a stale record, so its key is written again before the start that voids it is forgotten.
    this.#reassert()
    const old = [...this.entries('epoch/')].filter(([key]) => key !== `epoch/${epoch}`)
    if (old.length > 0) this.put(old.map(([key]) => [key, undefined])).catch(() => {})
    this.#lookNowAndThen()
    const fenced = { replayMs: replayed - began, fenceMs: clock.now() - replayed, keys: this.#replica.values.size }
    logger.info('has a state partition', { offset: this.#replica.next(), ...fenced })
  }

  /** Also when there is nothing to write: a void record must be met well before compaction could prefer it. */
  #lookNowAndThen(): void {
    this.#options.clock.after(stateLimits.lookEveryMs, () => {
      if (this.#stopped) return
      this.checkFence().catch(() => {})
      this.#lookNowAndThen()
    })
  }

  get(key: string): StateEntry | undefined {
    return this.#replica.values.get(key)
  }

  *entries(prefix: string): Iterable<readonly [string, StateEntry]> {
    for (const entry of this.#replica.values) if (entry[0].startsWith(prefix)) yield entry
  }

  put(writes: readonly StateWrite[]): Promise<void> {
    return this.#putAll([this.#numbered(writes)])
  }

  putInOrder(writes: readonly StateWrite[]): Promise<void> {
    return this.#putAll(partsOf(this.#numbered(writes)))
  }

  #numbered(writes: readonly StateWrite[]): Numbered[] {
    const { epoch } = this.#options
    return writes.map(([key, value], i) => {
      const fence = { epoch, number: this.#number + i + 1 }
      return { record: { key, value, fence }, body: encodeStateRecord([key, value], fence) }
    })
  }

  #putAll(parts: readonly (readonly Numbered[])[]): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stopped)
    let total = 0
    for (const part of parts) {
      const bytes = bytesOf(part)
      if (bytes > stateLimits.batchBytesMax) throw new StateRefused(`a put of ${bytes} bytes is too large`)
      total += bytes
    }
    if (this.#pendingBytes + total > stateLimits.pendingBytesMax) throw new StateRefused('too much waits to be written')
    return Promise.all(parts.map((part) => this.#enqueue(part))).then(() => {})
  }

  #enqueue(part: readonly Numbered[]): Promise<void> {
    const records = part.map(({ record }) => record)
    const bodies = part.map(({ body }) => body)
    const bytes = bytesOf(part)
    this.#number += part.length
    for (const record of records) this.#overlay.set(record.key, record)
    this.#pendingBytes += bytes
    return new Promise((resolve, reject) => {
      this.#pending.push({ records, bodies, bytes, resolve, reject })
      this.#work()
    })
  }

  checkFence(): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stopped)
    return new Promise((resolve, reject) => {
      this.#checks.push({ resolve, reject })
      this.#work()
    })
  }

  close(): void {
    this.#stop('the store was closed', false)
  }

  /** One append or check at a time; what comes meanwhile is the next batch. */
  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    // A turn of the loop later: the puts of one turn share a batch.
    await new Promise<void>((resolve) => this.#options.clock.soon(resolve))
    while (!this.#stopped && (this.#pending.length > 0 || this.#checks.length > 0)) {
      const checks = this.#checks
      this.#checks = []
      const puts = this.#take()
      try {
        // An append at the expected offset proves that no other record, so no other epoch, stands before it.
        if (puts.some((put) => put.records.length > 0)) await this.#commit(puts)
        else if (checks.length > 0) await this.#replica.readTo()
        this.#guard()
        for (const waiter of [...puts, ...checks]) waiter.resolve()
      } catch (error) {
        const reason = this.#stop(String(error))
        for (const waiter of [...puts, ...checks]) waiter.reject(reason)
      }
      this.#reassert()
    }
    this.#working = false
  }

  #take(): Put[] {
    let bytes = 0
    let count = 0
    for (const put of this.#pending) {
      bytes += put.bytes
      if (count > 0 && bytes > stateLimits.batchBytesMax) break
      count++
    }
    const puts = this.#pending.splice(0, count)
    for (const put of puts) this.#pendingBytes -= put.bytes
    return puts
  }

  async #commit(puts: readonly Put[]): Promise<void> {
    const records = puts.flatMap((put) => put.records)
    const batch = encodeBatch(puts.flatMap((put) => put.bodies))
    const last = records.at(-1)!
    while (!this.#stopped && !(await this.#attempt(batch, records))) {
      await pause(this.#options.clock, stateLimits.retryDelayMs)
    }
    for (const { key, fence } of records) {
      if (this.#overlay.get(key)?.fence.number === fence.number) this.#overlay.delete(key)
    }
    this.#guard()
    const newest = this.#replica.newest()
    if (newest.epoch === this.#options.epoch && newest.number < last.fence.number) throw new Error('a write was lost')
  }

  /** True once the records are known to stand on the log. */
  async #attempt(batch: Buffer, records: readonly StateRecord[]): Promise<boolean> {
    const { log, queue } = this.#options
    const replica = this.#replica
    const last = records.at(-1)!.fence
    try {
      // Copied: a log may stamp the batch in place, and a second attempt needs it as it was.
      const { baseOffset } = await log.append('tern.state', queue, Buffer.from(batch))
      if (baseOffset === replica.next()) replica.accept(records)
      else await replica.readTo(baseOffset + records.length)
      this.#outage.worked({ queue })
    } catch (error) {
      this.#outage.failed(error, { queue })
      // Not written for certain: still, whoever wrote meanwhile may have superseded this owner.
      if (!(error instanceof LogError)) throw error
      await replica.readTo()
    }
    this.#guard()
    const newest = replica.newest()
    return newest.epoch === last.epoch && newest.number >= last.number
  }

  #reassert(): void {
    if (this.#stale.size === 0 || this.#stopped || this.#replica.newest().epoch !== this.#options.epoch) return
    const keys = [...this.#stale].filter((key) => !key.startsWith('epoch/'))
    this.#stale.clear()
    for (const key of keys) {
      const written = this.#overlay.get(key)
      this.put([[key, written === undefined ? this.get(key) : written.value]]).catch(() => {})
    }
  }

  #guard(): void {
    const { epoch } = this.#replica.newest()
    if (epoch > this.#options.epoch) this.#stop(`epoch ${epoch} has begun`)
    if (this.#stopped) throw this.#stopped
  }

  #stop(reason: string, tell = true): Superseded {
    if (this.#stopped) return this.#stopped
    this.#stopped = new Superseded(`queue ${this.#options.queue}, epoch ${this.#options.epoch}: ${reason}`)
    for (const waiter of [...this.#pending.splice(0), ...this.#checks.splice(0)]) waiter.reject(this.#stopped)
    if (tell) this.#options.onSuperseded?.()
    return this.#stopped
  }
}
