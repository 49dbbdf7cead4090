import type { Clock } from '@tern/runtime'
import { expect, test } from 'vitest'
import { createPace } from './pace.ts'

function setUp(intervalMs: number) {
  let now = 100
  const begun: number[] = []
  const due: { at: number; run: () => void }[] = []
  const after = (ms: number, run: () => void) => {
    due.push({ at: now + ms, run })
    return { cancel() {} }
  }
  const clock = { now: () => now, soon: (run: () => void) => void after(0, run), after } as Clock
  const ask = createPace(clock, intervalMs, () => begun.push(now))
  /** Lets time pass in steps of a tenth. */
  const pass = (ms: number) => {
    const until = now + ms
    while (now < until) {
      for (const each of due.splice(0))
        if (each.at <= now) each.run()
        else due.push(each)
      now = Math.round(now * 10 + 1) / 10
    }
  }
  const setBack = (ms: number) => {
    now -= ms
  }
  return { ask, pass, begun, setBack }
}

test('what is asked alone runs at once', () => {
  const { ask, pass, begun } = setUp(1)
  ask()
  pass(5)
  ask()
  pass(5)
  expect(begun).toEqual([100, 105])
})

test('what is asked in a stream runs once in an interval, and the last of it runs too', () => {
  const { ask, pass, begun } = setUp(1)
  for (let asked = 0; asked < 25; asked++) {
    ask()
    pass(0.1)
  }
  pass(5)
  expect(begun).toEqual([100, 101, 102, 103])
})

test('an interval of zero delays nothing', () => {
  const { ask, pass, begun } = setUp(0)
  for (let asked = 0; asked < 3; asked++) {
    ask()
    pass(0.1)
  }
  expect(begun).toEqual([100, 100.1, 100.2])
})

test('a clock that is set back holds work up for one interval at most', () => {
  const { ask, pass, begun, setBack } = setUp(1)
  ask()
  pass(0.1)
  setBack(50)
  ask()
  pass(5)
  expect(begun).toEqual([100, 51.1])
})
