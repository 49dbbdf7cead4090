import { afterAll, beforeAll, expect, test } from 'vitest'
import { check } from '../failure/checker.ts'
import { seeded } from '../failure/random.ts'
import { checkRetained } from '../failure/retained.ts'
import { type Fault, Fleet, inflict } from '../failure/round.ts'
import { type Region, startRegion } from '../support/region.ts'

const seeds = Number(process.env['TERN_SEEDS'] ?? 10)
let region: Region

beforeAll(async () => {
  region = await startRegion()
}, 60_000)
afterAll(() => region.stop())

const faultOf = (seed: number): Fault =>
  (['kill zone', 'kill zone', 'pause zone', 'kill zone', 'kill everything'] as const)[seed % 5] ?? 'kill zone'

for (let seed = 1; seed <= seeds; seed++) {
  test(`seed ${seed}: ${faultOf(seed)} loses, doubles and reorders nothing`, { timeout: 120_000 }, async () => {
    const fleet = new Fleet(region, `seed-${seed}`, 6)
    await fleet.start()
    fleet.publish()
    await inflict(region, fleet.history, faultOf(seed), seeded(seed), 4_000)
    await fleet.settle(2_000)
    const reader = await fleet.end(1_000)
    fleet.stop()
    const { violations, counts } = check(fleet.history.entries)
    expect(checkRetained(fleet.history.entries, reader)).toEqual([])
    expect(fleet.willsDelivered).toBeGreaterThanOrEqual(3)
    expect(counts.acknowledged).toBeGreaterThan(100)
    expect(counts.faults).toBe(1)
    expect(fleet.publishers.map((device) => device.unacknowledged)).toEqual(fleet.publishers.map(() => 0))
    expect(violations.slice(0, 10)).toEqual([])
  })
}
