import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { LogSettings } from '@tern/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaCluster, stopGraceMs } from '../../tools/kafka/cluster.ts'
import { type NodeNumber, nodeNumbers } from '../../tools/kafka/properties.ts'
import { summaryOf } from '../failure/resumption.ts'
import { zones } from '../failure/round.ts'
import { StandingFleet } from '../failure/standing-fleet.ts'
import { type Region, startRegion } from '../support/region.ts'
import { type SmallDisk, smallDisk } from '../support/small-disk.ts'
import { kafkaSettings, untilInSync } from './kafka-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'tern-kafka-'))
const jars = join(import.meta.dirname, '../../.tern/kafka-jars')
const disks = new Map<NodeNumber, SmallDisk>(nodeNumbers.map((node) => [node, smallDisk()]))
const canFill = [...disks.values()].every(({ isMounted }) => isMounted)
let cluster: KafkaCluster
let settings: LogSettings
let region: Region
let fleet: StandingFleet

/** Of each node's two disks the second is small; the first has the metadata too. */
beforeAll(async () => {
  if (!canFill) return
  const properties = (node: NodeNumber) => [`log.dirs=${join(folder, `node-${node}`)},${disks.get(node)?.folder}/data`]
  cluster = await KafkaCluster.prepare({ folder, jars, port: 0, properties, say: () => {} })
  await cluster.start()
  settings = kafkaSettings(cluster.bootstrap)
  region = await startRegion(settings)
  fleet = new StandingFleet(region.addresses, 'full', 6)
  await fleet.start()
}, 120_000)
afterAll(async () => {
  fleet?.stop()
  await region?.stop()
  await cluster?.killAll()
  for (const disk of disks.values()) disk.remove()
  if (process.env['TERN_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true })
})

const nodeLog = (node: NodeNumber) => readFileSync(join(folder, 'logs', `kafka-${node}.log`), 'utf8')
const report = (text: string) => void process.stdout.write(`${text}\n`)

async function restart(node: NodeNumber): Promise<void> {
  await cluster.node(node).stop(stopGraceMs)
  cluster.node(node).start()
}

test.skipIf(!canFill)(
  'with the disk of one Kafka node full the region goes on with the other two',
  { timeout: 120_000 },
  async () => {
    await fleet.begin()
    await after(1_000)
    disks.get(1)?.fill()
    await expect.poll(() => /offline|failed/i.test(nodeLog(1)), { timeout: 20_000 }).toBe(true)
    const resumption = fleet.measure()
    const resumed = await fleet.until(() => resumption.waiting.length === 0, 20_000)
    report(`one full: again after ms: ${summaryOf(resumption.times)} (${resumption.last})`)
    disks.get(1)?.free()
    await restart(1)
    await untilInSync(settings, 60_000)
    expect((await fleet.end(30_000)).slice(0, 10)).toEqual([])
    expect(resumed, resumption.waiting.map(({ publisher, topic }) => `${publisher} ${topic}`).join(', ')).toBe(true)
  },
)

test.skipIf(!canFill)(
  'with all disks full publishers wait, and with room again nothing acknowledged is lost',
  {
    timeout: 120_000,
  },
  async () => {
    await fleet.begin()
    await after(1_000)
    for (const disk of disks.values()) disk.fill()
    await after(6_000)
    const { acknowledged } = fleet.counts
    await after(2_000)
    report(`all full: ${fleet.counts.acknowledged - acknowledged} acknowledged in 2 s`)
    for (const disk of disks.values()) disk.free()
    await Promise.all(nodeNumbers.map(restart))
    const resumption = fleet.measure()
    const resumed = await fleet.until(() => resumption.waiting.length === 0, 40_000)
    report(`all full: again after ms: ${summaryOf(resumption.times)} (${resumption.last})`)
    await untilInSync(settings, 60_000)
    expect((await fleet.end(30_000)).slice(0, 10)).toEqual([])
    expect(resumed).toBe(true)
    for (const zone of zones) {
      const lines = readFileSync(join(region.plan.folder, 'logs', `${zone}.log`), 'utf8')
        .split('\n')
        .filter((line) => !line.includes('"level":"info"'))
      const kinds = Map.groupBy(lines, (line) => (JSON.parse(line || '{}') as { message?: string }).message ?? line)
      for (const [kind, list] of kinds) report(`   ${zone} ${list.length} x ${kind} e.g. ${list[0]?.slice(0, 400)}`)
    }
  },
)
