import type { DeliveryAccount } from '../ledger/delivery-account.ts'
import type { Acknowledgements } from './acknowledgements.ts'
import type { Carrier } from './carrier.ts'
import type { Delivery } from './delivery.ts'
import type { Departure } from './departure.ts'
import type { InFlight } from './in-flight.ts'
import type { Outgoing } from './outgoing.ts'
import { filterOf, type LiveSubscription } from './subscription-set.ts'

/** What a stream of the public API does in place of MQTT packets, of one session. */
export class Carried {
  private readonly delivery: Delivery
  private readonly carrier: Carrier
  private readonly account: DeliveryAccount
  private readonly acknowledgements: Acknowledgements

  constructor(delivery: Delivery, carrier: Carrier, account: DeliveryAccount, acknowledgements: Acknowledgements) {
    this.delivery = delivery
    this.carrier = carrier
    this.account = account
    this.acknowledgements = acknowledgements
  }

  /** As good as delivered. */
  leavesOut(message: Outgoing, subscriptions: readonly LiveSubscription[]): boolean {
    if (this.carrier.wants(message)) return false
    this.account.gaveUp(message, 'dropped', message.qos, filterOf(subscriptions), 'the stream leaves it out')
    return true
  }

  /** Puts it in flight, unless it is that already. */
  carry(message: Outgoing, how: Departure, subscriptions: readonly LiveSubscription[]): true {
    const { window, options } = this.delivery
    // It was settled while it was read again.
    if (how.entry !== undefined && window.get(how.entry.packetId) !== how.entry) return true
    const { queue, position, bytes } = message
    const entry = how.entry ?? window.begin(queue, position, 1, how.retained, how.lease)
    const filters = subscriptions.map(({ subscription }) => subscription.filter)
    options.counters.deliver(1, bytes)
    this.carrier.carry(message, entry, filters)
    this.account.written(message, entry, filterOf(subscriptions, how.lease))
    return true
  }

  /** The same message once more. */
  again(message: Outgoing, entry: InFlight, filters: readonly string[]): void {
    this.account.interrupted(entry, false)
    this.carrier.carry(message, entry, filters)
    this.account.written(message, entry, filters[0] ?? '')
  }

  /** The record of a group: whoever has room gets it, this session too. */
  giveBack(entry: InFlight): void {
    this.account.interrupted(entry, false)
    this.delivery.window.settle(entry.packetId)
    entry.lease?.ended()
    this.delivery.roomAgain()
  }

  /** False when nothing is in flight under the id. */
  settle(packetId: number): boolean {
    return this.acknowledgements.settled(packetId)
  }
}
