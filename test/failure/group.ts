import { type Delivery, type Invocation, Subscriber } from './subscriber.ts'

export const isShared = (filter: string): boolean => filter.startsWith('$share/')

/** All members of a shared subscription, which ask for the same QoS, as the one subscriber that they are. It lasts to the end. */
export class Group extends Subscriber {
  private readonly filter: string
  private readonly qos: number
  private isLasting = false
  private hasLost = false

  /** `name`: "$share/<name>/<filter>". */
  constructor(name: string, qos: number) {
    super(name)
    this.filter = name.split('/').slice(2).join('/')
    this.qos = qos
    this.asks(this.filter, qos, 0)
  }

  /** A member has its SUBACK. */
  lasts(at: number): void {
    if (!this.isLasting) this.subscribed(this.filter, this.qos, at)
    this.isLasting = true
  }

  /** The session of a member has ended: at QoS 2 what it had taken goes down with it [MQTT5-4.8.2-5]. */
  lostMember(): void {
    this.hasLost ||= this.qos === 2
  }

  /** What comes back goes to another member after what was published later: there is no order. */
  override takes(delivery: Delivery, publishedQos: number): undefined {
    super.takes(delivery, publishedQos, false)
  }

  override isOwed(publish: Invocation): boolean {
    return !this.hasLost && super.isOwed(publish)
  }
}
