import { expect, test } from 'vitest'
import { TakenRecords } from './taken-records.ts'

const session = { epoch: 1, counter: 1 }
const taken = (position: number, clientId = 'm') => ({
  ...{ group: '$share/g/t', position, clientId, session, proxy: 0, done: false },
})

test('a session is told what it has taken and not done, in order; no other incarnation is', () => {
  const records = new TakenRecords()
  for (const position of [5, 3, 4]) records.add(taken(position))
  records.add(taken(6, 'n'))
  records.finish(4, 'm', session)
  expect(records.of('m', session)).toEqual([3, 5])
  expect(records.of('m', { epoch: 1, counter: 2 })).toEqual([])
  expect([...records.notDone()].map(({ position }) => position)).toEqual([5, 3, 6])
})

test('only its own session ends what was taken, and once it is done it is nobody’s', () => {
  const records = new TakenRecords()
  records.add(taken(0))
  expect(records.finish(0, 'n', session)).toBeUndefined()
  expect(records.isOf(0, 'm', session)).toBe(true)
  expect(records.finish(0, 'm', session)).toMatchObject({ done: true })
  expect(records.isOf(0, 'm', session)).toBe(false)
  expect(records.has(0)).toBe(true)
})

test('what is done is kept until the progress speaks for it, and what is not done for longer', () => {
  const records = new TakenRecords()
  for (const position of [1, 2, 7, 9]) records.add(taken(position))
  for (const position of [1, 7, 9]) records.finish(position, 'm', session)
  const covered = records.covered({ queue: 0, low: 4, settled: [{ first: 6, last: 8 }] })
  expect(covered).toEqual([1, 7])
  records.forget(covered)
  expect([...records.positions()]).toEqual([2, 9])
})
