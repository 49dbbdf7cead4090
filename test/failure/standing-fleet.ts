import { matches } from '@tern/mqtt'
import { Judge, type Verdict, type Violation } from './checker.ts'
import { Device } from './device.ts'
import type { Wanted } from './filters.ts'
import { isShared } from './group.ts'
import { History } from './history.ts'
import { type Path, Resumption } from './resumption.ts'
import { RetainedRegister } from './retained.ts'

const members = 3
const publishEveryMs = 10
const restlessEveryMs = 700
const lookEveryMs = 50
/** After all has arrived: what comes twice comes soon. */
const calmMs = 300

/**
 * A fleet that lives through many faults and is judged after each. It publishes at QoS 0, 1 and 2, plain and retained, and has wills;
 * what it subscribes to goes to devices that stay connected, to one that comes back again and again, to some that are away during the
 * fault, and to a group.
 */
export class StandingFleet {
  readonly history = new History()
  private readonly judge = new Judge()
  private readonly retained = new RetainedRegister()
  private readonly run: string
  private readonly addresses: readonly string[]
  private readonly publishers: Device[] = []
  private readonly present: Device[] = []
  private readonly away: Device[] = []
  private readonly restless: Device
  private readonly mortals: Device[] = []
  private readonly timers: NodeJS.Timeout[] = []
  private resumption: Resumption | undefined
  private published = 0
  private rounds = 0

  constructor(addresses: readonly string[], run: string, size: number) {
    this.addresses = addresses
    this.run = run
    const plain = (qos: 1 | 2): Wanted => ({ filter: `${run}/t/+`, qos })
    const share: Wanted = { filter: `$share/${run}/${run}/t/+`, qos: 2 }
    for (let i = 0; i < size; i++) {
      this.publishers.push(this.device(`pub-${i}`, i))
      this.present.push(this.device(`sub-${i}`, i + 1, [{ filter: `${run}/t/${i}`, qos: i % 2 === 0 ? 2 : 1 }]))
      this.mortals.push(this.device(`will-${i}`, i, [], `${run}/w/${i}`))
    }
    for (let i = 0; i < members; i++) this.present.push(this.device(`member-${i}`, i, [share]))
    this.present.push(
      this.device(
        'all',
        0,
        ['t', 'r', 'w'].map((kind) => ({ filter: `${run}/${kind}/+`, qos: 2 })),
      ),
    )
    this.away.push(this.device('away-1', 1, [plain(1)]), this.device('away-2', 2, [plain(2)]))
    this.restless = this.device('restless', 0, [plain(2)])
  }

  async start(): Promise<void> {
    await Promise.all([...this.present, ...this.away, this.restless].map((device) => device.start()))
    await Promise.all([...this.publishers, ...this.mortals].map((device) => device.start()))
  }

  /** Publishers offer what their windows allow, the restless one comes and goes, and some subscribers leave. */
  async begin(): Promise<void> {
    this.rounds++
    this.timers.push(setInterval(() => this.publish(), publishEveryMs))
    this.timers.push(setInterval(() => this.restless.settled && this.restless.reconnect(), restlessEveryMs))
    await Promise.all(this.away.map((device) => device.goOffline()))
  }

  /** From now on: how long each path takes to deliver what is published after this. */
  measure(): Resumption {
    this.look()
    this.resumption = new Resumption(this.history.now(), this.paths())
    return this.resumption
  }

  get violations(): readonly Violation[] {
    this.look()
    return this.judge.violations
  }

  get counts(): Verdict['counts'] {
    this.look()
    return this.judge.soFar
  }

  /** Resolves with whether it came true in time. */
  async until(condition: () => boolean, withinMs: number): Promise<boolean> {
    for (const giveUpAt = performance.now() + withinMs; performance.now() < giveUpAt; ) {
      this.look()
      if (condition()) return true
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    }
    return false
  }

  /** Nothing new is published, half of the wills come due, all come back: resolves with what is wrong, or missing after the time. */
  async end(withinMs: number): Promise<readonly Violation[]> {
    for (const timer of this.timers.splice(0)) clearInterval(timer)
    await Promise.all(this.mortals.map((device, i) => (i % 2 === 0 ? device.leave() : device.goOffline())))
    for (const device of this.away) void device.comeBack()
    const devices = [...this.publishers, ...this.present, ...this.away, this.restless]
    await this.until(
      () =>
        devices.every(({ isOnline, settled, unacknowledged }) => isOnline && settled && unacknowledged === 0) &&
        this.judge.missing().length === 0,
      withinMs,
    )
    await this.until(() => false, calmMs)
    const reader = await this.readRetained(withinMs)
    for (const device of this.mortals) void device.comeBack()
    await this.until(() => this.mortals.every(({ isOnline }) => isOnline), withinMs)
    const silent = devices.filter(({ isOnline }) => !isOnline).map(({ options }) => options.clientId)
    return [
      ...this.violations,
      ...this.judge.missing(),
      ...this.retained.check(reader),
      ...silent.map((clientId) => ({ rule: 'session' as const, what: `${clientId} has no connection at the end` })),
    ]
  }

  /** What a client sees that comes when all is quiet; resolves with its name. */
  private async readRetained(withinMs: number): Promise<string> {
    const clientId = `${this.run}-late-${this.rounds}`
    const subscriptions = [{ filter: `${this.run}/r/+`, qos: 1 }] as const
    const { addresses, history } = this
    const late = new Device({ clientId, addresses, history, subscriptions, session: 'passing' })
    void late.start()
    await this.until(() => this.retained.check(clientId).length === 0, withinMs)
    await this.until(() => false, calmMs)
    late.stop()
    history.record(clientId, { kind: 'ended' })
    return clientId
  }

  stop(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer)
    const all = [...this.publishers, ...this.present, ...this.away, this.restless, ...this.mortals]
    for (const device of all) device.stop()
  }

  private device(name: string, turn: number, subscriptions: readonly Wanted[] = [], willTopic?: string): Device {
    const at = turn % this.addresses.length
    const addresses = [...this.addresses.slice(at), ...this.addresses.slice(0, at)]
    const options = { clientId: `${this.run}-${name}`, addresses, history: this.history, subscriptions }
    return new Device(willTopic === undefined ? options : { ...options, willTopic })
  }

  private publish(): void {
    const turn = this.published++
    const retain = turn % 4 === 0
    for (const [i, device] of this.publishers.entries()) {
      const qos = ([1, 2, 0] as const)[(turn + i) % 3] ?? 1
      if (retain) device.publish(`${this.run}/r/${i}`, qos === 0 ? 1 : qos, { retain: true })
      else device.publish(`${this.run}/t/${i}`, qos)
    }
  }

  private look(): void {
    for (const entry of this.history.take()) {
      this.judge.take(entry)
      this.retained.take(entry)
      this.resumption?.take(entry)
    }
  }

  /** Between publishers and those who stay connected; the members of the group are one receiver. */
  private paths(): Path[] {
    const receivers = new Map<string, string[]>()
    const byTopic: Path[] = []
    for (const [i, { options }] of this.publishers.entries()) {
      for (const topic of [`${this.run}/t/${i}`, `${this.run}/r/${i}`]) {
        receivers.clear()
        for (const device of this.present) {
          for (const { filter } of device.held) {
            if (!matches(isShared(filter) ? filter.split('/').slice(2).join('/') : filter, topic)) continue
            const name = isShared(filter) ? filter : device.options.clientId
            receivers.set(name, [...(receivers.get(name) ?? []), device.options.clientId])
          }
        }
        for (const each of receivers.values()) byTopic.push({ publisher: options.clientId, topic, receivers: each })
      }
    }
    return byTopic
  }
}
