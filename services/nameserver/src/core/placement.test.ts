import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assigned, died, drainChanged, fold, joined, type Recorded, region } from './control.fixture.ts'
import type { ControlState } from './control-state.ts'
import { type Assignment, placeOrphans, rebalance } from './placement.ts'

/** Assignments as the leader with claim 0 writes them. */
const written = (assignments: readonly Assignment[]): Recorded[] =>
  assignments.map(({ queue, broker }) => assigned(0, queue, broker))

const after = (state: ControlState, records: readonly Recorded[]) => fold(records, state.through + 1, state)

/** How many queues each living broker owns, by incarnation. */
const loadOf = (state: ControlState) =>
  Object.fromEntries(
    [...state.members.keys()].map((broker) => [
      broker,
      [...state.routes.values()].filter((route) => route.broker === broker).length,
    ]),
  )

const start = fold(region(12, ['az-a', 'az-b', 'az-c']))
const running = after(start, written(placeOrphans(start)))

test('all queues of a new region are placed, evenly', () => {
  expect(loadOf(running)).toEqual({ 2: 4, 3: 4, 4: 4 })
})

test('without a broker nothing is placed', () => {
  expect(placeOrphans(fold([...region(12, []), joined(0, 'proxy', 'az-a', 'PROXY')]))).toEqual([])
})

test('the queues of a dead broker go to all the others at once, and only they move', () => {
  const bereft = after(running, [died(0, 3)])
  const moves = placeOrphans(bereft)
  expect(moves.map(({ queue }) => queue)).toEqual(
    [...running.routes.values()].filter(({ broker }) => broker === 3).map(({ queue }) => queue),
  )
  expect(loadOf(after(bereft, written(moves)))).toEqual({ 2: 6, 4: 6 })
})

test('an Assign that the death of its broker made void is made again, to another', () => {
  const bereft = after(running, [died(0, 3)])
  // A leader that did not know it yet.
  const state = after(bereft, [assigned(0, 5, 3)])
  expect(placeOrphans(state)).toEqual(placeOrphans(bereft))
  expect(placeOrphans(state).every(({ broker }) => broker !== 3)).toBe(true)
})

test('among brokers that own as many, the zone that owns fewer is preferred', () => {
  const state = fold([...region(3, ['az-a', 'az-a', 'az-b']), assigned(0, 0, 2), assigned(0, 1, 3), assigned(0, 2, 4)])
  const [move] = placeOrphans({ ...state, queues: 4 })
  expect(move).toEqual({ queue: 3, broker: 4 })
})

test('a broker that is back gets its queues a few at a time', () => {
  const alone = after(running, [died(0, 3), died(0, 4)])
  let state = after(alone, written(placeOrphans(alone)))
  state = after(state, [joined(0, 'back', 'az-b')])
  const back = state.through
  const steps: number[] = []
  for (let moves = rebalance(state, 2); moves.length > 0; moves = rebalance(state, 2)) {
    state = after(state, written(moves))
    steps.push(loadOf(state)[back] ?? 0)
  }
  expect(steps).toEqual([2, 4, 6])
})

test('nothing moves for balance while a queue has no living owner', () => {
  const bereft = after(running, [died(0, 3), joined(0, 'back', 'az-b')])
  expect(rebalance(bereft, 4)).toEqual([])
})

test('a draining broker loses its queues gradually and gets none', () => {
  let state = after(running, [drainChanged(0, 3, true)])
  expect(rebalance(state, 3)).toHaveLength(3)
  state = after(state, written(rebalance(state, 3)))
  state = after(state, written(rebalance(state, 3)))
  expect(loadOf(state)).toEqual({ 2: 6, 3: 0, 4: 6 })
  expect(rebalance(state, 3)).toEqual([])
  const bereft = after(state, [died(0, 4)])
  expect(placeOrphans(bereft).every(({ broker }) => broker === 2)).toBe(true)
})

test('when all brokers drain, they go on: a queue with any owner is better than one with none', () => {
  const draining = after(
    running,
    [2, 3, 4].map((broker) => drainChanged(0, broker, true)),
  )
  const bereft = after(draining, [died(0, 4)])
  expect(placeOrphans(bereft)).toHaveLength(4)
})

test('whatever joins, dies and drains, every queue gets a living owner and the spread becomes even', () => {
  const change = fc.record({ kind: fc.constantFrom('join', 'die', 'drain'), pick: fc.nat({ max: 5 }) })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 25 }), (changes) => {
      let state = running
      for (const [at, { kind, pick }] of changes.entries()) {
        const member = [...state.members.keys()][pick % Math.max(1, state.members.size)] ?? 0
        const drain = drainChanged(0, member, !state.members.get(member)?.draining)
        const record = kind === 'join' ? joined(0, `new-${at}`, `az-${pick}`) : kind === 'die' ? died(0, member) : drain
        state = after(state, [record])
        state = after(state, written(placeOrphans(state)))
        state = after(state, written(rebalance(state, 2)))
      }
      if (state.members.size === 0) return
      for (const { broker } of state.routes.values()) expect(state.members.has(broker)).toBe(true)
      for (let moves = rebalance(state, 2), rounds = 0; moves.length > 0; moves = rebalance(state, 2)) {
        expect(moves.length).toBeLessThanOrEqual(2)
        expect(++rounds).toBeLessThan(20)
        state = after(state, written(moves))
      }
      const willing = [...state.members.values()].filter(({ draining }) => !draining)
      const owners = willing.length > 0 ? willing : [...state.members.values()]
      const loads = owners.map(({ incarnation }) => loadOf(state)[incarnation] ?? 0)
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
      expect(loads.reduce((sum, load) => sum + load, 0)).toBe(12)
    }),
  )
})

const zones = ['az-a', 'az-b', 'az-c']
/** Owners by queue, as zones. */
const zonesOf = (state: ControlState) =>
  Array.from({ length: state.queues }, (_, queue) => state.members.get(state.routes.get(queue)?.broker ?? 0)?.zone)

test('queues are placed beside the leaders of their partitions while each broker has its share', () => {
  const wishes = Array.from({ length: 12 }, (_, queue) => zones[(queue * 5) % 3])
  expect(zonesOf(after(start, written(placeOrphans(start, wishes))))).toEqual(wishes)
  const all = Array.from({ length: 12 }, () => 'az-b')
  expect(loadOf(after(start, written(placeOrphans(start, all))))).toEqual({ 2: 4, 3: 4, 4: 4 })
})

test('leaders that moved draw their queues after them, a few at a time, and then nothing moves', () => {
  const wishes = Array.from({ length: 12 }, (_, queue) => zones[(queue + 1) % 3])
  let state = after(
    start,
    written(
      placeOrphans(
        start,
        Array.from({ length: 12 }, (_, queue) => zones[queue % 3]),
      ),
    ),
  )
  for (let moves = rebalance(state, 4, wishes); moves.length > 0; moves = rebalance(state, 4, wishes)) {
    expect(moves.length).toBeLessThanOrEqual(4)
    state = after(state, written(moves))
  }
  expect(zonesOf(state)).toEqual(wishes)
})

test('whatever is wished, every queue has one owner, loads stay balanced, and the moves come to an end', () => {
  const wish = fc.constantFrom('az-a', 'az-b', 'az-c', 'az-x', undefined)
  fc.assert(
    fc.property(
      fc.array(wish, { minLength: 12, maxLength: 12 }),
      fc.integer({ min: 2, max: 6 }),
      (wishes, movesMax) => {
        let state = running
        let steps = 0
        for (
          let moves = rebalance(state, movesMax, wishes);
          moves.length > 0;
          moves = rebalance(state, movesMax, wishes)
        ) {
          state = after(state, written(moves))
          if (++steps > 20) return false
        }
        const loads = Object.values(loadOf(state))
        return Math.max(...loads) - Math.min(...loads) < 2 && loads.reduce((sum, each) => sum + each, 0) === 12
      },
    ),
  )
})
