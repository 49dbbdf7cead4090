import { expect, test } from 'vitest'
import { piecesOf, ticksOf } from './timeline-lanes.ts'

const sample = (time: number, state: string) => ({
  ...{ time, clients: 0, publishes: 0, deliveries: 0, p99: null, oldest: null },
  zones: [{ name: 'az-a', state, clients: 0, queues: 0, leads: false }],
})

test('a lane is drawn in pieces of one state', () => {
  const samples = [sample(0, 'healthy'), sample(1_000, 'healthy'), sample(2_000, 'dead'), sample(3_000, 'dead')]
  expect(piecesOf('az-a', samples)).toEqual([
    { from: 0, to: 2_000, state: 'healthy' },
    { from: 2_000, to: 3_000, state: 'dead' },
  ])
  expect(piecesOf('az-x', samples)).toEqual([{ from: 0, to: 3_000, state: '' }])
})

test('ticks stand on whole minutes', () => {
  expect(ticksOf(61_000, 185_000, 60_000)).toEqual([120_000, 180_000])
})
