import { ternTopics } from '@tern/log'
import { runBroker } from './broker.ts'
import type { Load } from './devices.ts'
import { Fleet } from './fleet.ts'
import { askForDrain, runNameserver } from './nameserver.ts'
import { runProxy } from './proxy.ts'
import { nameservers, queues, Site, zones } from './site.ts'
import { Process } from './timeline.ts'

const services = { ns: runNameserver, broker: runBroker, proxy: runProxy } as const
const askAgainMs = 200
type ServiceName = keyof typeof services

/** A region of three zones in one process on virtual time; the seed decides all that chance does. */
export class World {
  readonly site: Site
  readonly fleet: Load
  /** What was done to it, and when. */
  readonly faults: string[] = []
  private readonly processes = new Map<string, Process>()
  private readonly operator = new Process('operator')

  constructor(seed: number, load: (site: Site) => Load = (site) => new Fleet(site)) {
    this.site = new Site(seed)
    this.fleet = load(this.site)
  }

  /** Resolves once every device is connected and subscribed. */
  async begin(): Promise<boolean> {
    const { log, timeline } = this.site
    await log.log.provision(ternTopics(queues))
    for (const zone of zones) for (const service of Object.keys(services)) this.start(service as ServiceName, zone)
    let served = false
    void this.fleet.start().then(() => {
      served = true
    })
    await timeline.runUntil(timeline.now + 30_000, () => served)
    return served
  }

  /** One fault of the seed's choice. */
  fault(): void {
    const { random, network, log } = this.site
    const zone = random.pick(zones)
    const service = random.pick(Object.keys(services) as ServiceName[])
    const name = `${service}-${zone}`
    const other = random.pick([...this.processes.keys()])
    switch (random.whole(0, 10)) {
      case 0:
        this.all(zone, 'kill', (each) => this.kill(each, zone))
        break
      case 1:
        this.all(zone, 'pause', (each) => this.pause(each, zone))
        break
      case 2:
        this.note(`kill ${name}`)
        this.kill(service, zone)
        break
      case 3:
        this.note(`pause ${name}`)
        this.pause(service, zone)
        break
      case 4:
        this.note(`cut ${name} ${other}`)
        network.partition(this.process(name), this.process(other))
        break
      case 5:
        this.note('break a connection')
        network.breakOne()
        break
      case 6:
        this.note(`isolate ${zone}`)
        for (const each of nameservers) {
          network.partition(this.process(`broker-${zone}`), this.process(each))
          network.partition(this.process(`proxy-${zone}`), this.process(each))
        }
        break
      case 7:
        this.note('the log loses answers')
        log.faults.lostAnswers = random.next() * 0.3
        break
      case 8:
        this.drain(zone)
        break
      case 9:
        this.note(`cut ${zone} from the log`)
        log.sever(zone)
        break
      default:
        this.note('kill everything')
        for (const each of zones) for (const one of Object.keys(services)) this.kill(one as ServiceName, each)
    }
  }

  /** All faults end; whoever is gone comes back. */
  heal(): void {
    const { network, log, timeline } = this.site
    this.note('heal')
    log.heal()
    network.heal()
    for (const process of this.processes.values()) timeline.resume(process)
  }

  private all(zone: string, what: string, fault: (service: ServiceName) => void): void {
    this.note(`${what} ${zone}`)
    for (const service of Object.keys(services)) fault(service as ServiceName)
  }

  private start(service: ServiceName, zone: string): void {
    const name = `${service}-${zone}`
    const process = new Process(name)
    this.processes.set(name, process)
    // A start that fails ends the process; a supervisor starts it again.
    services[service](this.site, zone, process).catch(() => this.kill(service, zone))
  }

  private kill(service: ServiceName, zone: string): void {
    const { timeline, network, random, log } = this.site
    const process = this.process(`${service}-${zone}`)
    if (process.gone) return
    timeline.kill(process)
    network.killed(process)
    timeline.schedule(log.itself, 50 + random.next() * 500, () => this.start(service, zone))
  }

  private pause(service: ServiceName, zone: string): void {
    const { timeline, random, log } = this.site
    const process = this.process(`${service}-${zone}`)
    timeline.pause(process)
    timeline.schedule(log.itself, random.next() * 4_000, () => timeline.resume(process))
  }

  /** Its queues move to the other zones, and back after a while. */
  private drain(zone: string): void {
    const { timeline, random } = this.site
    this.note(`drain ${zone}`)
    void askForDrain(this.site, this.operator, zone, true)
    timeline.schedule(this.operator, random.next() * 4_000, () => this.undrain(zone))
  }

  /** Again until it is decided: whoever leads may be dead at the moment. */
  private undrain(zone: string): void {
    void askForDrain(this.site, this.operator, zone, false).then((decided) => {
      if (!decided) this.site.timeline.schedule(this.operator, askAgainMs, () => this.undrain(zone))
    })
  }

  private process(name: string): Process {
    return this.processes.get(name) as Process
  }

  private note(what: string): void {
    this.faults.push(`${(this.site.timeline.now - 1_000_000).toFixed(0)} ms: ${what}`)
  }
}
