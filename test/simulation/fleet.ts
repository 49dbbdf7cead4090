import type { Device } from '../failure/device.ts'
import { checkRetained } from '../failure/retained.ts'
import { Devices, type Kind, type Load, stuckOf, textOf } from './devices.ts'
import type { Site } from './site.ts'

const publishers = 3
const mortals = 2
const topics = ['t/a', 't/b', 't/c', 't/d'] as const
/** Retained messages of these end soon, or not within a run. */
const passingTopics = ['x/0', 'x/1'] as const
const expirySecondsOf = { soon: 1, late: 600 } as const

const expirySeconds = 3
const everything = [{ filter: 't/+', qos: 2 }] as const
const overlapping = [...everything, { filter: 't/a', qos: 1 }] as const

/** Whose session ends with its connection; by time, after a will with a delay; by clean start; who changes its subscriptions. */
const guests = {
  passing: { session: 'passing', subscriptions: overlapping },
  expiring: { session: expirySeconds, subscriptions: everything, willTopic: 'w/v', willDelaySeconds: 1 },
  fresh: { session: 3_600, subscriptions: everything },
  fickle: { subscriptions: overlapping },
} as const satisfies Record<string, Kind>

/**
 * Members of a shared subscription, whose promise is theirs together. At QoS 2: once, and lost by none while their sessions last;
 * where these end with their connections, once at most. At QoS 1: at least once.
 */
const shares = {
  exactlyOnce: { qos: 2, sessions: ['lasting', 'lasting', 'lasting'] },
  atMostOnce: { qos: 2, sessions: ['passing', 'passing', 'lasting'] },
  atLeastOnce: { qos: 1, sessions: ['passing', 'lasting', 'lasting'] },
} as const

type Guest = Readonly<{ kind: keyof typeof guests; device: Device }>

/**
 * Devices that publish at QoS 1 and 2, some of it retained, some of that for a time, devices with wills, and subscribers: whose
 * sessions last, end with their connections, end by time, or are ended by clean start; whose filters overlap or change.
 */
export class Fleet implements Load {
  private readonly site: Site
  private readonly devices: Devices
  private readonly publishing: Device[] = []
  private readonly subscribing: Device[] = []
  private readonly mortal: Device[] = []
  private readonly passing: Device
  /** The one of the seed that is not there to stay: four of them in each seed would cost three times as much. */
  private readonly guest: Guest
  private readonly members: readonly Device[]
  private readonly hoppers: readonly Device[]
  private over = false

  constructor(site: Site) {
    this.site = site
    this.devices = new Devices(site)
    const { devices } = this
    for (let i = 0; i < publishers; i++) this.publishing.push(devices.make(`p${i}`))
    this.passing = devices.make('px', { session: 3_600 })
    for (let i = 0; i < mortals; i++) this.mortal.push(devices.make(`m${i}`, { willTopic: `w/${i}` }))
    const all = ['t/#', 'r/+', 'w/+'].map((filter) => ({ filter, qos: 2 }) as const)
    const wanted = [[{ filter: 't/a', qos: 2 }], all, [{ filter: 't/+', qos: 1 }]] as const
    for (const [i, subscriptions] of wanted.entries()) this.subscribing.push(devices.make(`s${i}`, { subscriptions }))
    const kind = site.random.pick(Object.keys(guests) as Guest['kind'][])
    this.guest = { kind, device: devices.make(kind, guests[kind]) }
    this.subscribing.push(this.guest.device)
    this.members = this.share(site.random.pick(Object.keys(shares) as (keyof typeof shares)[]))
    this.hoppers = [...this.subscribing, ...this.mortal, ...this.members]
  }

  start(): Promise<unknown> {
    const all = [...this.subscribing, ...this.members, ...this.publishing, this.passing, ...this.mortal]
    return Promise.all(all.map((device) => device.start()))
  }

  /** Each publisher offers a message now and then. */
  publish(): void {
    const { devices } = this
    const { random } = this.site
    for (const [i, device] of this.publishing.entries()) {
      const offer = () => {
        // One QoS for each topic of a publisher: order is promised within one.
        const topic = random.whole(0, topics.length - 1)
        if (random.chance(0.2)) device.publish(`r/${i}`, i % 2 === 0 ? 2 : 1, { retain: true })
        else device.publish(topics[topic] as string, (topic + i) % 2 === 0 ? 2 : 1)
      }
      devices.nowAndThen(15, offer, 'at once')
    }
    devices.nowAndThen(200, () => {
      const expirySeconds = expirySecondsOf[random.chance(0.5) ? 'soon' : 'late']
      for (const [i, topic] of passingTopics.entries())
        this.passing.publish(topic, i === 0 ? 1 : 2, { retain: true, expirySeconds })
    })
  }

  live(): void {
    const { devices } = this
    const { random } = this.site
    for (const device of [...this.mortal, ...this.members]) devices.comeAndGo(device, 2_000, 1_000)
    devices.nowAndThen(1_000, () => random.pick(this.hoppers).hop())
    const { kind, device } = this.guest
    if (kind === 'expiring') devices.comeAndGo(device, 2_000, 2 * expirySeconds * 1_000)
    else if (kind === 'fresh') devices.nowAndThen(2_000, () => device.startAnew())
    else if (kind === 'fickle') {
      devices.nowAndThen(500, () => {
        const filter = random.pick(['t/a', 't/b', 't/+', 't/#'])
        if (random.chance(0.4)) device.unsubscribe(filter)
        else device.subscribe({ filter, qos: random.pick([0, 1, 2]) })
      })
    }
  }

  private share(kind: keyof typeof shares): Device[] {
    const { qos, sessions } = shares[kind]
    const subscriptions = [{ filter: `$share/${kind}/t/+`, qos }] as const
    return sessions.map((session, i) => this.devices.make(`${kind}${i}`, { session, subscriptions }))
  }

  stop(): void {
    this.devices.isStopped = true
  }

  /** A device with a will leaves, the others are lost, a late reader asks for what is retained, and a session ends by time. */
  end(): void {
    for (const [i, device] of this.mortal.entries()) void (i === 0 ? device.leave() : device.goOffline())
    const subscriptions = [{ filter: 'r/+', qos: 2 } as const, { filter: 'x/+', qos: 2 } as const]
    if (this.guest.kind === 'expiring') this.expire(this.guest.device)
    // What was to end soon has ended by then.
    this.devices.after(2 * expirySecondsOf.soon * 1_000, () => {
      void this.devices.make('late', { subscriptions }).start()
      if (this.guest.kind !== 'expiring') this.over = true
    })
  }

  private expire(device: Device): void {
    const { history } = this.devices
    const gone = device.until(() => device.isOnline).then(() => device.goOffline())
    void gone.then(() => {
      if (device.lastWill !== undefined) history.record(device.options.clientId, { kind: 'ok', key: device.lastWill })
      this.devices.after((expirySeconds + 1) * 1_000, async () => {
        await device.comeBackTooLate()
        this.over = true
      })
    })
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
    return [...this.devices.missing().map(textOf), ...stuckOf([...this.publishing, this.passing])]
  }

  wrongInTheEnd(): readonly string[] {
    return checkRetained(this.devices.history.entries, 'late').map(textOf)
  }
}
