import { expect, test } from 'vitest'
import { announceWithinMs, SharedGroup } from './shared-group.ts'
import { takenMax } from './taken-records.ts'

const fresh = (low = -1) => new SharedGroup<string>('$share/g/a/+', { queue: 0, low, settled: [] }, 0)

test('records go to the proxies in turn, and to none beyond its credit', () => {
  const group = fresh()
  group.join('p', 2, [], 0, 0)
  group.join('q', 1, [], 0, 0)
  expect([0, 1, 2, 3].map((position) => group.lease(position, 0))).toEqual(['p', 'q', 'p', undefined])
  group.settle('q', [1], [])
  expect(group.lease(3, 0)).toBe('q')
})

test('who stands in the zone of the owner comes first, and the others when that has no room', () => {
  const group = fresh()
  group.join('far', 2, [], 0, 0)
  group.join('near', 2, [], 0, 0, true)
  expect([0, 1, 2, 3, 4].map((position) => group.lease(position, 0))).toEqual(['near', 'near', 'far', 'far', undefined])
  group.settle('near', [0], [])
  expect(group.lease(4, 0)).toBe('near')
})

test('the progress ends below the lowest record that is out, and knows what is settled above it', () => {
  const group = fresh()
  group.join('p', 10, [], 0, 0)
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
  group.join('p', 1, [], 0, 0)
  group.lease(0, 0)
  group.join('q', 1, [], 0, 0)
  group.settle('p', [], [0])
  expect(group.unheld(0)).toEqual([0])
  group.join('p', 0, [], 0, 0)
  expect(group.lease(0, 0)).toBe('q')
})

test('how often a record was delivered goes with it, whoever has it; what no member had does not count', () => {
  const group = fresh()
  group.join('p', 1, [], 0, 0)
  const leased = () => {
    group.lease(0, announceWithinMs)
    return group.earlierOf(0)
  }
  expect(leased()).toBe(0)
  group.settle('p', [], [0])
  expect(leased()).toBe(1)
  group.settle('p', [], [0], [0])
  expect(leased()).toBe(1)
  group.lost('p', 0)
  group.join('p', 1, [0], 0, 0)
  expect(group.earlierOf(0)).toBe(1)
  group.lost('p', 0)
  group.join('q', 1, [], 0, 0)
  expect(leased()).toBe(2)
})

test('what was out on a broken link waits for its proxy to come back with it', () => {
  const group = fresh()
  group.join('p', 1, [], 0, 0)
  group.lease(0, 0)
  group.lost('p', 0)
  expect(group.unheld(announceWithinMs - 1)).toEqual([])
  expect(group.unheld(announceWithinMs)).toEqual([0])
  group.join('p2', 1, [0], 100, 0)
  expect(group.unheld(announceWithinMs)).toEqual([])
})

test('after a takeover nothing is leased before proxies could say what they hold, and what was settled is not leased again', () => {
  const settled = [{ first: 5, last: 6 }]
  const group = new SharedGroup<string>('$share/g/#', { queue: 0, low: 3, settled }, announceWithinMs)
  group.join('p', 10, [4], 0, 0)
  expect(group.lease(7, announceWithinMs - 1)).toBeUndefined()
  expect([4, 5, 6, 7].map((position) => group.isOver(position))).toEqual([true, true, true, false])
  expect(group.lease(7, announceWithinMs)).toBe('p')
})

test('a settlement from one that does not hold the record counts for nothing', () => {
  const group = fresh()
  group.join('p', 1, [], 0, 0)
  group.lease(0, 0)
  group.settle('q', [0], [])
  expect(group.progress(0, 1).low).toBe(-1)
})

const session = { epoch: 1, counter: 1 }
const takenBy = (clientId: string, position: number) => ({
  ...{ group: '$share/g/a/+', position, clientId, session, proxy: 0, done: false },
})

test('the progress passes nothing that was not read yet, also when a proxy brings back what lies above', () => {
  const group = fresh(3)
  group.join('p', 10, [8], 0, 0)
  expect(group.progress(0, 4)).toEqual({ queue: 0, low: 3, settled: [] })
})

test('a lease is lost with its link also when its proxy has no member any more', () => {
  const group = fresh()
  group.join('p', 1, [], 0, 0)
  group.lease(0, 0)
  group.join('p', 0, [], 0, 0)
  group.lost('p', 0)
  expect(group.unheld(announceWithinMs)).toEqual([0])
})

test('who comes back late with what was settled meanwhile does not hold it', () => {
  const group = fresh()
  group.live = true
  group.join('p', 1, [], 0, 0)
  group.lease(0, 0)
  group.settle('p', [0], [])
  group.join('q', 1, [0], 0, 1)
  expect(group.mayTake('q', takenBy('n', 0))).toBe(false)
  expect(group.unheld(announceWithinMs)).toEqual([])
})

test('a record is taken by one session, for good: the holder of the lease gives it, and no other gets it [MQTT5-4.8.2-4]', () => {
  const group = fresh()
  group.join('p', 2, [], 0, 0)
  group.lease(0, 0)
  expect(group.mayTake('q', takenBy('m', 0))).toBe(false)
  expect(group.mayTake('p', takenBy('m', 0))).toBe(true)
  group.take('p', takenBy('m', 0))
  // The same session is told so again, wherever it asks; another one and another incarnation are not.
  expect(group.mayTake('q', takenBy('m', 0))).toBe(true)
  expect(group.mayTake('p', takenBy('n', 0))).toBe(false)
  expect(group.mayTake('p', { ...takenBy('m', 0), session: { epoch: 1, counter: 2 } })).toBe(false)
  group.settle('p', [], [0])
  expect(group.isOver(0)).toBe(true)
  group.join('q', 1, [0], 0, 0)
  for (const proxy of ['p', 'q']) group.lost(proxy, 0)
  expect(group.unheld(announceWithinMs)).toEqual([])
})

test('what is taken holds neither credit nor progress', () => {
  const group = fresh()
  group.join('p', 1, [], 0, 0)
  group.lease(0, 0)
  group.take('p', takenBy('m', 0))
  expect(group.lease(1, 0)).toBe('p')
  expect(group.progress(0, 2)).toEqual({ queue: 0, low: 0, settled: [] })
})

test('while too much is taken and not done, nothing is leased', () => {
  const group = fresh()
  group.join('p', 1, [], 0, 0)
  for (let position = 0; position < takenMax; position++) group.taken.add(takenBy('m', position))
  expect(group.lease(takenMax, 0)).toBeUndefined()
  expect(group.mayLease(0)).toBe(false)
  group.taken.finish(0, 'm', session)
  group.taken.forget([0])
  expect(group.lease(takenMax, 0)).toBe('p')
})

test('a group is empty since its last proxy gave no credit, or was lost', () => {
  const group = fresh()
  group.join('p', 1, [], 0, 0)
  group.join('q', 1, [], 0, 0)
  group.join('p', 0, [], 5, 0)
  expect(group.emptySinceMs).toBeUndefined()
  group.lost('q', 7)
  group.join('p', 0, [], 9, 0)
  expect(group.emptySinceMs).toBe(7)
  group.join('p', 1, [], 11, 0)
  expect(group.emptySinceMs).toBeUndefined()
})

test('what a proxy brought back and settled is not leased again when the reading comes by', () => {
  const group = fresh(3)
  group.join('p', 10, [8], 0, 0)
  group.settle('p', [8], [])
  expect(group.isOver(8)).toBe(true)
  expect(group.progress(0, 4)).toEqual({ queue: 0, low: 3, settled: [{ first: 8, last: 8 }] })
})

test('a group that is moved forgets what it had leased and settled, and who has such a record may not take it', () => {
  const group = fresh()
  group.join('p', 4, [], 0, 0)
  for (const position of [0, 1, 2]) group.lease(position, 0)
  group.settle('p', [0, 2], [])
  group.reset(0)
  expect(group.progress(0, group.next)).toEqual({ queue: 0, low: -1, settled: [] })
  expect(group.holders()).toEqual([{ recipient: 'p', credit: 4, held: 0 }])
  const session = { epoch: 1, counter: 1 }
  const taken = { group: group.name, position: 1, clientId: 'c', session, proxy: 0, done: false }
  expect(group.mayTake('p', taken)).toBe(false)
  group.settle('p', [1], [])
  expect(group.lease(0, 0)).toBe('p')
})
