import { expect, test } from 'vitest'
import { stripsOf } from './strips.ts'

const weights = (...given: number[]) => given.map((weight, node) => ({ node, weight }))

test('areas are in proportion, the heaviest first', () => {
  const strips = stripsOf(weights(10, 60, 30))
  expect(strips[0]).toEqual({ share: 0.6, cells: [{ node: 1, share: 1, heat: 1 }] })
  expect(strips.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1)
})

test('nothing to weigh draws nothing, and what is too small is left to the table', () => {
  expect(stripsOf(weights(0, 0))).toEqual([])
  expect(stripsOf([])).toEqual([])
  expect(stripsOf(weights(1_000_000, 1)).flatMap(({ cells }) => cells)).toHaveLength(1)
  expect(stripsOf(weights(...Array<number>(100).fill(1))).flatMap(({ cells }) => cells)).toHaveLength(24)
})
