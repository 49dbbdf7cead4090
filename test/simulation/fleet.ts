import { checkRetained, Judge, type Violation } from '../failure/checker.ts'
import { Device } from '../failure/device.ts'
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

/** Devices that publish at QoS 1 and 2, some of it retained, devices with wills, and durable subscribers. */
export class Fleet {
  readonly history: JudgedHistory
  private readonly site: Site
  private readonly process = new Process('devices')
  private readonly publishing: Device[] = []
  private readonly subscribing: Device[] = []
  private readonly mortal: Device[] = []
  private late: Device | undefined
  private stopped = false

  constructor(site: Site) {
    this.site = site
    this.history = new JudgedHistory(site)
    for (let i = 0; i < publishers; i++) this.publishing.push(this.device(`p${i}`, []))
    const all = ['t/#', 'r/+', 'w/+'].map((filter) => ({ filter, qos: 2 }) as const)
    const wanted = [[{ filter: 't/a', qos: 2 }], all, [{ filter: 't/+', qos: 1 }]] as const
    for (let i = 0; i < mortals; i++) this.mortal.push(this.device(`m${i}`, [], `w/${i}`))
    for (const [i, subscriptions] of wanted.entries()) this.subscribing.push(this.device(`s${i}`, subscriptions))
  }

  start(): Promise<unknown> {
    return Promise.all([...this.subscribing, ...this.publishing, ...this.mortal].map((device) => device.start()))
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

  /** Devices with wills are lost now and then, and come back. */
  die(): void {
    const { timeline, random } = this.site
    for (const device of this.mortal) {
      const turn = () => {
        if (this.stopped) return
        void device.goOffline()
        timeline.schedule(this.process, random.next() * 1_000, () => {
          void device.comeBack()
          timeline.schedule(this.process, random.next() * 3_000, turn)
        })
      }
      timeline.schedule(this.process, random.next() * 2_000, turn)
    }
  }

  stop(): void {
    this.stopped = true
  }

  /** When all is healed: a device with a will leaves, the others are lost, and a late reader asks for what is retained. */
  end(): void {
    for (const [i, device] of this.mortal.entries()) void (i === 0 ? device.leave() : device.goOffline())
    this.late = this.device('late', [{ filter: 'r/+', qos: 2 }])
    void this.late.start()
  }

  retainedWrong(): readonly string[] {
    return checkRetained(this.history.entries, 'late').map(textOf)
  }

  get published(): number {
    return this.history.judge.finish().counts.invoked
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

  private device(
    clientId: string,
    subscriptions: readonly { filter: string; qos: 1 | 2 }[],
    willTopic?: string,
  ): Device {
    const first = this.site.random.whole(0, zones.length - 1)
    const addresses = zones.map((_, i) => `proxy-${zones[(first + i) % zones.length]}`)
    const dial = simulatedDial(this.site, this.process)
    const will = willTopic === undefined ? {} : { willTopic }
    return new Device({ clientId, addresses, history: this.history, subscriptions, windowMax: 5, dial, ...will })
  }
}

const textOf = ({ rule, what }: Violation): string => `${rule}: ${what}`
