import { expect, test } from 'vitest'
import { type FieldKind, filterCharactersMax, fulfils, parseFilter } from './filter.ts'

const fields: Record<string, FieldKind> = { state: 'text', client_id: 'prefix', inflight: 'number' }
const leaves = (filter: string, values: Record<string, string | number>) => fulfils(values, parseFilter(filter, fields))
const values = { state: 'connected', client_id: 'truck/7', inflight: 12 }

test.each([
  ['', true],
  ['state = "connected"', true],
  ['state != "connected"', false],
  ['client_id = "truck/*" AND inflight > 11', true],
  ['client_id="truck/8*"', false],
  ['inflight < 12', false],
  ['inflight = 12 AND state = "connected" AND client_id = "truck/7"', true],
])('%s', (filter, expected) => {
  expect(leaves(filter, values)).toBe(expected)
})

test('a quoted text may hold anything, escaped where it must be', () => {
  const clientId = '<script>"\\\u001b[31m\n AND x'
  expect(
    leaves(`client_id = ${JSON.stringify(clientId).replaceAll('\\n', '\n').replaceAll('\\u001b', '\u001b')}`, {
      client_id: clientId,
    }),
  ).toBe(true)
})

test.each([
  ['colour = "red"', 'filter names "colour", which is no field here; there are state, client_id, inflight'],
  ['state ~ "x"', 'filter cannot be read at "~ \\"x\\""'],
  ['state > "x"', 'filter wants one of = != after state, and has ">"'],
  ['inflight = "3"', 'filter wants a number after inflight =, and has "3"'],
  ['state = connected', 'filter wants a text in double quotes after state =, and has "connected"'],
  ['state = "a" OR state = "b"', 'filter cannot be read at "OR state = \\"b\\""'],
  ['state = "a" state = "b"', 'filter has "state" after a clause; join clauses by AND'],
  ['state = "a" AND', 'filter ends in AND; give another clause after it'],
  ['state', 'filter wants one of = != after state, and has nothing'],
  ['constructor = "x"', 'filter names "constructor", which is no field here; there are state, client_id, inflight'],
])('%s is refused in words', (filter, message) => {
  expect(() => parseFilter(filter, fields)).toThrow(message)
})

test('a filter of 64 KiB is refused before it is read', () => {
  const long = `client_id = "${'x'.repeat(65_536)}"`
  expect(() => parseFilter(long, fields)).toThrow(
    `filter has ${long.length} characters; give at most ${filterCharactersMax}`,
  )
})
