import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'
import { WillFleet } from './will-fleet.ts'

const seeds = 8

test('a will at QoS 2 stands between what its client published before its connection was lost and after, whatever hops and faults', {
  timeout: 60_000,
}, async () => {
  let messages = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await simulate(seed, undefined, (site) => new WillFleet(site))
    expect(outcome, `npm run simulate -- --wills --seed ${seed}`).toMatchObject({ violations: [] })
    messages += outcome.messages
  }
  expect(messages).toBeGreaterThan(seeds * 100)
})
