import { envelope } from '@tern/proto'
import { expect, test } from 'vitest'
import { Publishers, publisherLimits } from './publishers.ts'
import { QueueState } from './queue-state.ts'
import { partsOf, stateOf } from './snapshot.ts'

const { keptMs, publishersMax, recentMax, placesBack } = publisherLimits

/** Of proxy 7 or another one, whose own numbers always rise. */
let sequence = 0
const record = (name: string, of: number, more: Partial<envelope.Envelope> = {}) =>
  envelope.Envelope.create({
    clientId: 'c',
    producer: 7,
    sequence: ++sequence,
    publisher: { name, sequence: of },
    ...more,
  })
const at = (position: number) => ({ position, reasonCode: 0 })

test('what a publisher wrote before is void, from whatever proxy it comes, and its first copy is found (rule 8)', () => {
  const state = new QueueState(0)
  expect(state.apply(0, record('p', 1))).toBe('live')
  expect(state.apply(1, record('p', 4))).toBe('live')
  const again = record('p', 4, { producer: 8 })
  expect(state.knows(again)).toBe(true)
  expect(state.positionOf(again)).toBe(1)
  expect(state.apply(2, again)).toBe('void')
  expect(state.apply(3, record('other', 1))).toBe('live')
  expect(state.apply(4, record('p', 5, { producer: 8 }))).toBe('live')
  expect([...state.voidPositions.keys()]).toEqual([2])
})

test('a void record counts for nothing: what its publisher writes after it is judged by what is live', () => {
  const state = new QueueState(0)
  const connection = { epoch: 2, counter: 1 }
  state.apply(0, record('p', 1, { connection }))
  expect(state.apply(1, record('p', 9, { connection: { epoch: 1, counter: 1 } }))).toBe('void')
  expect(state.publishers.lastOf('p')).toBe(1)
})

test('what was refused is refused again, also through another proxy', () => {
  const state = new QueueState(0)
  expect(state.apply(0, record('p', 1, { refused: 0x97 }))).toBe('marker')
  const again = record('p', 1, { producer: 8 })
  expect(state.refusalOf(again)).toBe(0x97)
  expect(state.positionOf(again)).toBe(-1)
})

test('a snapshot keeps publishers, their generations and places', () => {
  const state = new QueueState(0)
  state.apply(0, record('early', 1, { receiveTimeMs: 1_000 }))
  state.apply(1, record('p', 3, { receiveTimeMs: 1_000 + keptMs }))
  state.apply(2, record('p', 4, { receiveTimeMs: 1_000 + keptMs, refused: 0x97 }))
  expect(stateOf(partsOf(state))).toEqual(state)
})

test('a publisher is known for an hour after its last record, and not for ever', () => {
  const publishers = new Publishers()
  const note = (name: string, timeMs: number) => publishers.note({ name, sequence: 1 }, at(0), 0, timeMs)
  note('first', 0)
  note('last minute', keptMs - 1)
  note('next hour', keptMs)
  note('still', 2 * keptMs - 2)
  expect(publishers.lastOf('last minute')).toBe(1)
  note('third hour', 2 * keptMs)
  expect(publishers.lastOf('last minute')).toBe(0)
  expect(publishers.lastOf('still')).toBe(1)
})

test('whoever goes on publishing stays known', () => {
  const publishers = new Publishers()
  for (let hour = 0; hour < 5; hour++) publishers.note({ name: 'p', sequence: hour + 1 }, at(hour), hour, hour * keptMs)
  expect(publishers.lastOf('p')).toBe(5)
})

test('there are never more than two generations of them', () => {
  const publishers = new Publishers()
  const count = 3 * publishersMax
  for (let i = 0; i < count; i++) publishers.note({ name: `r/${i}`, sequence: 1 }, at(i), i, 0)
  expect([...publishers.progress()].length).toBeLessThanOrEqual(2 * publishersMax)
  expect(publishers.lastOf(`r/${count - publishersMax}`)).toBe(1)
})

test('of one publisher some places are remembered, and none from far back in the queue', () => {
  const publishers = new Publishers()
  for (let i = 1; i <= 3 * recentMax; i++) publishers.note({ name: 'p', sequence: i }, at(i), i, 0)
  const placesOf = (name: string) => [...publishers.progress()].find((each) => each.name === name)?.recent.length ?? 0
  expect(placesOf('p')).toBeLessThan(2 * recentMax)
  expect(publishers.outcomeOf({ name: 'p', sequence: 2 * recentMax + 1 })).toEqual(at(2 * recentMax + 1))
  publishers.note({ name: 'q', sequence: 1 }, at(3 * placesBack), 3 * placesBack, 0)
  expect(placesOf('p')).toBe(0)
  expect(publishers.isRepetition({ name: 'p', sequence: 5 })).toBe(true)
})
