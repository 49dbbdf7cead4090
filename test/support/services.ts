import { type LogSettings, logEnvironment } from '@tern/log'
import { type ZoneName, zoneNames } from '../../tools/region/plan.ts'
import { freePorts, loopback } from '../../tools/region/ports.ts'
import { runService, type Service } from './service.ts'

export const serviceKinds = ['nameserver', 'broker', 'proxy'] as const
export type ServiceKind = (typeof serviceKinds)[number]

/** A region whose services are processes of their own: a nameserver, a broker and a proxy in each zone. */
export class ServiceRegion {
  /** Each zone's host:port for MQTT. */
  readonly addresses: readonly string[]
  private readonly env: Readonly<Record<string, string>>
  private readonly flags: ReadonlyMap<string, readonly string[]>
  private readonly running = new Map<string, Service>()

  private constructor(log: LogSettings, ports: readonly number[]) {
    const addressOf = (kind: ServiceKind, zone: ZoneName) =>
      `${loopback}:${ports[serviceKinds.indexOf(kind) * zoneNames.length + zoneNames.indexOf(zone)]}`
    const nameservers = zoneNames.map((zone) => addressOf('nameserver', zone))
    this.addresses = zoneNames.map((zone) => addressOf('proxy', zone))
    this.env = { ...logEnvironment(log), TERN_NAMESERVERS: nameservers.join(',') }
    const flagsOf = (kind: ServiceKind, zone: ZoneName): string[] => {
      const own = addressOf(kind, zone)
      if (kind === 'proxy') return ['--mqtt', own, '--websocket', '']
      if (kind === 'broker') return ['--listen', own]
      return ['--listen', own, '--peers', nameservers.filter((each) => each !== own).join(',')]
    }
    this.flags = new Map(
      zoneNames.flatMap((zone) => serviceKinds.map((kind) => [`${kind} ${zone}`, flagsOf(kind, zone)] as const)),
    )
  }

  static async start(log: LogSettings): Promise<ServiceRegion> {
    const region = new ServiceRegion(log, await freePorts(serviceKinds.length * zoneNames.length))
    for (const kind of serviceKinds) await Promise.all(zoneNames.map((zone) => region.start(kind, zone)))
    return region
  }

  /** Resolves once it serves. */
  async start(kind: ServiceKind, zone: ZoneName): Promise<void> {
    const name = `${kind} ${zone}`
    const main = `services/${kind}/src/main.ts`
    const service = runService(main, this.flags.get(name) ?? [], { ...this.env, TERN_ZONE: zone })
    this.running.set(name, service)
    await Promise.race([
      service.ready,
      service.ended.then(({ code, stderr }) => {
        throw new Error(`the ${name} ended with code ${code} before it served:\n${stderr}`)
      }),
    ])
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
