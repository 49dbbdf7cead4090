import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCursor, decodePageState, encodeCursor, encodePageState } from './places.ts'

const number = fc.maxSafeNat()
const half = fc.nat(2 ** 31)

test('what a page leaves to the next one comes back from its bytes, in both directions', () => {
  const place = fc.record({ queue: fc.nat(0xffff), low: half, length: half })
  fc.assert(
    fc.property(
      fc.array(place, { maxLength: 50 }),
      number,
      number,
      fc.boolean(),
      (drawn, scanned, range, newestFirst) => {
        const places = drawn.map(({ queue, low, length }) =>
          newestFirst ? { queue, next: low + length, until: low } : { queue, next: low, until: low + length },
        )
        const state = { places, scanned, range }
        expect(decodePageState(encodePageState(state), newestFirst)).toEqual(state)
      },
    ),
  )
})

test('a cursor comes back from its text, and one that was cut or changed is none', () => {
  const positions = fc.uniqueArray(fc.tuple(fc.nat(0xffff), number), { selector: ([queue]) => queue, maxLength: 50 })
  fc.assert(
    fc.property(positions, fc.nat(), (drawn, at) => {
      const text = encodeCursor(new Map(drawn))
      expect(decodeCursor(text)).toEqual(new Map(drawn))
      const changed = at % text.length
      const other = text[changed] === 'A' ? 'B' : 'A'
      const wrong = decodeCursor(`${text.slice(0, changed)}${other}${text.slice(changed + 1)}`)
      expect(wrong === undefined || encodeCursor(wrong) !== text).toBe(true)
      expect(decodeCursor(text.slice(0, -2))).toBeUndefined()
    }),
  )
})

test('bytes of any other kind are no state and no cursor', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const state = decodePageState(bytes, false)
      if (state) expect(encodePageState(state).length).toBeLessThanOrEqual(bytes.length)
    }),
  )
  for (const text of ['', 'AAAA', '7-1042', 'x'.repeat(70_000), '!!!!']) expect(decodeCursor(text)).toBeUndefined()
})
