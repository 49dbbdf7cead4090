import { expect, test } from 'vitest'
import { RateWindow } from './rate-window.ts'

test('growth is told by the second, over the last ten', () => {
  const window = new RateWindow()
  window.look(0, [0])
  expect(window.perSecond()).toEqual([0])
  for (let second = 1; second <= 30; second++) window.look(second * 1_000, [second <= 20 ? 0 : (second - 20) * 50])
  expect(window.perSecond()).toEqual([50])
})

test('who was never looked at has no rates', () => {
  expect(new RateWindow().perSecond()).toEqual([])
})
