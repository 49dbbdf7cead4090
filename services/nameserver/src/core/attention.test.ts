import { expect, test } from 'vitest'
import { attend, attentive, stallMax } from './attention.ts'

test('who looks often has listened since its beginning', () => {
  expect(attend(attend(attentive(1_000), 1_100), 1_100 + stallMax)).toEqual({ since: 1_000, lookedAt: 1_600 })
})

test('who did not look for long has listened only since it woke', () => {
  const awake = attend(attentive(1_000), 1_001 + stallMax)
  expect(awake).toEqual({ since: 1_501, lookedAt: 1_501 })
  expect(attend(awake, 1_600).since).toBe(1_501)
})
