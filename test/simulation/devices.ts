import type { messaging } from '@tern/proto'
import { Judge, type Violation } from '../failure/checker.ts'
import { Device, type DeviceOptions } from '../failure/device.ts'
import { type Happening, History } from '../failure/history.ts'
import { StreamPublisher } from '../failure/stream/stream-publisher.ts'
import { StreamSubscriber, type StreamSubscriberOptions } from '../failure/stream/stream-subscriber.ts'
import { simulatedCalls } from './api-calls.ts'
import { serviceOf } from './proxy.ts'
import { type Site, zones } from './site.ts'
import { Process } from './timeline.ts'
import { simulatedDial } from './wire.ts'

/** Every step that a client sees is judged at once. */
export class JudgedHistory extends History {
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

type Surroundings = 'clientId' | 'addresses' | 'history' | 'dial' | 'windowMax'
export type Kind = Omit<DeviceOptions, Surroundings>
export type StreamKind = Omit<StreamSubscriberOptions, Surroundings>

/** Devices on simulated wires, and what they do again and again. */
export class Devices {
  readonly history: JudgedHistory
  private readonly site: Site
  private readonly process = new Process('devices')
  isStopped = false

  constructor(site: Site) {
    this.site = site
    this.history = new JudgedHistory(site)
  }

  make(clientId: string, kind: Kind = {}): Device {
    const dial = simulatedDial(this.site, this.process)
    return new Device({ ...this.common(clientId), dial, ...kind })
  }

  publisher(clientId: string): StreamPublisher {
    const dial = simulatedCalls<messaging.PublishStreamRequest, messaging.PublishStreamResponse>(
      ...([this.site, this.process, serviceOf.publish] as const),
    )
    return new StreamPublisher({ ...this.common(clientId), dial })
  }

  subscriber(clientId: string, kind: StreamKind): StreamSubscriber {
    const dial = simulatedCalls<messaging.SubscribeRequest, messaging.SubscribeResponse>(
      ...([this.site, this.process, serviceOf.subscribe] as const),
    )
    return new StreamSubscriber({ ...this.common(clientId), dial, windowMax: 20, ...kind })
  }

  private common(clientId: string) {
    const first = this.site.random.whole(0, zones.length - 1)
    const addresses = zones.map((_, i) => `proxy-${zones[(first + i) % zones.length]}`)
    return { clientId, addresses, history: this.history, windowMax: 5 }
  }

  after(delayMs: number, what: () => void): void {
    this.site.timeline.schedule(this.process, delayMs, what)
  }

  /** Is lost now and then, and comes back. */
  comeAndGo(device: Pick<Device, 'goOffline' | 'comeBack'>, stayMs: number, awayMs: number): void {
    let gone = false
    this.nowAndThen(stayMs, () => {
      if (gone) return
      gone = true
      void device.goOffline()
      this.after(this.site.random.next() * awayMs, () => {
        gone = false
        void device.comeBack()
      })
    })
  }

  /** At once, or first after a while, and then again until all is stopped. */
  nowAndThen(withinMs: number, what: () => void, first: 'at once' | 'later' = 'later'): void {
    const again = () => this.after(1 + this.site.random.next() * withinMs * 2, turn)
    const turn = () => {
      if (this.isStopped) return
      what()
      again()
    }
    if (first === 'at once') turn()
    else again()
  }

  /** What broke a promise so far. */
  get violations(): readonly Violation[] {
    return [...this.history.judge.violations, ...this.history.early]
  }

  /** In the end, also what is missing. */
  missing(): readonly Violation[] {
    return [...this.history.judge.finish().violations, ...this.history.early]
  }
}

/** What is done with the devices of one run, and what must hold. */
export type Load = Readonly<{
  start(): Promise<unknown>
  publish(): void
  /** Devices are lost now and then and come back, hop to another zone, start anew, or want something else. */
  live(): void
  stop(): void
  /** When all is healed. */
  end(): void
  /** All that belongs to the end has been done. */
  isOver(): boolean
  published(): number
  violations(): readonly string[]
  missing(): readonly string[]
  /** To be looked at after the end. */
  wrongInTheEnd(): readonly string[]
}>

export const textOf = ({ rule, what }: Violation): string => `${rule}: ${what}`

type Publishing = Readonly<{ unacknowledged: number; options: Readonly<{ clientId: string }> }>

/** Who still waits for answers. */
export const stuckOf = (publishing: readonly Publishing[]): string[] =>
  publishing.flatMap(({ unacknowledged, options }) =>
    unacknowledged > 0 ? [`stuck: ${options.clientId} waits for ${unacknowledged} answers`] : [],
  )
