import { expect, test } from 'vitest'
import { announceWithinMs, SharedGroup } from './shared-group.ts'

const fresh = (low = -1) => new SharedGroup<string>('$share/g/a/+', { queue: 0, low, settled: [] }, 0)

test('records go to the proxies in turn, and to none beyond its credit', () => {
  const group = fresh()
  group.join('p', 2, [], 0)
  group.join('q', 1, [], 0)
  expect([0, 1, 2, 3].map((position) => group.lease(position, 0))).toEqual(['p', 'q', 'p', undefined])
  group.settle('q', [1], [])
  expect(group.lease(3, 0)).toBe('q')
})

test('the progress ends below the lowest record that is out, and knows what is settled above it', () => {
  const group = fresh()
  group.join('p', 10, [], 0)
  for (const position of [2, 3, 5]) group.lease(position, 0)
  expect(group.progress(0, 8)).toEqual({
    queue: 0,
    low: 1,
    settled: [
      { first: 4, last: 4 },
      { first: 6, last: 7 },
    ],
  })
  group.settle('p', [2, 3, 5], [])
  expect(group.progress(0, 8)).toEqual({ queue: 0, low: 7, settled: [] })
})

test('what a proxy gives back goes to another one at once', () => {
  const group = fresh()
  group.join('p', 1, [], 0)
  group.lease(0, 0)
  group.join('q', 1, [], 0)
  group.settle('p', [], [0])
  expect(group.unheld(0)).toEqual([0])
  group.join('p', 0, [], 0)
  expect(group.lease(0, 0)).toBe('q')
})

test('what was out on a broken link waits for its proxy to come back with it', () => {
  const group = fresh()
  group.join('p', 1, [], 0)
  group.lease(0, 0)
  group.lost('p', 0)
  expect(group.unheld(announceWithinMs - 1)).toEqual([])
  expect(group.unheld(announceWithinMs)).toEqual([0])
  group.join('p2', 1, [0], 100)
  expect(group.unheld(announceWithinMs)).toEqual([])
})

test('after a takeover nothing is leased before proxies could say what they hold, and what was settled is not leased again', () => {
  const settled = [{ first: 5, last: 6 }]
  const group = new SharedGroup<string>('$share/g/#', { queue: 0, low: 3, settled }, announceWithinMs)
  group.join('p', 10, [4], 0)
  expect(group.lease(7, announceWithinMs - 1)).toBeUndefined()
  expect([4, 5, 6, 7].map((position) => group.isTaken(position))).toEqual([true, true, true, false])
  expect(group.lease(7, announceWithinMs)).toBe('p')
})

test('a settlement from one that does not hold the record counts for nothing', () => {
  const group = fresh()
  group.join('p', 1, [], 0)
  group.lease(0, 0)
  group.settle('q', [0], [])
  expect(group.progress(0, 1).low).toBe(-1)
})
