import { expect, test } from 'vitest'
import { assigned, died, fold, region } from './control.fixture.ts'
import { recoveries } from './recoveries.ts'

/** Brokers 2 (dead) and 3. */
const state = fold([
  ...region(2, ['az-a', 'az-b']),
  assigned(0, 0, 2),
  assigned(0, 1, 2),
  died(0, 2),
  ...[assigned(0, 0, 3), assigned(0, 1, 3)],
])
const loss = { broker: 2, zone: 'az-a', queues: [0, 1], diedAtMs: 10_000, detectionMs: 40 }
const clients = [
  { zone: 'az-a', diedAtMs: 10_004, clients: 7 },
  { zone: 'az-b', diedAtMs: 10_004, clients: 9 },
  { zone: 'az-a', diedAtMs: 50_000, clients: 11 },
]

test('a loss is made good when its last queue is served', () => {
  const sight = { serving: new Set([0, 1]), servingSince: 10_320 }
  expect(recoveries([loss], state, () => sight, clients)).toEqual([
    { brokers: [2], zone: 'az-a', queues: 2, clients: 7, detectionMs: 40, recoveryMs: 320 },
  ])
})

test('not while a queue is with nobody who serves it', () => {
  expect(recoveries([loss], state, () => ({ serving: new Set([0]), servingSince: 10_320 }), clients)).toEqual([])
  expect(recoveries([loss], state, () => undefined, clients)).toEqual([])
})
