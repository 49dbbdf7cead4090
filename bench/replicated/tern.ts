import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { LogSettings } from '@tern/log'
import { kafkaSettings } from '../../test/kafka/kafka-settings.ts'
import { ServiceRegion, serviceKinds } from '../../test/support/services.ts'
import { folderVariable } from '../../tools/region/leftovers.ts'
import { planRegion, type ZonePlan, zoneNames } from '../../tools/region/plan.ts'
import { nodeFlags, zoneArguments } from '../../tools/region/programs.ts'
import { Supervisor } from '../../tools/region/supervisor.ts'
import { startKafkaNodes } from '../kafka-nodes.ts'
import type { Cluster, ClusterStart, Produced } from './cluster.ts'

const probe = join(import.meta.dirname, 'produce-probe.ts')

/** `measuring`: flags for Node of every process that is measured. */
type Ground = Readonly<{ folder: string; log: LogSettings; measuring: readonly string[] }>

/** A region of three zones, each one process. */
export const tern = onKafka('TernMQ', async ({ folder, log, measuring }) => {
  const plan = await planRegion(folder, 0, log)
  const command = (all: typeof plan, zone: ZonePlan) => [...measuring, ...zoneArguments(all, zone)]
  const supervisor = new Supervisor(plan, undefined, { zone: command })
  await supervisor.start()
  return {
    addresses: plan.zones.map(({ mqtt }) => mqtt),
    parts: { zones: supervisor.keepers.map(({ pid }) => pid ?? 0) },
    stop: () => supervisor.stop(),
  }
})

/** The same with every service a process of its own, as in production: so the system tells what each kind of them costs. */
export const ternApart = onKafka('TernMQ-apart', async ({ folder, log, measuring }) => {
  mkdirSync(join(folder, 'run'))
  const env = { [folderVariable]: folder }
  const region = await ServiceRegion.start(log, { nodeFlags: [...nodeFlags, ...measuring], env })
  return {
    addresses: region.addresses,
    parts: Object.fromEntries(serviceKinds.map((kind) => [kind, region.pidsOf(kind)])),
    /** In order, and not at once: a profile is written at the end. */
    async stop() {
      for (const kind of serviceKinds.toReversed()) {
        await Promise.all(zoneNames.map((zone) => region.signal(kind, zone, 'SIGTERM')))
      }
    },
  }
})

/** Three Kafka nodes, a region on them, and what its processes count of what they send there. */
function onKafka(
  name: string,
  startRegion: (ground: Ground) => Promise<Pick<Cluster, 'addresses' | 'parts' | 'stop'>>,
): ClusterStart {
  return async ({ profile }) => {
    const nodes = await startKafkaNodes()
    const folder = mkdtempSync(join(tmpdir(), 'tern-bench-region-'))
    const log = kafkaSettings(nodes.bootstrap.join(','))
    const profiling = profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
    const region = await startRegion({ folder, log, measuring: [...profiling, '--import', probe] }).catch(
      async (error) => {
        await nodes.stop()
        throw error
      },
    )
    const pids = Object.values(region.parts).flat()
    return {
      ...{ name, addresses: region.addresses, parts: { ...region.parts, Kafka: nodes.pids } },
      async produced() {
        const all = await Promise.all(pids.map((pid) => countedIn(join(folder, 'run', `produced-${pid}`))))
        const sum = (of: keyof Produced) => all.reduce((total, each) => total + each[of], 0)
        return { requests: sum('requests'), batches: sum('batches'), records: sum('records') }
      },
      async stop() {
        await region.stop()
        await nodes.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }
}

const countedIn = async (path: string): Promise<Produced> => JSON.parse(await text(connect(path))) as Produced
