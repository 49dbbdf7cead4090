import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Action, ask } from '../../tools/kafka/control.ts'
import { check } from '../failure/checker.ts'
import { type Random, seeded } from '../failure/random.ts'
import { checkRetained } from '../failure/retained.ts'
import { Fleet, zones } from '../failure/round.ts'
import { type Region, startRegion } from '../support/region.ts'
import { kafkaSettings } from './kafka-settings.ts'

const rounds = Number(process.env['TERN_KAFKA_ROUNDS'] ?? 20)
let region: Region

beforeAll(async () => {
  region = await startRegion(kafkaSettings(inject('kafkaBootstrap')))
}, 120_000)
afterAll(() => region?.stop())

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const onKafka = (action: Action, node: number) => ask(inject('kafkaControl'), action, String(node))

type Fault = Readonly<{
  name: string
  begin(which: number): Promise<unknown>
  end(which: number): Promise<unknown>
  ms: number
}>

const faults: readonly Fault[] = [
  {
    name: 'kill -9 of a Kafka node',
    begin: (which) => onKafka('kill', which + 1),
    end: (which) => onKafka('restart', which + 1),
    ms: 4_000,
  },
  {
    name: 'kill -9 of a zone with its Kafka node',
    begin: (which) => Promise.all([region.killZone(zones[which] ?? 'az-a'), onKafka('kill', which + 1)]),
    end: (which) => Promise.all([region.restartZone(zones[which] ?? 'az-a'), onKafka('restart', which + 1)]),
    ms: 5_000,
  },
  {
    name: 'SIGSTOP of a Kafka node',
    begin: (which) => onKafka('pause', which + 1),
    end: (which) => onKafka('restart', which + 1),
    ms: 4_000,
  },
  {
    name: 'kill -9 of a zone',
    begin: (which) => region.killZone(zones[which] ?? 'az-a'),
    end: (which) => region.restartZone(zones[which] ?? 'az-a'),
    ms: 2_000,
  },
  {
    name: 'SIGSTOP of a zone with its Kafka node',
    begin: (which) => Promise.all([region.pauseZone(zones[which] ?? 'az-a'), onKafka('pause', which + 1)]),
    end: (which) => Promise.all([region.resumeZone(zones[which] ?? 'az-a'), onKafka('restart', which + 1)]),
    ms: 5_000,
  },
]

async function inflict({ name, begin, end, ms }: Fault, fleet: Fleet, random: Random): Promise<void> {
  const which = random.below(3)
  await after(300 + random.below(700))
  await begin(which)
  fleet.history.record('faults', { kind: 'fault', what: name, target: String(zones[which]), bit: true })
  await after(ms + random.below(1_000))
  await end(which)
  await after(1_000 + random.below(1_000))
}

for (let seed = 1; seed <= rounds; seed++) {
  const fault = faults[seed % faults.length] as Fault
  test(`round ${seed}: ${fault.name} loses, doubles and reorders nothing`, { timeout: 180_000 }, async () => {
    const fleet = new Fleet(region, `kafka-${seed}`, 6)
    await fleet.start()
    fleet.publish()
    await inflict(fault, fleet, seeded(seed))
    await fleet.settle(4_000)
    const reader = await fleet.end(2_000)
    fleet.stop()
    const { violations, counts } = check(fleet.history.entries)
    expect(violations.slice(0, 10)).toEqual([])
    expect(checkRetained(fleet.history.entries, reader)).toEqual([])
    expect(counts.acknowledged).toBeGreaterThan(100)
    expect(fleet.publishers.map((device) => device.unacknowledged)).toEqual(fleet.publishers.map(() => 0))
  })
}
