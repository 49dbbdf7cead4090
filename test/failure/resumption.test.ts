import { expect, test } from 'vitest'
import { type Entry, keyOf } from './history.ts'
import { Resumption, summaryOf } from './resumption.ts'

const key = (number: number) => keyOf('p', 't', number)
const invoke = (at: number, number: number): Entry => ({
  at,
  actor: 'p',
  kind: 'invoke',
  key: key(number),
  topic: 't',
  qos: 1,
})
const delivery = (at: number, actor: string, number: number): Entry => ({
  ...{ at, actor, kind: 'delivery', key: key(number), topic: 't', qos: 1, dup: false, retained: false },
})

function times(...entries: Entry[]): Readonly<{ times: readonly number[]; waiting: number }> {
  const paths = [
    { publisher: 'p', topic: 't', receivers: ['s'] },
    { publisher: 'p', topic: 't', receivers: ['one', 'other'] },
  ]
  const resumption = new Resumption(100, paths)
  for (const entry of entries) resumption.take(entry)
  return { times: resumption.times, waiting: resumption.waiting.length }
}

test('a path delivers again with what was published after the moment, not with what was on its way', () => {
  expect(times(invoke(90, 1), delivery(110, 's', 1))).toEqual({ times: [], waiting: 2 })
  expect(times(invoke(120, 2), delivery(150, 's', 2), delivery(160, 's', 2))).toEqual({ times: [50], waiting: 1 })
})

test('any member of a group will do', () => {
  expect(times(invoke(120, 2), delivery(150, 'other', 2), delivery(170, 'one', 2))).toEqual({ times: [50], waiting: 1 })
})

test('the summary names the middle and the last', () => {
  expect(summaryOf([30, 10, 20])).toBe('p50 20, p99 30, max 30')
})
