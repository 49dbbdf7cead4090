import { matches, TopicTree } from '@tern/mqtt'
import type { state } from '@tern/proto'
import type { ReadFilter } from '../../ports.ts'
import type { Lease } from '../shared/lease.ts'
import type { Delivery } from './delivery.ts'

/** Up to so many filters each is tried; a tree is made for more. */
const filtersTriedMax = 4

/** A subscription of a session that is connected here. */
export class LiveSubscription {
  readonly delivery: Delivery
  readonly subscription: state.Subscription
  private readonly starts = new Map<number, number>()

  constructor(delivery: Delivery, subscription: state.Subscription) {
    this.delivery = delivery
    this.subscription = subscription
    for (const { queue, position } of subscription.starts) this.starts.set(queue, position)
  }

  reaches(queue: number): boolean {
    return this.starts.has(queue)
  }

  /** Nothing at or before its start is for it (D2). */
  covers(queue: number, position: number): boolean {
    const start = this.starts.get(queue)
    return start !== undefined && position > start
  }

  startIn(queue: number): number {
    return this.starts.get(queue) ?? -1
  }
}

/** The subscriptions of one session, by filter. */
export class SubscriptionSet {
  private readonly byFilter = new Map<string, LiveSubscription>()
  private tree: TopicTree<LiveSubscription> | undefined

  get size(): number {
    return this.byFilter.size
  }

  get(filter: string): LiveSubscription | undefined {
    return this.byFilter.get(filter)
  }

  set(live: LiveSubscription): void {
    this.byFilter.set(live.subscription.filter, live)
    this.tree = undefined
  }

  delete(filter: string): void {
    this.byFilter.delete(filter)
    this.tree = undefined
  }

  values(): Iterable<LiveSubscription> {
    return this.byFilter.values()
  }

  /** What a catch-up read of the queue asks for. */
  readFilters(queue: number): ReadFilter[] {
    const filters: ReadFilter[] = []
    for (const live of this.byFilter.values()) {
      if (live.reaches(queue)) filters.push({ filter: live.subscription.filter, start: live.startIn(queue) })
    }
    return filters
  }

  matching(topic: string, queue: number, position: number): LiveSubscription[] {
    const found: LiveSubscription[] = []
    const add = (live: LiveSubscription) => {
      if (live.covers(queue, position)) found.push(live)
    }
    if (this.byFilter.size <= filtersTriedMax) {
      for (const live of this.byFilter.values()) if (matches(live.subscription.filter, topic)) add(live)
    } else this.treeOf().match(topic, add)
    return found
  }

  private treeOf(): TopicTree<LiveSubscription> {
    if (this.tree === undefined) {
      this.tree = new TopicTree()
      for (const live of this.byFilter.values()) this.tree.add(live.subscription.filter, live)
    }
    return this.tree
  }
}

/** What brought a message to the client, as it is told to people: the first filter that matched. */
export const filterOf = (subscriptions: readonly LiveSubscription[], lease?: Lease): string =>
  lease?.group ?? subscriptions[0]?.subscription.filter ?? ''

const noIdentifiers: readonly number[] = []

/** What PUBLISH says of the subscriptions that it comes for [MQTT5-3.3.4-3]. */
export function identifiersOf(subscriptions: readonly LiveSubscription[]): readonly number[] {
  const identified = subscriptions.filter(({ subscription }) => subscription.identifier > 0)
  return identified.length > 0 ? identified.map(({ subscription }) => subscription.identifier) : noIdentifiers
}

/** Of several subscriptions that match, the greatest QoS counts [MQTT5-3.3.4-2]. */
export function grantedTo(subscriptions: readonly LiveSubscription[]): number {
  let granted = 0
  for (const { subscription } of subscriptions) granted = Math.max(granted, subscription.qos)
  return granted
}
