import { checkRetained, Judge, type Violation } from '../failure/checker.ts'
import { Device, type DeviceOptions } from '../failure/device.ts'
import { type Happening, History } from '../failure/history.ts'
import { type Site, zones } from './site.ts'
import { Process } from './timeline.ts'
import { simulatedDial } from './wire.ts'

const publishers = 3
const mortals = 2
const topics = ['t/a', 't/b', 't/c', 't/d'] as const

/** Every step that a client sees is judged at once. */
class JudgedHistory extends History {
  readonly judge = new Judge()
  readonly early: Violation[] = []
  private readonly site: Site

  constructor(site: Site) {
    super(undefined, () => site.timeline.now)
    this.site = site
  }

  override record(actor: string, happening: Happening): void {
    super.record(actor, happening)
    this.judge.take({ at: this.site.timeline.now, actor, ...happening })
    // A will is due when its connection is lost, and stands in the log some time after that.
    const published = happening.kind === 'ok' && !happening.key.includes('|w/')
    if (published && !this.site.log.written.has(happening.key))
      this.early.push({ rule: 'early', what: `${happening.key} was acknowledged and does not stand in the log` })
  }
}

type Kind = Pick<DeviceOptions, 'subscriptions' | 'session' | 'willTopic' | 'willDelaySeconds'>

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
 * Devices that publish at QoS 1 and 2, some of it retained, devices with wills, and subscribers: whose sessions last, end with their
 * connections, end by time, or are ended by clean start; whose filters overlap or change.
 */
export class Fleet {
  readonly history: JudgedHistory
  private readonly site: Site
  private readonly process = new Process('devices')
  private readonly publishing: Device[] = []
  private readonly subscribing: Device[] = []
  private readonly mortal: Device[] = []
  /** The one of the seed that is not there to stay: four of them in each seed would cost three times as much. */
  private readonly guest: Guest
  private readonly members: readonly Device[]
  private readonly hoppers: readonly Device[]
  private stopped = false
  /** All that belongs to the end has been done. */
  over = false

  constructor(site: Site) {
    this.site = site
    this.history = new JudgedHistory(site)
    for (let i = 0; i < publishers; i++) this.publishing.push(this.device(`p${i}`))
    for (let i = 0; i < mortals; i++) this.mortal.push(this.device(`m${i}`, { willTopic: `w/${i}` }))
    const all = ['t/#', 'r/+', 'w/+'].map((filter) => ({ filter, qos: 2 }) as const)
    const wanted = [[{ filter: 't/a', qos: 2 }], all, [{ filter: 't/+', qos: 1 }]] as const
    for (const [i, subscriptions] of wanted.entries()) this.subscribing.push(this.device(`s${i}`, { subscriptions }))
    const kind = site.random.pick(Object.keys(guests) as Guest['kind'][])
    this.guest = { kind, device: this.device(kind, guests[kind]) }
    this.subscribing.push(this.guest.device)
    this.members = this.share(site.random.pick(Object.keys(shares) as (keyof typeof shares)[]))
    this.hoppers = [...this.subscribing, ...this.mortal, ...this.members]
  }

  start(): Promise<unknown> {
    const all = [...this.subscribing, ...this.members, ...this.publishing, ...this.mortal]
    return Promise.all(all.map((device) => device.start()))
  }

  /** Each publisher offers a message now and then. */
  publish(): void {
    const { timeline, random } = this.site
    for (const [i, device] of this.publishing.entries()) {
      const offer = () => {
        if (this.stopped) return
        // One QoS for each topic of a publisher: order is promised within one.
        const topic = random.whole(0, topics.length - 1)
        if (random.chance(0.2)) device.publish(`r/${i}`, i % 2 === 0 ? 2 : 1, true)
        else device.publish(topics[topic] as string, (topic + i) % 2 === 0 ? 2 : 1)
        timeline.schedule(this.process, 1 + random.next() * 30, offer)
      }
      offer()
    }
  }

  /** Devices are lost now and then and come back, hop to another zone, start anew, or want something else. */
  live(): void {
    const { random } = this.site
    for (const device of [...this.mortal, ...this.members]) this.comeAndGo(device, 2_000, 1_000)
    this.nowAndThen(1_000, () => random.pick(this.hoppers).hop())
    const { kind, device } = this.guest
    if (kind === 'expiring') this.comeAndGo(device, 2_000, 2 * expirySeconds * 1_000)
    else if (kind === 'fresh') this.nowAndThen(2_000, () => device.startAnew())
    else if (kind === 'fickle') {
      this.nowAndThen(500, () => {
        const filter = random.pick(['t/a', 't/b', 't/+', 't/#'])
        if (random.chance(0.4)) device.unsubscribe(filter)
        else device.subscribe({ filter, qos: random.pick([0, 1, 2]) })
      })
    }
  }

  private share(kind: keyof typeof shares): Device[] {
    const { qos, sessions } = shares[kind]
    const subscriptions = [{ filter: `$share/${kind}/t/+`, qos }] as const
    return sessions.map((session, i) => this.device(`${kind}${i}`, { session, subscriptions }))
  }

  private comeAndGo(device: Device, stay: number, away: number): void {
    const { timeline, random } = this.site
    let gone = false
    this.nowAndThen(stay, () => {
      if (gone) return
      gone = true
      void device.goOffline()
      timeline.schedule(this.process, random.next() * away, () => {
        gone = false
        void device.comeBack()
      })
    })
  }

  private nowAndThen(within: number, what: () => void): void {
    const { timeline, random } = this.site
    const turn = () => {
      if (this.stopped) return
      what()
      timeline.schedule(this.process, random.next() * within * 2, turn)
    }
    timeline.schedule(this.process, random.next() * within * 2, turn)
  }

  stop(): void {
    this.stopped = true
  }

  /**
   * When all is healed: a device with a will leaves, the others are lost, a late reader asks for what is retained, and a session ends
   * by time.
   */
  end(): void {
    for (const [i, device] of this.mortal.entries()) void (i === 0 ? device.leave() : device.goOffline())
    const late = this.device('late', { subscriptions: [{ filter: 'r/+', qos: 2 }] })
    void late.start()
    if (this.guest.kind === 'expiring') this.expire(this.guest.device)
    else this.over = true
  }

  private expire(device: Device): void {
    const { history } = this
    const gone = device.until(() => device.isOnline).then(() => device.goOffline())
    void gone.then(() => {
      if (device.lastWill !== undefined) history.record(device.options.clientId, { kind: 'ok', key: device.lastWill })
      this.site.timeline.schedule(this.process, (expirySeconds + 1) * 1_000, async () => {
        await device.comeBackTooLate()
        this.over = true
      })
    })
  }

  retainedWrong(): readonly string[] {
    return checkRetained(this.history.entries, 'late').map(textOf)
  }

  get published(): number {
    return this.history.judge.invocations
  }

  /** What broke a promise so far; in the end also what is missing. */
  violations(): readonly string[] {
    return [...this.history.judge.violations, ...this.history.early].map(textOf)
  }

  missing(): readonly string[] {
    const { violations } = this.history.judge.finish()
    const unanswered = this.publishing.flatMap((device) =>
      device.unacknowledged > 0 ? [`stuck: ${device.options.clientId} waits for ${device.unacknowledged} answers`] : [],
    )
    return [...violations, ...this.history.early].map(textOf).concat(unanswered)
  }

  private device(clientId: string, kind: Kind = {}): Device {
    const first = this.site.random.whole(0, zones.length - 1)
    const addresses = zones.map((_, i) => `proxy-${zones[(first + i) % zones.length]}`)
    const dial = simulatedDial(this.site, this.process)
    return new Device({ clientId, addresses, history: this.history, windowMax: 5, dial, ...kind })
  }
}

const textOf = ({ rule, what }: Violation): string => `${rule}: ${what}`
