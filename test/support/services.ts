import { type LogSettings, logEnvironment } from '@tern/log'
import { type ZoneName, zoneNames } from '../../tools/region/plan.ts'
import { freePorts, loopback } from '../../tools/region/ports.ts'
import { runService, type Service } from './service.ts'

export const serviceKinds = ['nameserver', 'broker', 'proxy'] as const
export type ServiceKind = (typeof serviceKinds)[number]

/** What all processes of a region are given besides what makes them one. */
type Common = Readonly<{ nodeFlags?: readonly string[]; env?: Readonly<Record<string, string>> }>

/** A region whose services are processes of their own: a nameserver, a broker and a proxy in each zone. */
export class ServiceRegion {
  /** Each zone's host:port for MQTT. */
  readonly addresses: readonly string[]
  private readonly env: Readonly<Record<string, string>>
  private readonly nodeFlags: readonly string[]
  private readonly flags: ReadonlyMap<string, readonly string[]>
  private readonly running = new Map<string, Service>()

  private constructor(log: LogSettings, ports: readonly number[], { nodeFlags = [], env = {} }: Common) {
    const addressOf = (kind: ServiceKind, zone: ZoneName) =>
      `${loopback}:${ports[serviceKinds.indexOf(kind) * zoneNames.length + zoneNames.indexOf(zone)]}`
    const nameservers = zoneNames.map((zone) => addressOf('nameserver', zone))
    this.addresses = zoneNames.map((zone) => addressOf('proxy', zone))
    this.nodeFlags = nodeFlags
    this.env = { ...env, ...logEnvironment(log), TERN_NAMESERVERS: nameservers.join(',') }
    const flagsOf = (kind: ServiceKind, zone: ZoneName): string[] => {
      const own = addressOf(kind, zone)
      if (kind === 'proxy') return ['--mqtt', own, '--websocket', '', '--api', '']
      if (kind === 'broker') return ['--listen', own]
      return ['--listen', own, '--peers', nameservers.filter((each) => each !== own).join(',')]
    }
    this.flags = new Map(
      zoneNames.flatMap((zone) => serviceKinds.map((kind) => [`${kind} ${zone}`, flagsOf(kind, zone)] as const)),
    )
  }

  /** Rejects, with nothing left running, when one of them does not come up. */
  static async start(log: LogSettings, common: Common = {}): Promise<ServiceRegion> {
    const region = new ServiceRegion(log, await freePorts(serviceKinds.length * zoneNames.length), common)
    try {
      for (const kind of serviceKinds) await Promise.all(zoneNames.map((zone) => region.start(kind, zone)))
    } catch (error) {
      await region.stop()
      throw error
    }
    return region
  }

  /** Resolves once it serves. */
  async start(kind: ServiceKind, zone: ZoneName): Promise<void> {
    const name = `${kind} ${zone}`
    const main = `services/${kind}/src/main.ts`
    const service = runService(main, this.flags.get(name) ?? [], { ...this.env, TERN_ZONE: zone }, this.nodeFlags)
    this.running.set(name, service)
    await Promise.race([
      service.ready,
      service.ended.then(({ code, stderr }) => {
        throw new Error(`the ${name} ended with code ${code} before it served:\n${stderr}`)
      }),
    ])
  }

  /** Process ids of a kind, a zone each. */
  pidsOf(kind: ServiceKind): number[] {
    return zoneNames.map((zone) => this.running.get(`${kind} ${zone}`)?.process.pid ?? 0)
  }

  /** Resolves once it is gone, except for those that go on. */
  async signal(kind: ServiceKind, zone: ZoneName, signal: NodeJS.Signals): Promise<void> {
    const service = this.running.get(`${kind} ${zone}`)
    service?.process.kill(signal)
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await service?.ended
  }

  async stop(): Promise<void> {
    for (const { process } of this.running.values()) process.kill('SIGKILL')
    await Promise.all([...this.running.values()].map(({ ended }) => ended))
  }
}
