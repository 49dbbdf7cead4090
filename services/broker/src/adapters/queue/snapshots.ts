import { state } from '@tern/proto'
import type { Logger } from '@tern/runtime'
import { inSpan } from '@tern/telemetry'
import type { Telemetry } from '../../core/counters.ts'
import type { QueueState } from '../../core/queue/queue-state.ts'
import { partsOf, stateOf } from '../../core/queue/snapshot.ts'
import type { Message } from '../../core/queue/tail-ring.ts'
import type { RetainedTopics } from '../../core/retained/retained-topics.ts'
import { StateRefused, type StateStore, type StateWrite } from '../home/state-store.ts'

const sets = ['a', 'b'] as const
type SetName = (typeof sets)[number]

const togetherBytesMax = 1024 * 1024

export const snapshotEvery = { records: 50_000, ms: 10_000 } as const

/** What a takeover begins with. */
export type Restored = Readonly<{ state: QueueState; retained: readonly Message[] }>

/** Snapshots of one queue in tern.state: parts in two alternating sets, so that there is always a whole one (rule 4). */
export class Snapshots {
  private readonly store: StateStore
  private readonly logger: Logger
  private readonly telemetry: Telemetry
  private next: SetName = 'a'
  private writing = false
  private written = { position: -1, at: 0 }

  constructor(store: StateStore, logger: Logger, telemetry: Telemetry) {
    this.store = store
    this.logger = logger
    this.telemetry = telemetry
  }

  /** Called a few times a second: writes one when it is time. */
  async keep(queue: QueueState, retained: RetainedTopics, nowMs: number): Promise<void> {
    const position = queue.next - 1
    const news = position - this.written.position
    const due = news >= snapshotEvery.records || (news > 0 && nowMs - this.written.at >= snapshotEvery.ms)
    if (!due || this.writing) return
    this.writing = true
    this.written = { position, at: nowMs }
    const changed = retained.takeChanged()
    const { counters, tracer } = this.telemetry
    const span = tracer.start('queue snapshot', { attributes: { 'tern.position': position, 'tern.records': news } })
    try {
      await inSpan(span, () => this.write(queue, changed))
      counters.snapshots++
    } catch (error) {
      counters.snapshotsFailed++
      retained.putBack(changed)
      this.logger.warn('no snapshot could be written', { ...span.fields, error: String(error) })
    } finally {
      this.writing = false
    }
  }

  /** The newest whole snapshot; undefined when there is none yet. */
  restore(): Restored | undefined {
    let newest: QueueState | undefined
    for (const set of sets) {
      const found = stateOf(this.partsIn(set))
      if (found === undefined || (newest !== undefined && found.next <= newest.next)) continue
      newest = found
      this.written = { position: found.next - 1, at: this.written.at }
      this.next = set === 'a' ? 'b' : 'a'
    }
    return newest && { state: newest, retained: [...this.retained()] }
  }

  /** Durable when it resolves. `retained`: topics that changed since the last one, with their values. */
  async write(queue: QueueState, retained: ReadonlyMap<string, Message | undefined>): Promise<void> {
    const parts = partsOf(queue)
    await this.putAllRetained(retained)
    const set = this.next
    const before = this.partsIn(set).length
    for (const part of parts) await this.store.put([[keyOf(set, part.part), { $case: 'snapshotPart', value: part }]])
    const surplus: StateWrite[] = []
    for (let part = parts.length; part < before; part++) surplus.push([keyOf(set, part), undefined])
    if (surplus.length > 0) await this.store.put(surplus)
    this.next = set === 'a' ? 'b' : 'a'
  }

  /** Many at once, since an append to the log is what costs; so few that the store has room for others. */
  private async putAllRetained(retained: ReadonlyMap<string, Message | undefined>): Promise<void> {
    let together: Promise<void>[] = []
    let bytes = 0
    for (const [topic, message] of retained) {
      together.push(this.putRetained(topic, message))
      bytes += topic.length + (message?.body.length ?? 0)
      if (bytes < togetherBytesMax) continue
      await Promise.all(together)
      together = []
      bytes = 0
    }
    await Promise.all(together)
  }

  private async putRetained(topic: string, message: Message | undefined): Promise<void> {
    const key = `retained/${topic}`
    const { position = 0, timeMs: appendTimeMs = 0, body = Buffer.alloc(0) } = message ?? {}
    const value = state.Retained.create({ topic, position, appendTimeMs, body })
    try {
      await this.store.put([[key, message && { $case: 'retained', value }]])
    } catch (error) {
      if (!(error instanceof StateRefused)) throw error
      // It is still on the log, until retention takes it.
      this.logger.error('a retained message could not be kept beyond retention', { topic, error: error.message })
    }
  }

  private partsIn(set: SetName): state.SnapshotPart[] {
    const parts: state.SnapshotPart[] = []
    for (const [, value] of this.store.entries(`snapshot/${set}/`)) {
      if (value.$case === 'snapshotPart') parts.push(value.value)
    }
    return parts
  }

  private *retained(): Generator<Message> {
    for (const [, entry] of this.store.entries('retained/')) {
      if (entry.$case !== 'retained') continue
      const { topic, position, appendTimeMs, body } = entry.value
      yield { topic, position, timeMs: appendTimeMs, body: Buffer.from(body) }
    }
  }
}

const keyOf = (set: SetName, part: number): string => `snapshot/${set}/${part}`
