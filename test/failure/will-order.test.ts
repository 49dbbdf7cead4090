import { expect, test } from 'vitest'
import { History, keyOf } from './history.ts'
import { checkWillOrder } from './will-order.ts'

const topic = 'w/0'
const key = (number: number): string => keyOf('m', topic, number)

/** A client acknowledges 1, then its connection is lost with 2 on the way, and with it will 0; it comes back and publishes 3. */
function violations(...delivered: readonly number[]): number {
  let now = 0
  const history = new History(undefined, () => now++)
  const invoke = (number: number, will = false) =>
    history.record('m', { kind: 'invoke', key: key(number), topic, qos: 2, ...(will && { will }) })
  const ok = (number: number) => history.record('m', { kind: 'ok', key: key(number) })
  invoke(0, true)
  invoke(1)
  ok(1)
  invoke(2)
  ok(0)
  invoke(3)
  ok(2)
  ok(3)
  for (const number of delivered)
    history.record('s', { kind: 'delivery', key: key(number), topic, qos: 2, dup: false, retained: false })
  return checkWillOrder(history.entries).length
}

test('a will stands between what was acknowledged before its connection was lost and what was published after', () => {
  expect(violations(1, 2, 0, 3)).toBe(0)
  expect(violations(1, 0, 2, 3)).toBe(0)
  expect(violations(0, 1, 2, 3)).toBe(1)
  expect(violations(1, 2, 3, 0)).toBe(1)
  expect(violations(1, 0, 3, 2)).toBe(0)
})

test('a repetition is no delivery out of order', () => {
  expect(violations(1, 0, 3, 1, 0)).toBe(0)
})
