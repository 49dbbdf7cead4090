import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { traceIds } from './trace-ids.ts'
import { checkTraceKey, traceKeyUnlessTold } from './trace-key.ts'

const { traceIdOf, addressOfTrace, writeTraceIds } = traceIds(traceKeyUnlessTold)
const address = () => fc.record({ queue: fc.nat(0xffff), position: fc.maxSafeNat() })

test('the id of an address under the key of who configures none is the same for ever', () => {
  expect(traceIdOf(7, 1042)).toBe('85ae6f91c3bc361144ff17bf34ca23d0')
})

test('a trace id is 32 hex digits that lead back to the address, in whatever case', () => {
  fc.assert(
    fc.property(address(), ({ queue, position }) => {
      const id = traceIdOf(queue, position)
      expect(id).toMatch(/^[0-9a-f]{32}$/)
      expect(addressOfTrace(id)).toEqual({ queue, position })
      expect(addressOfTrace(id.toUpperCase())).toEqual({ queue, position })
    }),
  )
})

test('a batch of ids is the ids one by one, at the place asked for', () => {
  const bytes = Buffer.alloc(16 * 5 + 3)
  writeTraceIds(3, 0xffff_fffe, 5, bytes, 3)
  for (let i = 0; i < 5; i++) {
    expect(bytes.toString('hex', 3 + 16 * i, 19 + 16 * i)).toBe(traceIdOf(3, 0xffff_fffe + i))
  }
  expect(bytes.subarray(0, 3)).toEqual(Buffer.alloc(3))
})

test('an id that somebody drew, or made under another key, has no address', () => {
  for (let i = 0; i < 1_000; i++) expect(addressOfTrace(randomBytes(16).toString('hex'))).toBeUndefined()
  expect(addressOfTrace(traceIds('00'.repeat(16)).traceIdOf(7, 1042))).toBeUndefined()
})

test.each(['', '7-1042', '0'.repeat(31), '0'.repeat(33), 'g'.repeat(32), `${'0'.repeat(31)}\n`])(
  '%j is no trace id',
  (text) => {
    expect(addressOfTrace(text)).toBeUndefined()
  },
)

test('the ids of neighbours differ in half of their bits, as drawn ones do', () => {
  let bits = 0
  for (let position = 0; position < 1_000; position++) {
    const difference = BigInt(`0x${traceIdOf(1, position)}`) ^ BigInt(`0x${traceIdOf(1, position + 1)}`)
    bits += difference.toString(2).replaceAll('0', '').length
  }
  expect(bits / 1_000 / 128).toBeCloseTo(0.5, 1)
})

test.each(['', 'secret', '0'.repeat(31), 'g'.repeat(32)])('the key %j is refused without being told', (key) => {
  const problem = checkTraceKey(key)
  expect(problem).toContain('give 32 hex digits')
  if (key !== '') expect(problem).not.toContain(key)
})

test('the key of who configures none is a key', () => {
  expect(checkTraceKey(traceKeyUnlessTold)).toBeUndefined()
})
