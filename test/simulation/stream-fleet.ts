import { messaging } from '@tern/proto'
import type { Device } from '../failure/device.ts'
import { checkRetained } from '../failure/retained.ts'
import type { StreamPublisher } from '../failure/stream/stream-publisher.ts'
import { ackOf, type StreamSubscriber, type StreamSubscriberOptions } from '../failure/stream/stream-subscriber.ts'
import { TwoFaced } from '../failure/stream/two-faced.ts'
import { Devices, type Load, stuckOf, textOf } from './devices.ts'
import type { Site } from './site.ts'

type Said = NonNullable<messaging.SubscribeRequest['frame']>

const { RETRY } = messaging.NackAction
const topics = ['t/a', 't/b', 't/c', 't/d'] as const
const lastingSeconds = 3_600
const filters = ['t/+', 'r/+'] as const
const share = '$share/crew/t/+'

/**
 * Clients of the API beside devices: producers with sequences and devices that publish, streams and devices that subscribe, clients that are
 * now the one and then the other, and a group of all three.
 */
export class StreamFleet implements Load {
  private readonly site: Site
  private readonly devices: Devices
  private readonly producers: readonly StreamPublisher[]
  private readonly publishing: readonly (StreamPublisher | Device)[]
  private readonly streams: readonly StreamSubscriber[]
  private readonly twoFaced: readonly TwoFaced[]
  private readonly listening: readonly Device[]
  /** Deliveries that were not acknowledged, one entry for each: to whom, or to which group, and what. */
  private readonly unsettled: Readonly<{ key: string; by: readonly string[] }>[] = []
  private over = false

  constructor(site: Site) {
    this.site = site
    const devices = new Devices(site)
    this.devices = devices
    this.producers = [devices.publisher('q0'), devices.publisher('q1')]
    this.publishing = [...this.producers, devices.make('p0')]
    const settling = (...by: string[]): Pick<StreamSubscriberOptions, 'settle'> => ({
      settle: (delivery, say) => this.settle(delivery, say, by),
    })
    const member = { filters: ['t/+'], group: 'crew', ...settling('w0', 'w1', 'w2') }
    this.streams = [
      devices.subscriber('s0', { filters }),
      devices.subscriber('s1', { filters: ['t/a'], ...settling('s1') }),
      devices.subscriber('w0', member),
    ]
    const device = (name: string, filter: string) =>
      devices.make(name, { session: lastingSeconds, subscriptions: [{ filter, qos: 1 }] })
    this.twoFaced = [
      new TwoFaced(device('h0', 't/+'), devices.subscriber('h0', { filters: ['t/+'], ...settling('h0') })),
      new TwoFaced(device('w1', share), devices.subscriber('w1', member)),
    ]
    this.listening = [devices.make('all', { subscriptions: [{ filter: '#', qos: 2 }] }), device('w2', share)]
  }

  start(): Promise<unknown> {
    const all = [...this.streams, ...this.twoFaced, ...this.listening, ...this.publishing]
    return Promise.all(all.map((client) => client.start()))
  }

  publish(): void {
    const { random } = this.site
    for (const [i, client] of this.publishing.entries()) {
      const offer = () => {
        // One QoS for each topic of a publisher: order is promised within one.
        const topic = random.whole(0, topics.length - 1)
        if (random.chance(0.2)) client.publish(`r/${i}`, i % 2 === 0 ? 2 : 1, { retain: true })
        else client.publish(topics[topic] as string, (topic + i) % 2 === 0 ? 2 : 1)
      }
      this.devices.nowAndThen(15, offer, 'at once')
    }
  }

  live(): void {
    const { devices } = this
    const { random } = this.site
    for (const client of [...this.streams, ...this.twoFaced]) devices.comeAndGo(client, 2_000, 1_000)
    devices.nowAndThen(700, () => random.pick(this.twoFaced).turn())
    devices.nowAndThen(1_000, () => random.pick([...this.streams, ...this.producers, ...this.listening]).hop())
  }

  /** As consumers do: most at once, some late or not this time, and some want more time. */
  private settle(delivery: messaging.Delivery, say: (frame: Said) => void, by: readonly string[]): void {
    const { devices } = this
    const { random } = this.site
    const ackIds = [delivery.ackId]
    const drawn = delivery.attempt > 2 ? 0 : random.next()
    if (drawn < 0.8) say(ackOf(delivery))
    else if (drawn < 0.9) devices.after(random.next() * 300, () => say(ackOf(delivery)))
    else if (drawn < 0.91) {
      say({ $case: 'extendDeadline', value: { ackIds, ackDeadline: { seconds: 15, nanos: 0 } } })
      devices.after(11_000, () => say(ackOf(delivery)))
    } else {
      const delay = { seconds: 0, nanos: random.whole(0, 300) * 1_000_000 }
      if (drawn < 0.99) say({ $case: 'nack', value: { ackIds, action: RETRY, delay, reason: '' } })
      this.unsettled.push({ key: `${delivery.message?.payload}`, by })
    }
  }

  stop(): void {
    this.devices.isStopped = true
  }

  end(): void {
    void this.devices.make('late', { subscriptions: [{ filter: 'r/+', qos: 2 }] }).start()
    this.over = true
  }

  isOver(): boolean {
    return this.over
  }

  published(): number {
    return this.devices.history.judge.invocations
  }

  violations(): readonly string[] {
    return this.devices.violations.map(textOf)
  }

  missing(): readonly string[] {
    const missing = [...this.devices.missing().map(textOf), ...stuckOf(this.publishing)]
    return missing.length > 0 ? missing : this.notAgain()
  }

  /** What was delivered, and each time not acknowledged. */
  private notAgain(): string[] {
    const times = new Map<string, number>()
    for (const each of this.devices.history.entries) {
      if (each.kind === 'delivery')
        times.set(`${each.actor} ${each.key}`, (times.get(`${each.actor} ${each.key}`) ?? 0) + 1)
    }
    const lost = [...Map.groupBy(this.unsettled, ({ key, by }) => `${key} ${by}`).values()].filter((group) => {
      const [{ key, by } = { key: '', by: [''] }] = group
      return by.reduce((sum, actor) => sum + (times.get(`${actor} ${key}`) ?? 0), 0) <= group.length
    })
    return lost.map(([each]) => `lost: ${each?.by.join(' or ')} did not get ${each?.key} again, unacknowledged`)
  }

  wrongInTheEnd(): readonly string[] {
    return checkRetained(this.devices.history.entries, 'late').map(textOf)
  }
}
