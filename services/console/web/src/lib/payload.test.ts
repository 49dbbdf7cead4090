import { expect, test } from 'vitest'
import { base64OfText, bytesOf, firstLine, hexDump, textOf, visible } from './payload.ts'
import { parseSearch, stringifySearch } from './search.ts'

test('a payload goes to base64 and back', () => {
  expect(new TextDecoder().decode(bytesOf(base64OfText('grüß dich')))).toBe('grüß dich')
  expect(bytesOf(undefined)).toHaveLength(0)
})

test('what is no text is shown in hex', () => {
  expect(textOf(new Uint8Array([0xff, 0xfe]))).toBeUndefined()
  expect(firstLine(new Uint8Array([0xff, 0xfe]))).toBe('ff fe')
  expect(firstLine(new Uint8Array())).toBe('(empty)')
  expect(hexDump(new TextEncoder().encode('hello'))[0]).toBe(`000000  ${'68 65 6c 6c 6f'.padEnd(47)}  hello`)
})

test('[X1] escape sequences of a terminal are made visible', () => {
  expect(visible('\u001b[31mred')).toBe('␛[31mred')
})

test('an address keeps what a person typed', () => {
  const search = { topic: 'fleet/+/gps', from: '2026-11-22T14:02:11.118Z', q: 'a & b' }
  expect(stringifySearch(search)).toContain('topic=fleet/%2B/gps')
  expect(parseSearch(stringifySearch(search))).toEqual(search)
  expect(stringifySearch({ a: '', b: undefined })).toBe('')
})
