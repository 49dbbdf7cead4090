import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'
import { StreamFleet } from './stream-fleet.ts'

const seeds = 20

test('producers and subscribers of the API lose nothing, double only what may be, and keep the order beside devices, whatever faults', {
  timeout: 120_000,
}, async () => {
  let messages = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await simulate(seed, undefined, (site) => new StreamFleet(site))
    expect(outcome, `npm run simulate -- --streams --seed ${seed}`).toMatchObject({ violations: [] })
    messages += outcome.messages
  }
  expect(messages).toBeGreaterThan(seeds * 100)
})
