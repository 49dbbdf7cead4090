import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ago, at, code } from './words.ts'

test('times are written as everywhere', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
      expect(at(ms)).toBe(new Date(ms).toISOString())
    }),
  )
})

test('how long ago is rounded', () => {
  expect([5_000, 119_000, 121_000, 3 * 3_600_000].map((ms) => ago(0, ms))).toEqual([
    ...['5 s ago', '119 s ago', '2 min ago', '3 h ago'],
  ])
  expect(code(0x87)).toBe('0x87')
})
