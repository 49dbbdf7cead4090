import { expect, test } from 'vitest'
import { steadyTime } from './clock.ts'

function setUp() {
  let wall = 1_000_000
  let monotonic = 5
  const now = steadyTime(
    () => wall,
    () => monotonic,
  )
  return {
    now,
    pass(ms: number) {
      wall += ms
      monotonic += ms
      return now()
    },
    set(ms: number) {
      wall += ms
    },
    wall: () => wall,
  }
}
const hourMs = 3_600_000

test('time goes with the wall clock', () => {
  const { now, pass } = setUp()
  expect(now()).toBe(1_000_000)
  expect(pass(1_500)).toBe(1_001_500)
})

test.each([hourMs, -hourMs])('P11: a wall clock that is set by %d ms does not show in an interval', (by) => {
  const { now, pass, set } = setUp()
  set(by)
  const before = now()
  const interval = pass(1_000) - before
  expect(Math.abs(interval - 1_000)).toBeLessThanOrEqual(10)
})

test('P11: what it was set by is made up for in time, never backwards', () => {
  const { now, pass, set, wall } = setUp()
  set(-10_000)
  let last = now()
  for (let second = 0; second < 1_001; second++) {
    const next = pass(1_000)
    expect(next).toBeGreaterThan(last)
    last = next
  }
  expect(now()).toBe(wall())
})
