import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { kafkaSettings } from '../../test/kafka/kafka-settings.ts'
import { planRegion, type ZonePlan, zoneArguments } from '../../tools/region/plan.ts'
import { Supervisor } from '../../tools/region/supervisor.ts'
import { startKafkaNodes } from '../kafka-nodes.ts'
import type { ClusterStart, Produced } from './cluster.ts'

const probe = join(import.meta.dirname, 'produce-probe.ts')

/** A region of three zones on three Kafka nodes. */
export const tern: ClusterStart = async ({ profile }) => {
  const nodes = await startKafkaNodes()
  const folder = mkdtempSync(join(tmpdir(), 'tern-bench-region-'))
  const plan = await planRegion(folder, 0, kafkaSettings(nodes.bootstrap.join(',')))
  const profiling = profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const supervisor = new Supervisor(plan, undefined, (all, zone: ZonePlan) => [
    ...profiling,
    ...['--import', probe],
    ...zoneArguments(all, zone),
  ])
  await supervisor.start()
  const zones = supervisor.keepers.map(({ pid }) => pid ?? 0)
  return {
    name: 'TernMQ',
    addresses: plan.zones.map(({ mqtt }) => mqtt),
    parts: { zones, Kafka: nodes.pids },
    async produced() {
      const all = await Promise.all(zones.map((pid) => countedIn(join(folder, 'run', `produced-${pid}`))))
      const sum = (of: keyof Produced) => all.reduce((total, each) => total + each[of], 0)
      return { requests: sum('requests'), batches: sum('batches'), records: sum('records') }
    },
    async stop() {
      await supervisor.stop()
      await nodes.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const countedIn = async (path: string): Promise<Produced> => JSON.parse(await text(connect(path))) as Produced
