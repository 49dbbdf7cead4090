import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { zones } from '../failure/round.ts'
import { type Region, startRegion } from '../support/region.ts'
import { kafkaSettings } from './kafka-settings.ts'
import { Rounds, roundOf, seeds } from './rounds.ts'
import { kafkaNode, together, type Victim, zoneOf } from './victims.ts'

let region: Region
let rounds: Rounds

beforeAll(async () => {
  const settings = kafkaSettings(inject('kafkaBootstrap'))
  region = await startRegion(settings)
  rounds = await Rounds.on(region.addresses, settings)
}, 120_000)
afterAll(async () => {
  await rounds?.stop()
  await region?.stop()
})

const node = (zone: (typeof zones)[number]) => kafkaNode(inject('kafkaControl'), zone)
const victims = (): (readonly Victim[])[] => [
  zones.map((zone) => together(zoneOf(region, zone), node(zone))),
  zones.map(node),
  zones.map((zone) => zoneOf(region, zone)),
]

test.each(seeds(20))(
  'round %i: a fault of a zone, a Kafka node or both loses, doubles and reorders nothing',
  {
    timeout: 180_000,
  },
  async (seed) => {
    await rounds.run(roundOf(seed, victims()))
    expect.hasAssertions()
  },
)
