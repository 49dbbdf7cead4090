import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { ZoneName } from '../../tools/region/plan.ts'
import { zones } from '../failure/round.ts'
import { type ServiceKind, ServiceRegion, serviceKinds } from '../support/services.ts'
import { kafkaSettings } from './kafka-settings.ts'
import { Rounds, roundOf, seeds } from './rounds.ts'
import type { Victim } from './victims.ts'

let region: ServiceRegion
let rounds: Rounds

beforeAll(async () => {
  const settings = kafkaSettings(inject('kafkaBootstrap'))
  region = await ServiceRegion.start(settings)
  rounds = await Rounds.on(region.addresses, settings)
}, 120_000)
afterAll(async () => {
  await rounds?.stop()
  await region?.stop()
})

const serviceOf = (kind: ServiceKind, zone: ZoneName): Victim => ({
  kind: `a ${kind}`,
  name: `the ${kind} of ${zone}`,
  kill: () => region.signal(kind, zone, 'SIGKILL'),
  pause: () => region.signal(kind, zone, 'SIGSTOP'),
  resume: () => region.signal(kind, zone, 'SIGCONT'),
  stop: () => region.signal(kind, zone, 'SIGTERM'),
  start: () => region.start(kind, zone),
  explains: (decision) =>
    decision.what === 'term' ? kind === 'nameserver' : decision.kind === kind && decision.zone === zone,
})

const victims = (): (readonly Victim[])[] => serviceKinds.map((kind) => zones.map((zone) => serviceOf(kind, zone)))

/** Each fault on each kind of service. */
test.each(seeds(9))(
  'round %i: a fault of a single service loses, doubles and reorders nothing',
  {
    timeout: 180_000,
  },
  async (seed) => {
    await rounds.run(roundOf(seed, victims()))
    expect.hasAssertions()
  },
)
