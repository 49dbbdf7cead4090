import { expect, test } from 'vitest'
import { History, keyOf } from './history.ts'
import { checkRetained } from './retained.ts'

const key = (number: number): string => keyOf('p', 't/1', number)

const retained = (build: (h: History) => void): string[] => {
  const history = new History()
  build(history)
  return checkRetained(history.entries, 'late').map(({ rule }) => rule)
}
const keep = (h: History, number: number, end: 'ok' | 'unknown' = 'ok'): void => {
  h.record('p', { kind: 'invoke', key: key(number), topic: 't/1', qos: 1, retain: true })
  if (end === 'ok') h.record('p', { kind: 'ok', key: key(number) })
}
const late = (h: History, number: number): void =>
  h.record('late', { kind: 'delivery', key: key(number), topic: 't/1', qos: 1, dup: false, retained: true })

test('a late reader gets the last acknowledged retained message, or a later one of unknown outcome', () => {
  const ends = (seen: number) => (h: History) => {
    keep(h, 1)
    keep(h, 2)
    keep(h, 3, 'unknown')
    late(h, seen)
  }
  expect(retained(ends(2))).toEqual([])
  expect(retained(ends(3))).toEqual([])
  expect(retained(ends(1))).toEqual(['retained'])
})

test('a retained message that is missing, or comes twice, is a violation', () => {
  expect(retained((h) => keep(h, 1))).toEqual(['retained'])
  expect(
    retained((h) => {
      keep(h, 1)
      late(h, 1)
      late(h, 1)
    }),
  ).toEqual(['retained'])
})

test('a retained message with an expiry is there before, is gone after, and may be either at the time', () => {
  let now = 0
  const ends = (askedAt: number, seen: boolean) => {
    const history = new History(undefined, () => now)
    now = 0
    history.record('p', { kind: 'invoke', key: key(1), topic: 't/1', qos: 1, retain: true, expirySeconds: 10 })
    now = 1_000
    history.record('p', { kind: 'ok', key: key(1) })
    now = askedAt
    history.record('late', { kind: 'subscribed', filter: 't/1', qos: 1 })
    if (seen) late(history, 1)
    return checkRetained(history.entries, 'late').map(({ rule }) => rule)
  }
  expect([ends(5_000, true), ends(10_500, true), ends(20_000, true)]).toEqual([[], [], ['retained']])
  expect([ends(5_000, false), ends(10_500, false), ends(20_000, false)]).toEqual([['retained'], [], []])
})
