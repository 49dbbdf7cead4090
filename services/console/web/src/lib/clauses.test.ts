import { expect, test } from 'vitest'
import { clausesOf, prefix } from './clauses.ts'

test('a filter holds what is given', () => {
  expect(clausesOf({ state: 'connected', zone: '', client_id: prefix('car-') }, ['dropped > 0'])).toBe(
    'state = "connected" AND client_id = "car-*" AND dropped > 0',
  )
  expect(clausesOf({})).toBe('')
})

test('[X1] a quote in a text ends nothing', () => {
  expect(clausesOf({ zone: 'a" OR "b' })).toBe('zone = "a\\" OR \\"b"')
})
