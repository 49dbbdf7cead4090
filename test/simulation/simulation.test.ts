import { expect, test } from 'vitest'
import { acknowledgesBeforeTheLog, dropsAtTakeover, neverStepsDown, type Plant } from './planted.ts'
import { simulate } from './simulate.ts'

const seeds = Number(process.env['TERN_SIMULATION_SEEDS'] ?? 300)

test(`${seeds} seeds of crashes, pauses, partitions and lost answers break no promise`, {
  timeout: 300_000,
}, async () => {
  let messages = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await simulate(seed)
    expect(outcome, `npm run simulate -- --seed ${seed}`).toMatchObject({ violations: [] })
    messages += outcome.messages
  }
  // A simulator in which nothing happens finds nothing.
  expect(messages).toBeGreaterThan(seeds * 100)
})

test('a seed is the same run every time', async () => {
  expect(await simulate(7)).toEqual(await simulate(7))
})

/** The violations of the first seed that finds the planted fault. */
async function firstFound(plant: Plant, seedsMax: number): Promise<readonly string[]> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { violations } = await simulate(seed, plant)
    if (violations.length > 0) return violations
  }
  return []
}

test('planted: a broker that acknowledges before the log answers is found', async () => {
  expect((await firstFound(acknowledgesBeforeTheLog, 3)).join()).toMatch(/early|lost/)
})

test('planted: a takeover that drops what it takes over is found', async () => {
  expect((await firstFound(dropsAtTakeover, 10)).join()).toMatch(/session|doubled|lost/)
})

test('planted: an owner that does not step down is found', { timeout: 60_000 }, async () => {
  expect((await firstFound(neverStepsDown, 200)).join()).toMatch(/session|doubled|lost/)
})
