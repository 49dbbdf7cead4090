import type { Device } from '../failure/device.ts'
import { checkWillOrder } from '../failure/will-order.ts'
import { Devices, type Load, textOf } from './devices.ts'
import type { Site } from './site.ts'

const mortals = 4
const filters = [['w/+'], ['w/#', 'w/0'], ['w/0', 'w/1', 'w/+']] as const

/** Devices that publish on the topics of their wills and hop between zones all the time, and subscribers of all that, all at QoS 2. */
export class WillFleet implements Load {
  private readonly site: Site
  private readonly devices: Devices
  private readonly mortal: readonly Device[]
  private readonly subscribing: readonly Device[]

  constructor(site: Site) {
    this.site = site
    this.devices = new Devices(site)
    this.mortal = Array.from({ length: mortals }, (_, i) => this.devices.make(`m${i}`, { willTopic: `w/${i % 2}` }))
    this.subscribing = filters.map((wanted, i) =>
      this.devices.make(`s${i}`, { subscriptions: wanted.map((filter) => ({ filter, qos: 2 })) }),
    )
  }

  start(): Promise<unknown> {
    return Promise.all([...this.subscribing, ...this.mortal].map((device) => device.start()))
  }

  publish(): void {
    for (const [i, device] of this.mortal.entries())
      this.devices.nowAndThen(15, () => device.publish(`w/${i % 2}`, 2), 'at once')
  }

  live(): void {
    const { random } = this.site
    const { devices } = this
    for (const device of this.mortal) {
      devices.comeAndGo(device, 1_000, 300)
      devices.nowAndThen(400, () => device.hop())
    }
    devices.nowAndThen(500, () => random.pick(this.subscribing).hop())
  }

  stop(): void {
    this.devices.isStopped = true
  }

  end(): void {
    for (const device of this.mortal) void device.goOffline()
  }

  isOver(): boolean {
    return true
  }

  published(): number {
    return this.devices.history.judge.invocations
  }

  /** Numbers are given to wills when they connect, so their order is judged apart. */
  violations(): readonly string[] {
    return this.devices.violations.filter(({ rule }) => rule !== 'order').map(textOf)
  }

  missing(): readonly string[] {
    const unanswered = this.mortal.flatMap(({ unacknowledged, options }) =>
      unacknowledged > 0 ? [`stuck: ${options.clientId} waits for ${unacknowledged} answers`] : [],
    )
    return [
      ...this.devices
        .missing()
        .filter(({ rule }) => rule !== 'order')
        .map(textOf),
      ...unanswered,
    ]
  }

  wrongInTheEnd(): readonly string[] {
    return checkWillOrder(this.devices.history.entries).map(textOf)
  }
}
