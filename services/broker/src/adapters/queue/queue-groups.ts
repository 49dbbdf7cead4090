import { matches, TopicTree } from '@tern/mqtt'
import type { group, state } from '@tern/proto'
import type { Clock, Logger } from '@tern/runtime'
import { announceWithinMs, SharedGroup } from '../../core/group/shared-group.ts'
import { reasonCodes } from '../../core/home/limits.ts'
import type { Message } from '../../core/queue/tail-ring.ts'
import type { Quotas } from '../../core/quotas.ts'
import type { StateStore, StateWrite } from '../home/state-store.ts'
import type { QueuePast } from '../past/queue-past.ts'
import type { AskHomes } from './ask-homes.ts'
import { GroupEnds } from './group-ends.ts'
import { GroupTakes, takenKey } from './group-takes.ts'

const keepEveryMs = 1_000
/** Keys and values that one put may have, far below what it can (a filter is in both). */
const putBytesMax = 400_000

export type GroupRecipient = Readonly<{
  /** Its incarnation. */
  proxy?: number | undefined
  /** It stands in this broker's zone. */
  near?: boolean
  /** `earlier`: how often it was delivered before. */
  lease(queue: number, group: string, message: Message, earlier: number): void
}>

type Group = SharedGroup<GroupRecipient>

export type QueueGroupsOptions = Readonly<{
  queue: number
  store: StateStore
  clock: Clock
  logger: Logger
  /** The position after the last one known. */
  end(): number
  past: QueuePast
  proxyAlive(incarnation: number): boolean
  askHomes: AskHomes
  quotas: Pick<Quotas, 'groupsMax'>
}>

/** The shared subscriptions of one queue. */
export class QueueGroups {
  private readonly options: QueueGroupsOptions
  private readonly groups = new Map<string, Group>()
  /** Those that are durable, or will be. */
  private readonly written = new Map<string, Promise<void>>()
  private readonly kept = new Map<string, number>()
  private readonly tree = new TopicTree<Group>()
  private pumping = false
  private keptAt = 0
  readonly takes: GroupTakes<GroupRecipient>
  private readonly ends: GroupEnds
  closed = false

  constructor(options: QueueGroupsOptions) {
    this.options = options
    this.takes = new GroupTakes({ ...options, groups: this.groups })
    const put = (writes: readonly StateWrite[]) => void this.put(writes)
    this.ends = new GroupEnds({ ...options, groups: this.groups, put, end: (name) => this.end(name) })
    const leaseFrom = options.clock.now() + announceWithinMs
    for (const [, entry] of options.store.entries('group/')) {
      if (entry.$case !== 'group' || entry.value.progress === undefined) continue
      const restored: Group = new SharedGroup(entry.value.group, entry.value.progress, leaseFrom)
      restored.emptySinceMs = entry.value.emptySinceMs ?? options.clock.now()
      this.add(restored)
      this.written.set(restored.name, Promise.resolve())
    }
    for (const [, entry] of options.store.entries('taken/')) {
      if (entry.$case === 'taken') this.groups.get(entry.value.group)?.taken.add(entry.value)
    }
  }

  get count(): number {
    return this.groups.size
  }

  /** How many records the group that is farthest behind has not come to. */
  get behind(): number {
    return Math.max(0, ...[...this.groups.values()].map(({ live, next }) => (live ? 0 : this.options.end() - next)))
  }

  /** Resolves once the group is durable; with a reason code when it would be one more than may be. */
  async make(name: string): Promise<number | undefined> {
    let made = this.groups.get(name)
    if (made === undefined) {
      if (this.groups.size >= this.options.quotas.groupsMax) return reasonCodes.quotaExceeded
      made = this.begin(name)
    }
    await this.write(made)
    return undefined
  }

  /** Resolves once the group is durable. */
  async join(recipient: GroupRecipient, { group: name, credit, held }: group.GroupJoin): Promise<void> {
    const { clock, end } = this.options
    const known = this.groups.get(name)
    if (known === undefined && credit === 0) return
    const joined = known ?? this.begin(name)
    joined.join(recipient, credit, held, clock.now(), end(), recipient.near)
    await this.write(joined)
    this.pump()
  }

  settle(recipient: GroupRecipient, { group: name, settled, returned, unused }: group.GroupSettle): void {
    const found = this.groups.get(name)
    if (found === undefined) return
    found.settle(recipient, settled, returned, unused)
    if (!found.live || returned.length > 0) this.pump()
  }

  detach(recipient: GroupRecipient): void {
    for (const each of this.groups.values()) each.lost(recipient, this.options.clock.now())
    this.takes.detach(recipient)
  }

  /** A message of the queue as it comes. */
  offer(message: Message): void {
    if (this.tree.isEmpty) return
    this.tree.match(message.topic, (each) => {
      if (each.live && !this.lease(each, message)) {
        each.live = false
        each.next = message.position
      }
    })
  }

  /** A few times a second: goes on where somebody lost leases, keeps progress, ends what nobody needs. */
  keep(): void {
    const now = this.options.clock.now()
    this.pump()
    if (now - this.keptAt < keepEveryMs) return
    this.keptAt = now
    this.ends.keep(now)
    for (const [name, each] of this.groups) {
      if (each.revision !== this.kept.get(name)) this.save(each)
    }
  }

  get size(): number {
    return this.groups.size
  }

  get(name: string): Group | undefined {
    return this.groups.get(name)
  }

  names(): Iterable<string> {
    return this.groups.keys()
  }

  /**
   * Lets the group go on at another position, whatever it had settled; resolves once that is durable. Undefined when sessions have
   * records of it for good: those would be lost, or come twice.
   */
  reset(moved: Group, position: number): Promise<void> | undefined {
    if (moved.taken.openCount > 0) return undefined
    const taken = [...moved.taken.positions()]
    const writes = taken.map((each): StateWrite => [takenKey(moved.name, each), undefined])
    const progress = { queue: this.options.queue, low: position - 1, settled: [] }
    const durable = this.options.store.putInOrder([this.entryOf(moved, progress), ...writes])
    moved.reset(position)
    moved.taken.forget(taken)
    this.kept.set(moved.name, moved.revision)
    this.pump()
    return durable
  }

  private begin(name: string): Group {
    const { queue, clock, end } = this.options
    const begun: Group = new SharedGroup(name, { queue, low: end() - 1, settled: [] }, 0)
    begun.live = true
    begun.emptySinceMs = clock.now()
    this.add(begun)
    return begun
  }

  /** Once, unless it fails. */
  private write(group: Group): Promise<void> {
    const { name } = group
    const known = this.written.get(name)
    if (known !== undefined) return known
    const writing = this.options.store.put([this.entryOf(group)])
    this.written.set(name, writing)
    writing.catch(() => this.written.delete(name))
    return writing
  }

  private add(added: Group): void {
    this.groups.set(added.name, added)
    this.tree.add(added.filter, added)
  }

  private end(name: string): void {
    const ended = this.groups.get(name)
    if (ended === undefined) return
    this.groups.delete(name)
    this.written.delete(name)
    this.tree.remove(ended.filter, ended)
    const taken = [...ended.taken.positions()].map((position): StateWrite => [takenKey(name, position), undefined])
    this.put([[`group/${name}`, undefined], ...taken])
  }

  /** What was taken and is done is forgotten behind the progress that speaks for it. */
  private save(saved: Group): void {
    const progress = this.progressOf(saved)
    const covered = saved.taken.covered(progress)
    const writes = covered.map((position): StateWrite => [takenKey(saved.name, position), undefined])
    if (!this.put([this.entryOf(saved), ...writes])) return
    saved.taken.forget(covered)
    this.kept.set(saved.name, saved.revision)
  }

  /** In as many puts as it needs, in this order; false when it could not be begun. */
  private put(writes: readonly StateWrite[]): boolean {
    const failed = (error: unknown) =>
      this.options.logger.warn('the progress of a shared subscription was not kept', { error: String(error) })
    try {
      for (const part of parts(writes)) this.options.store.put(part).catch(failed)
      return true
    } catch (error) {
      failed(error)
      return false
    }
  }

  private entryOf(written: Group, progress = this.progressOf(written)): StateWrite {
    const { name, emptySinceMs } = written
    const empty = emptySinceMs === undefined ? {} : { emptySinceMs }
    return [`group/${name}`, { $case: 'group', value: { group: name, members: [], starts: [], progress, ...empty } }]
  }

  progressOf(each: Group): state.QueueProgress {
    const { queue, end } = this.options
    return each.progress(queue, each.live ? end() : each.next)
  }

  private lease(to: Group, message: Message): boolean {
    const recipient = to.lease(message.position, this.options.clock.now())
    if (recipient === undefined) return false
    to.revision++
    recipient.lease(this.options.queue, to.name, message, to.earlierOf(message.position))
    return true
  }

  private pump(): void {
    if (this.pumping || this.closed) return
    this.pumping = true
    this.pumpAll()
      .catch((error: unknown) => {
        this.options.logger.warn('a shared subscription could not be read on', { error: String(error) })
      })
      .finally(() => {
        this.pumping = false
      })
  }

  private async pumpAll(): Promise<void> {
    for (const each of this.groups.values()) {
      await this.leaseAgain(each)
      await this.readOn(each)
    }
  }

  /** What came back, or was lost with a link. */
  private async leaseAgain(each: Group): Promise<void> {
    const { clock, past } = this.options
    for (let waiting = each.unheld(clock.now()); waiting.length > 0; ) {
      if (this.closed || !each.mayLease(clock.now())) return
      const first = waiting[0] as number
      const { resets } = each
      const { messages, next } = await past.messagesFrom(first)
      if (each.resets !== resets) return
      const wanted = new Set(waiting)
      for (const message of messages) {
        if (!wanted.has(message.position)) continue
        wanted.delete(message.position)
        if (!this.lease(each, message)) return
        past.meter.delivered(message.body.length)
      }
      // Retention took those that were not there.
      for (const position of wanted) if (position < next) each.forget(position)
      waiting = [...wanted].filter((position) => position >= next)
    }
  }

  private async readOn(each: Group): Promise<void> {
    const { clock, end, past } = this.options
    while (!each.live && !this.closed) {
      if (each.next >= end()) {
        each.live = true
        return
      }
      if (!each.mayLease(clock.now())) return
      const from = each.next
      const { resets } = each
      const { messages, next } = await past.messagesFrom(from)
      if (each.resets !== resets) continue
      for (const message of messages) {
        if (message.position < from || each.isOver(message.position) || !matches(each.filter, message.topic)) continue
        if (!this.lease(each, message)) {
          each.next = message.position
          return
        }
        past.meter.delivered(message.body.length)
      }
      each.next = next
      each.revision++
    }
  }
}

/** Each part is small enough for one put. */
function parts(writes: readonly StateWrite[]): StateWrite[][] {
  const list: StateWrite[][] = []
  let bytes = putBytesMax
  for (const write of writes) {
    if (bytes >= putBytesMax) {
      list.push([])
      bytes = 0
    }
    list.at(-1)?.push(write)
    bytes += 2 * write[0].length + 200
  }
  return list
}
