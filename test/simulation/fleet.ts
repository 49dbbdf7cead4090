import { Judge, type Violation } from '../failure/checker.ts'
import { Device } from '../failure/device.ts'
import { type Happening, History } from '../failure/history.ts'
import { type Site, zones } from './site.ts'
import { Process } from './timeline.ts'
import { simulatedDial } from './wire.ts'

const publishers = 3
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
    if (happening.kind === 'ok' && !this.site.log.written.has(happening.key))
      this.early.push({ rule: 'early', what: `${happening.key} was acknowledged and does not stand in the log` })
  }
}

/** Devices that publish at QoS 1 and 2, and durable subscribers, as clients of the simulated region see it. */
export class Fleet {
  readonly history: JudgedHistory
  private readonly site: Site
  private readonly process = new Process('devices')
  private readonly publishing: Device[] = []
  private readonly subscribing: Device[] = []
  private stopped = false

  constructor(site: Site) {
    this.site = site
    this.history = new JudgedHistory(site)
    for (let i = 0; i < publishers; i++) this.publishing.push(this.device(`p${i}`, []))
    const wanted = [[{ filter: 't/a', qos: 2 }], [{ filter: 't/#', qos: 2 }], [{ filter: 't/+', qos: 1 }]] as const
    for (const [i, subscriptions] of wanted.entries()) this.subscribing.push(this.device(`s${i}`, subscriptions))
  }

  start(): Promise<unknown> {
    return Promise.all([...this.subscribing, ...this.publishing].map((device) => device.start()))
  }

  /** Each publisher offers a message now and then. */
  publish(): void {
    const { timeline, random } = this.site
    for (const [i, device] of this.publishing.entries()) {
      const offer = () => {
        if (this.stopped) return
        // One QoS for each topic of a publisher: order is promised within one.
        const topic = random.whole(0, topics.length - 1)
        device.publish(topics[topic] as string, (topic + i) % 2 === 0 ? 2 : 1)
        timeline.schedule(this.process, 1 + random.next() * 30, offer)
      }
      offer()
    }
  }

  stop(): void {
    this.stopped = true
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

  private device(clientId: string, subscriptions: readonly { filter: string; qos: 1 | 2 }[]): Device {
    const first = this.site.random.whole(0, zones.length - 1)
    const addresses = zones.map((_, i) => `proxy-${zones[(first + i) % zones.length]}`)
    const dial = simulatedDial(this.site, this.process)
    return new Device({ clientId, addresses, history: this.history, subscriptions, windowMax: 5, dial })
  }
}

const textOf = ({ rule, what }: Violation): string => `${rule}: ${what}`
