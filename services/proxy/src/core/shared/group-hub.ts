import type { Message, Region } from '../../ports.ts'
import type { Delivery } from '../delivery/delivery.ts'
import { Outgoing } from '../delivery/outgoing.ts'
import type { LiveSubscription } from '../delivery/subscription-set.ts'
import type { Lease } from './lease.ts'

/** Records of one group that a queue's owner may have out at this proxy, for each member. */
const creditPerMember = 128
const creditMax = 2_048

type Group = { readonly members: LiveSubscription[]; readonly waiting: Message[]; turn: number }

/** The shared subscriptions of this proxy: what an owner leases to it goes to a member that has room (D10). */
export class GroupHub {
  private readonly region: Region
  private readonly groups = new Map<string, Group>()

  constructor(region: Region) {
    this.region = region
  }

  /** Resolves once the group is durable. A member that subscribes again is the same member. */
  async join(member: LiveSubscription): Promise<void> {
    const name = member.subscription.filter
    const group = this.groups.get(name) ?? { members: [], waiting: [], turn: 0 }
    this.groups.set(name, group)
    const before = group.members.findIndex(({ delivery }) => delivery === member.delivery)
    if (before >= 0) group.members[before] = member
    else group.members.push(member)
    await this.state(name, group)
    this.handOut(name, group)
  }

  leave(member: LiveSubscription): void {
    const name = member.subscription.filter
    const group = this.groups.get(name)
    const at = group?.members.indexOf(member) ?? -1
    if (group === undefined || at < 0) return
    group.members.splice(at, 1)
    if (group.members.length === 0) {
      this.groups.delete(name)
      for (const { queue, position } of group.waiting) this.region.returnLease(queue, name, position, 'unused')
    }
    void this.state(name, group)
  }

  leased(queue: number, name: string, messages: readonly Message[]): void {
    const group = this.groups.get(name)
    if (group === undefined) {
      for (const { position } of messages) this.region.returnLease(queue, name, position, 'unused')
      return
    }
    group.waiting.push(...messages)
    this.handOut(name, group)
  }

  /** A session may have room again. */
  roomAgain(delivery: Delivery): void {
    for (const { subscription } of delivery.shared.values()) {
      const group = this.groups.get(subscription.filter)
      if (group !== undefined && group.waiting.length > 0) this.handOut(subscription.filter, group)
    }
  }

  private state(name: string, { members }: Group): Promise<void> {
    return this.region.joinGroup(name, Math.min(creditMax, members.length * creditPerMember))
  }

  private handOut(name: string, group: Group): void {
    let done = 0
    for (const message of group.waiting) {
      if (!this.handOne(name, group, message)) break
      done++
    }
    if (done > 0) group.waiting.splice(0, done)
  }

  private handOne(name: string, group: Group, message: Message): boolean {
    const { queue, position } = message
    const outgoing = new Outgoing(message)
    const lease: Lease = {
      group: name,
      earlier: message.earlier ?? 0,
      settle: () => this.region.settleLease(queue, name, position),
      // What this client did not acknowledge goes to another member (MQTT 5, 4.8.2).
      ended: () => this.region.returnLease(queue, name, position, 'returned'),
      // At QoS 1 a repetition is allowed.
      whenOver: (then) => then(),
    }
    const { members } = group
    for (let i = 0; i < members.length; i++) {
      const member = members[(group.turn + i) % members.length] as LiveSubscription
      if (!member.delivery.takeShared(outgoing, member, lease)) continue
      group.turn = (group.turn + i + 1) % members.length
      return true
    }
    return false
  }
}
