import { expect } from 'vitest'
import { simulate } from './simulate.ts'

export const seeds = Number(process.env['TERN_SIMULATION_SEEDS'] ?? 200)

/** Two files share the seeds, so that two cores can. */
export async function breakNoPromise(first: number): Promise<void> {
  let messages = 0
  for (let seed = first; seed <= seeds; seed += 2) {
    const outcome = await simulate(seed)
    expect(outcome, `npm run simulate -- --seed ${seed}`).toMatchObject({ violations: [] })
    messages += outcome.messages
  }
  // A simulator in which nothing happens finds nothing.
  expect(messages).toBeGreaterThan((seeds / 2) * 100)
}
