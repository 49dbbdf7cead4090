import type { Region } from '../support/region.ts'
import { Device } from './device.ts'
import { History } from './history.ts'
import type { Random } from './random.ts'

export type Fault = 'kill zone' | 'pause zone' | 'kill everything'

export const zones = ['az-a', 'az-b', 'az-c'] as const

/** Of the group that shares a subscription at QoS 2. */
const members = 3

/**
 * A fleet on a region: publishers of QoS 1 and 2, plain and retained, devices with wills, a group, durable subscribers with exact and
 * wildcard filters, all seen by one history.
 */
export class Fleet {
  readonly history = new History()
  readonly publishers: Device[] = []
  readonly subscribers: Device[] = []
  /** Devices that do nothing but have a will. */
  readonly mortals: Device[] = []
  private readonly run: string
  private pump: NodeJS.Timeout | undefined

  constructor(region: Region, run: string, size: number) {
    this.run = run
    const addresses = region.addresses
    for (let i = 0; i < size; i++) {
      const turn = turned(addresses, i)
      this.publishers.push(new Device({ clientId: `${run}-pub-${i}`, addresses: turn, history: this.history }))
      const filter = { filter: `${run}/t/${i}`, qos: i % 2 === 0 ? 2 : 1 } as const
      this.subscribers.push(
        new Device({
          clientId: `${run}-sub-${i}`,
          addresses: turn.toReversed(),
          history: this.history,
          subscriptions: [filter],
        }),
      )
    }
    this.subscribers.push(
      new Device({
        clientId: `${run}-all`,
        addresses,
        history: this.history,
        subscriptions: ['t', 'r', 'w'].map((kind) => ({ filter: `${run}/${kind}/+`, qos: 2 })),
      }),
    )
    for (let i = 0; i < members; i++) {
      const subscriptions = [{ filter: `$share/${run}/${run}/t/+`, qos: 2 }] as const
      const options = { clientId: `${run}-member-${i}`, addresses: turned(addresses, i), history: this.history }
      this.subscribers.push(new Device({ ...options, subscriptions }))
    }
    for (let i = 0; i < size; i++) {
      const turn = turned(addresses, i)
      const options = { clientId: `${run}-will-${i}`, addresses: turn, history: this.history }
      this.mortals.push(new Device({ ...options, willTopic: `${run}/w/${i}` }))
    }
  }

  async start(): Promise<void> {
    await Promise.all(this.subscribers.map((device) => device.start()))
    await Promise.all([...this.publishers, ...this.mortals].map((device) => device.start()))
  }

  /** Each publisher offers a message every few milliseconds, as its window allows; every fourth is retained. */
  publish(): void {
    let turn = 0
    this.pump = setInterval(() => {
      turn++
      this.publishers.forEach((device, i) => {
        const retain = turn % 4 === 0
        device.publish(`${this.run}/${retain ? 'r' : 't'}/${i}`, i % 3 === 0 ? 1 : 2, { retain })
      })
    }, 5)
  }

  /** Stops publishing and waits until all is acknowledged and the subscribers have what they are due, or nothing moves for `quietMs`. */
  async settle(quietMs: number): Promise<void> {
    clearInterval(this.pump)
    await Promise.race([
      Promise.all(this.publishers.map((device) => device.until(() => device.unacknowledged === 0))),
      this.quiet(quietMs * 2),
    ])
    await this.quiet(quietMs)
  }

  get willsDelivered(): number {
    const { entries } = this.history
    return entries.filter((entry) => entry.kind === 'delivery' && entry.topic.startsWith(`${this.run}/w/`)).length
  }

  /** Half of the devices with wills leave, the others are lost. Then a late reader, whose name is the result, sees what is retained. */
  async end(quietMs: number): Promise<string> {
    await Promise.all(this.mortals.map((device, i) => (i % 2 === 0 ? device.leave() : device.goOffline())))
    await this.quiet(quietMs)
    const { addresses } = this.publishers[0]?.options ?? { addresses: [] }
    const clientId = `${this.run}-late`
    const subscriptions = [{ filter: `${this.run}/r/+`, qos: 2 }] as const
    const late = new Device({ clientId, addresses, history: this.history, subscriptions })
    this.subscribers.push(late)
    await late.start()
    await this.quiet(quietMs)
    return clientId
  }

  /** Resolves when no client has seen anything for so long. */
  private async quiet(quietMs: number): Promise<void> {
    for (let seen = -1; seen !== this.history.entries.length; ) {
      seen = this.history.entries.length
      await new Promise((resolve) => setTimeout(resolve, quietMs))
    }
  }

  stop(): void {
    clearInterval(this.pump)
    for (const device of [...this.publishers, ...this.subscribers, ...this.mortals]) device.stop()
  }
}

/** The same list, begun at another place. */
const turned = <T>(list: readonly T[], by: number): T[] => {
  const first = by % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** One fault of the seed's choice under load; returns once the region is whole again. */
export async function inflict(
  region: Region,
  history: History,
  fault: Fault,
  random: Random,
  pauseMs: number,
): Promise<void> {
  const zone = zones[random.below(3)] ?? 'az-a'
  const target = fault === 'kill everything' ? 'the region' : zone
  await after(300 + random.below(700))
  history.record('faults', { kind: 'fault', what: fault, target, bit: await bite(region, fault, zone) })
  await after(fault === 'pause zone' ? pauseMs : 500 + random.below(2_000))
  if (fault === 'pause zone') await region.resumeZone(zone)
  else if (fault === 'kill zone') await region.restartZone(zone)
  else await region.restartAll()
  await after(500 + random.below(1_000))
}

/** True when the process is proven gone or stopped. */
async function bite(region: Region, fault: Fault, zone: (typeof zones)[number]): Promise<boolean> {
  if (fault === 'kill zone') await region.killZone(zone)
  else if (fault === 'pause zone') await region.pauseZone(zone)
  else await region.killAll()
  return true
}
