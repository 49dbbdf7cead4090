import { expect, test } from 'vitest'
import { microsecondsOf, onceATurn } from './microseconds.ts'

test('between two looks at the wall clock time passes in microseconds, and a wall clock that was set is followed', () => {
  let wall = 1_000
  let monotonic = 0
  const now = microsecondsOf(
    () => wall,
    () => monotonic,
  )
  expect(now()).toBe(1_000_000)
  monotonic = 0.25
  expect(now()).toBe(1_000_250)
  monotonic = 1_500.5
  wall = 2_500
  expect(now()).toBe(2_500_500)
  monotonic = 3_000
  wall = 90_000
  expect(now()).toBe(90_000_000)
})

test('a turn of the event loop has one time, and the next one another', () => {
  let time = 5
  const tasks: (() => void)[] = []
  const now = onceATurn(
    () => time++,
    (task) => tasks.push(task),
  )
  expect([now(), now(), tasks.length]).toEqual([5, 5, 1])
  for (const task of tasks.splice(0)) task()
  expect([now(), now(), tasks.length]).toEqual([6, 6, 1])
})
