import { TopicTree } from '@tern/mqtt'
import type { Covered, Message } from '../../ports.ts'
import type { ProxyCounters } from '../counters.ts'
import type { Delivery } from './delivery.ts'
import { Outgoing, topicOf } from './outgoing.ts'
import type { LiveSubscription } from './subscription-set.ts'

/** Brings each message of a queue to the sessions of this proxy that are at it and want it (D3). */
export class FanOut {
  private readonly tree = new TopicTree<LiveSubscription>()
  /** Sessions of several subscriptions that the present message matched, each with all that did. */
  private readonly matched = new Map<Delivery, LiveSubscription[]>()
  private message: Message | undefined
  private topic = ''
  /** The present message, taken apart once somebody wants it. */
  private outgoing: Outgoing | undefined
  private offers = 0
  private readonly counters: ProxyCounters

  constructor(counters: ProxyCounters) {
    this.counters = counters
  }

  add(live: LiveSubscription): void {
    this.tree.add(live.subscription.filter, live)
  }

  remove(live: LiveSubscription): void {
    this.tree.remove(live.subscription.filter, live)
  }

  /** Gives the number of offers that it made. */
  covered({ messages }: Covered, now: number): number {
    let offers = 0
    if (this.tree.isEmpty) return offers
    for (const message of messages) {
      this.offers = 0
      this.offer(message)
      if (this.offers > 0) this.note(now)
      offers += this.offers
    }
    return offers
  }

  /** How long it took from publisher to here; two proxies' clocks may differ. */
  private note(now: number): void {
    const receivedMs = this.outgoing?.receivedMs ?? 0
    if (receivedMs > 0) this.counters.publishToOffer.record(Math.max(0, now - receivedMs) / 1000, this.offers)
  }

  private offer(message: Message): void {
    this.message = message
    this.outgoing = undefined
    this.topic = topicOf(message)
    this.tree.match(this.topic, this.visit)
    if (this.matched.size === 0) return
    this.offers += this.matched.size
    for (const [delivery, subscriptions] of this.matched) delivery.offer(this.apart(message), subscriptions)
    this.matched.clear()
  }

  private apart(message: Message): Outgoing {
    this.outgoing ??= new Outgoing(message, this.topic)
    return this.outgoing
  }

  private readonly visit = (live: LiveSubscription): void => {
    const message = this.message as Message
    const { queue, position } = message
    if (!live.delivery.isAt(queue, position) || !live.covers(queue, position)) return
    // There is nothing to gather for a session that has this subscription only, as most do.
    if (live.delivery.subscriptions.size === 1) {
      this.offers++
      live.delivery.offer(this.apart(message), [live])
      return
    }
    const subscriptions = this.matched.get(live.delivery)
    if (subscriptions === undefined) this.matched.set(live.delivery, [live])
    else subscriptions.push(live)
  }
}
