import fc from 'fast-check'
import { expect, test } from 'vitest'
import { publishSpanIdOf, spanIdOf } from './span-ids.ts'

test('a span id is 16 hex digits, the same for the same, and another for another', () => {
  const part = fc.oneof(fc.string(), fc.nat())
  fc.assert(
    fc.property(fc.array(part), fc.array(part), (one, other) => {
      expect(spanIdOf(...one)).toMatch(/^[0-9a-f]{16}$/)
      expect(spanIdOf(...one) === spanIdOf(...other)).toBe(one.join('\0') === other.join('\0'))
    }),
  )
})

test('publishers were told of these ids: they never change', () => {
  expect(publishSpanIdOf(7, 1042)).toMatchInlineSnapshot(`"793befbc2d0d32fd"`)
})
