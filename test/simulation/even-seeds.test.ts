import { test } from 'vitest'
import { breakNoPromise, seeds } from './seeds.ts'

test(
  `the even ones of ${seeds} seeds of crashes, pauses, partitions and lost answers break no promise`,
  {
    timeout: 300_000,
  },
  () => breakNoPromise(2),
)
