import { expect, test } from 'vitest'
import { acknowledgesBeforeTheLog, dropsAtTakeover, forgetsWhatIsTaken, neverStepsDown, type Plant } from './planted.ts'
import { simulate } from './simulate.ts'

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

test('planted: a takeover that forgets what sessions took of groups is found', { timeout: 60_000 }, async () => {
  expect((await firstFound(forgetsWhatIsTaken, 10)).join()).toMatch(/doubled: \$share/)
})

test('planted: an owner that does not step down is found', { timeout: 60_000 }, async () => {
  expect((await firstFound(neverStepsDown, 200)).join()).toMatch(/session|doubled|lost/)
})
