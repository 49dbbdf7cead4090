import { expect, test } from 'vitest'
import { observe, standing, standsAfterMs } from './standing-wishes.ts'

const first = observe([], ['az-a', undefined], 1_000)

test('leaders that are known from the beginning are followed at once', () => {
  expect(standing(first, 1_000)).toEqual(['az-a', undefined])
  expect(standing(observe(first, ['az-a', 'az-b'], 1_100), 1_100)).toEqual(['az-a', 'az-b'])
})

test('a leader that has moved is followed once it has stood for a while', () => {
  const moved = observe(first, ['az-b', undefined], 2_000)
  const later = observe(moved, ['az-b', undefined], 2_100)
  expect(standing(later, 1_999 + standsAfterMs)).toEqual([undefined, undefined])
  expect(standing(later, 2_000 + standsAfterMs)).toEqual(['az-b', undefined])
})

test('a partition that has no leader for a moment, or a look that finds nothing, changes nothing', () => {
  const away = observe(observe(first, [undefined, undefined], 2_000), [], 2_100)
  expect(standing(observe(away, ['az-a', undefined], 3_000), 3_000)).toEqual(['az-a', undefined])
})
