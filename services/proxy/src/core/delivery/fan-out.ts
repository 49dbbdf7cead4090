import { TopicTree } from '@tern/mqtt'
import type { Covered, Message } from '../../ports.ts'
import type { Delivery } from './delivery.ts'
import { Outgoing, topicOf } from './outgoing.ts'
import type { LiveSubscription } from './subscription-set.ts'

/** Brings each message of a queue to the sessions of this proxy that are at it and want it (D3). */
export class FanOut {
  private readonly tree = new TopicTree<LiveSubscription>()
  /** Sessions that the present message matched, each with all its subscriptions that did. */
  private readonly matched = new Map<Delivery, LiveSubscription[]>()
  private message: Message | undefined

  add(live: LiveSubscription): void {
    this.tree.add(live.subscription.filter, live)
  }

  remove(live: LiveSubscription): void {
    this.tree.remove(live.subscription.filter, live)
  }

  covered({ messages }: Covered): void {
    if (this.tree.isEmpty) return
    for (const message of messages) this.offer(message)
  }

  private offer(message: Message): void {
    this.message = message
    this.tree.match(topicOf(message), this.visit)
    if (this.matched.size === 0) return
    const outgoing = new Outgoing(message)
    for (const [delivery, subscriptions] of this.matched) delivery.offer(outgoing, subscriptions)
    this.matched.clear()
  }

  private readonly visit = (live: LiveSubscription): void => {
    const { queue, position } = this.message as Message
    if (!live.delivery.isAt(queue, position) || !live.covers(queue, position)) return
    const subscriptions = this.matched.get(live.delivery)
    if (subscriptions === undefined) this.matched.set(live.delivery, [live])
    else subscriptions.push(live)
  }
}
