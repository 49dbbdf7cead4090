import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogSettings } from '@tern/log'
import { type Plan, planRegion, type ZoneName } from '../../tools/region/plan.ts'
import { type Programs, Supervisor } from '../../tools/region/supervisor.ts'

export type Region = Readonly<{
  plan: Plan
  /** Each zone's own host:port for MQTT, in the order az-a, az-b, az-c. */
  addresses: readonly string[]
  /** host:port that all zones share. */
  shared: string
  /** Of the processes that run now: the log, az-a, az-b, az-c. */
  pids(): readonly number[]
  /** SIGKILL, held down until `restartZone`; resolves once the process is gone. */
  killZone(zone: ZoneName): Promise<void>
  /** In order, held down until `restartZone`. */
  stopZone(zone: ZoneName): Promise<void>
  pauseZone(zone: ZoneName): Promise<void>
  resumeZone(zone: ZoneName): Promise<void>
  /** Resolves once the zone serves again. */
  restartZone(zone: ZoneName): Promise<void>
  killLog(): Promise<void>
  restartLog(): Promise<void>
  /** Every process at once, the log too. */
  killAll(): Promise<void>
  restartAll(): Promise<void>
  /** Ends it and forgets its data. */
  stop(): Promise<void>
}>

/** A region of real processes, on free ports and data of its own; on the embedded log unless told of a Kafka. */
export async function startRegion(kafka?: LogSettings, programs: Programs = {}): Promise<Region> {
  const folder = mkdtempSync(join(tmpdir(), 'tern-region-'))
  const plan = await planRegion(folder, 0, kafka)
  const supervisor = new Supervisor(plan, undefined, programs)
  await supervisor.start()
  const log = supervisor.keepers.find(({ options }) => options.name === 'log')
  return {
    plan,
    addresses: plan.zones.map((zone) => zone.mqtt),
    shared: plan.mqtt,
    pids: () => supervisor.keepers.flatMap(({ pid }) => pid ?? []),
    killZone: (zone) => supervisor.zone(zone).kill(),
    stopZone: (zone) => supervisor.zone(zone).stop(),
    pauseZone: async (zone) => supervisor.zone(zone).pause(),
    resumeZone: async (zone) => supervisor.zone(zone).resume(),
    restartZone: (zone) => supervisor.zone(zone).start(),
    killLog: async () => log?.kill(),
    restartLog: async () => log?.start(),
    killAll: () => supervisor.killAll(),
    restartAll: () => supervisor.start(),
    async stop() {
      await supervisor.stop()
      // TERN_KEEP=1 leaves the log files for a look at a failure.
      if (!process.env['TERN_KEEP']) rmSync(folder, { recursive: true, force: true })
    },
  }
}
