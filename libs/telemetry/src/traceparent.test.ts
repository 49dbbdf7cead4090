import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatTraceparent, parseTraceparent } from './traceparent.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const good = `00-${traceId}-${spanId}-01`

test('the example of the recommendation is read', () => {
  expect(parseTraceparent(good)).toEqual({ traceId, spanId, sampled: true })
  expect(parseTraceparent([good])).toEqual({ traceId, spanId, sampled: true })
})

test.each([
  ['00', false],
  ['02', false],
  ['03', true],
  ['ff', true],
])('of the flags %s only the last bit counts', (flags, sampled) => {
  expect(parseTraceparent(`00-${traceId}-${spanId}-${flags}`)?.sampled).toBe(sampled)
})

test('a version that is not known yet is read as far as it is as long as this one', () => {
  expect(parseTraceparent(`cc-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, sampled: true })
})

test.each([
  ['nothing', undefined],
  ['no value', []],
  ['two values', [good, good]],
  ['an empty text', ''],
  ['upper case', good.toUpperCase()],
  ['another letter', good.replace('a', 'g')],
  ['white space', ` ${good.slice(1)}`],
  ['a line break', `${good.slice(0, -1)}\n`],
  ['a version that is forbidden', `ff${good.slice(2)}`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['something appended', `${good}-00`],
  ['a dash missing', good.replace('-b', 'bb')],
  ['a megabyte', good.repeat(20_000)],
])('%s counts as not given', (_, text) => {
  expect(parseTraceparent(text)).toBeUndefined()
})

test('what was written is read again', () => {
  const hex = (digits: number) =>
    fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((text) => !/^0+$/.test(text))
  fc.assert(
    fc.property(fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() }), (context) => {
      expect(parseTraceparent(formatTraceparent(context))).toEqual(context)
    }),
  )
})

test('no text is read as something else than it says', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(parseTraceparent(text)).toBeUndefined()
    }),
  )
})
