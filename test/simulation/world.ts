import { createHomeService, Links, Ownership, RecordPublisher } from '@tern/broker/testing'
import { ternTopics } from '@tern/log'
import { control, envelope, type link } from '@tern/proto'
import { LinkedRegion } from '@tern/proxy/testing'
import { readBody } from '@tern/record'
import { applyRoutes, emptyRouteTable, type RouteTable } from '@tern/routing'
import { silentLogger } from '@tern/runtime'
import { Network } from './network.ts'
import { Random } from './random.ts'
import { SimulatedLog } from './simulated-log.ts'
import { Process, Timeline } from './timeline.ts'

const queues = 2
const topics = ['a', 'b', 'c']

type Broker = {
  readonly process: Process
  readonly incarnation: number
  readonly address: string
  follow(table: RouteTable): void
}
type Proxy = {
  readonly process: Process
  readonly region: LinkedRegion
  readonly got: string[][]
  follow(table: RouteTable): void
}

/** Brokers, proxies and a log in one process on virtual time; the seed decides all that chance does. */
export class World {
  readonly timeline = new Timeline()
  readonly violations: string[] = []
  readonly log: SimulatedLog
  private readonly random: Random
  private readonly network: Network
  private readonly director = new Process('director')
  private readonly brokers = new Map<string, Broker>()
  private readonly proxies: Proxy[] = []
  private table = emptyRouteTable
  private revision = 0
  private incarnations = 0
  private asked = 0
  readonly answered = new Set<string>()
  readonly wanted = new Set<string>()

  constructor(seed: number) {
    this.random = new Random(seed)
    this.network = new Network(this.timeline, this.random)
    this.log = new SimulatedLog(this.timeline, this.random, new Process('log'))
  }

  async begin(): Promise<void> {
    await this.log.log.provision(ternTopics(queues))
    for (const name of ['b0', 'b1', 'b2']) this.startBroker(name)
    this.assign()
    for (const name of ['p0', 'p1']) await this.startProxy(name)
  }

  /** Every proxy has one publisher for each topic, which offers a message now and then. */
  publish(): void {
    for (const { process, region } of this.proxies) {
      const offer = () => {
        const topic = this.random.pick(topics)
        const text = `${topic}|${process.name}|${String(this.asked++).padStart(6, '0')}`
        this.wanted.add(text)
        const record = {
          topic,
          payload: Buffer.from(text),
          envelope: envelope.Envelope.create({ clientId: process.name, qos: 1 }),
        }
        region.append(region.queueOf(topic), record, () => {
          this.answered.add(text)
          if (!this.log.written.has(text)) this.violations.push(`${text} was acknowledged before it stood in the log`)
        })
      }
      const again = () => {
        if (this.stopped) return
        offer()
        this.timeline.schedule(process, this.random.next() * 8, again)
      }
      again()
    }
  }

  stopped = false

  /** One fault of the seed's choice. */
  fault(): void {
    const names = [...this.brokers.keys()]
    const victim = this.brokers.get(this.random.pick(names)) as Broker
    const kind = this.random.whole(0, 5)
    if (kind === 0) this.kill(victim.process.name)
    else if (kind === 1) this.pause(victim)
    else if (kind === 2) this.network.breakOne()
    else if (kind === 3) this.network.partition(victim.process, this.random.pick(this.proxies).process)
    else if (kind === 4) this.assign()
    else this.log.faults.lostAnswers = this.random.next() * 0.3
  }

  heal(): void {
    this.log.faults.lostAnswers = 0
    this.network.heal()
    for (const { process } of this.brokers.values()) this.timeline.resume(process)
    this.assign()
  }

  /** What is not as it must be once all is quiet. */
  check(): string[] {
    const found = [...this.violations]
    for (const text of this.wanted) if (!this.answered.has(text)) found.push(`${text} was never answered`)
    for (const { process, got } of this.proxies) {
      const all = got.flat()
      const counts = new Map<string, number>()
      for (const text of all) counts.set(text, (counts.get(text) ?? 0) + 1)
      for (const text of this.answered)
        if (!counts.has(text)) found.push(`${process.name} never got ${text}, which was acknowledged`)
      for (const [text, count] of counts) if (count > 1) found.push(`${process.name} got ${text} ${count} times`)
      for (const queue of got) found.push(...outOfOrder(process.name, queue))
    }
    return found
  }

  private startBroker(name: string): void {
    const process = new Process(name)
    const incarnation = ++this.incarnations
    const address = `${name}:${incarnation}`
    const clock = this.timeline.clockOf(process)
    const log = this.log.seenBy(process)
    const shared = { log, clock, logger: silentLogger, proxyAlive: () => true }
    const publish = (topic: string, body: Buffer): Promise<void> => publisher.publish(topic, body)
    const homes = createHomeService({ ...shared, broker: incarnation, publishWill: publish })
    const ownership = new Ownership({ ...shared, broker: incarnation, homes, publish }, () => {})
    const publisher = new RecordPublisher({
      ...{ ownership, clock, queues: () => queues, ownerOf: (queue: number) => this.table.ownerOf(queue) },
      dial: (to) => this.network.dial(process, to),
    })
    const links = new Links({ ...shared, ownership, homes })
    homes.onSuperseded((queue) => ownership.giveUp(queue))
    this.network.listen<link.LinkResponse, link.LinkRequest>(address, process, (stream) => links.accept(stream))
    this.brokers.set(name, { process, incarnation, address, follow: (table) => ownership.follow(table) })
  }

  private async startProxy(name: string): Promise<void> {
    const process = new Process(name)
    const listeners: ((table: RouteTable) => void)[] = []
    let table = this.table
    const routes = {
      table: () => table,
      onChange: (listener: (table: RouteTable) => void) => void listeners.push(listener),
      onDied() {},
      stop() {},
    }
    const region = new LinkedRegion({
      ...{ proxy: ++this.incarnations, routes, clock: this.timeline.clockOf(process), logger: silentLogger },
      dial: (address) => this.network.dial(process, address),
    })
    const got = Array.from({ length: queues }, (): string[] => [])
    region.listen({
      covered({ queue, messages }) {
        for (const { body } of messages) got[queue]?.push(String(readBody(body, 0, body.length).value))
      },
      superseded() {},
      homeMoved() {},
      leased() {},
    })
    const follow = (next: RouteTable) => {
      table = next
      for (const listener of listeners) listener(next)
    }
    this.proxies.push({ process, region, got, follow })
    let interested = false
    void region.ready
      .then(() => region.addInterest('#'))
      .then(() => {
        interested = true
      })
    await this.timeline.runUntil(this.timeline.now + 5_000, () => interested)
    if (!interested) this.violations.push(`${name} was never served`)
  }

  private kill(name: string): void {
    const victim = this.brokers.get(name) as Broker
    this.timeline.kill(victim.process)
    this.network.killed(victim.process)
    this.startBroker(name)
    this.timeline.schedule(this.director, this.random.next() * 200, () => this.assign())
  }

  private pause({ process }: Broker): void {
    this.timeline.pause(process)
    this.timeline.schedule(this.director, 100 + this.random.next() * 200, () => this.assign())
    this.timeline.schedule(this.director, this.random.next() * 1_000, () => this.timeline.resume(process))
  }

  /** As a leader would: each queue to one that runs, with a higher epoch; everybody hears of it at a time of its own. */
  private assign(): void {
    const running = [...this.brokers.values()].filter(({ process }) => process.phase === 'running')
    if (running.length === 0) return
    const routes = Array.from({ length: queues }, (_, queue) => {
      return { queue, epoch: ++this.revision, broker: this.random.pick(running).incarnation }
    })
    const members = [...this.brokers.values()].map(({ incarnation, address, process }) => {
      return {
        incarnation,
        address,
        kind: control.MemberKind.BROKER,
        zone: process.name,
        nonce: address,
        draining: false,
      }
    })
    const table = applyRoutes(this.table, {
      snapshot: true,
      revision: this.revision,
      queues,
      routes,
      members,
      died: [],
    })
    this.table = table
    for (const member of [...this.brokers.values(), ...this.proxies]) {
      this.timeline.schedule(member.process, this.random.next() * 50, () => {
        if (table.revision === this.table.revision) member.follow(table)
      })
    }
  }
}

/** A publisher's messages of one topic come in the order of their numbers. */
function outOfOrder(name: string, texts: readonly string[]): string[] {
  const last = new Map<string, string>()
  return texts.flatMap((text) => {
    const author = text.slice(0, text.lastIndexOf('|'))
    const before = last.get(author) ?? ''
    last.set(author, text)
    return text < before ? [`${name} got ${text} after ${before}`] : []
  })
}
