import { expect, test } from 'vitest'
import { breakNoPromise, seeds } from './seeds.ts'
import { simulate } from './simulate.ts'

test(
  `the odd ones of ${seeds} seeds of crashes, pauses, partitions and lost answers break no promise`,
  {
    timeout: 300_000,
  },
  () => breakNoPromise(1),
)

test('a seed is the same run every time', async () => {
  expect(await simulate(7)).toEqual(await simulate(7))
})
