import { expect, test } from 'vitest'
import { leaderSilenceMax, rankDelay, termToClaim } from './term.ts'

const leader = { term: 4, claim: 10, nameserver: 'ns-a/1', zone: 'az-a' }
const heard = { leader, rank: 0, heardAt: 5_000, goneSince: undefined }

test('a leader that is heard is left alone', () => {
  expect(termToClaim({ ...heard, now: 5_000 + leaderSilenceMax - 1 })).toBeUndefined()
})

test('a leader that nobody hears is followed by the next term', () => {
  expect(termToClaim({ ...heard, now: 5_000 + leaderSilenceMax })).toBe(5)
})

test('a leader that is gone for certain is followed at once', () => {
  expect(termToClaim({ ...heard, goneSince: 5_010, now: 5_010 })).toBe(5)
})

test('candidates wait for those whose name comes before theirs', () => {
  expect(termToClaim({ ...heard, rank: 2, goneSince: 5_010, now: 5_010 + 2 * rankDelay - 1 })).toBeUndefined()
  expect(termToClaim({ ...heard, rank: 2, goneSince: 5_010, now: 5_010 + 2 * rankDelay })).toBe(5)
  const silentAt = 5_000 + leaderSilenceMax + rankDelay
  expect(termToClaim({ ...heard, rank: 1, now: silentAt - 1 })).toBeUndefined()
  expect(termToClaim({ ...heard, rank: 1, now: silentAt })).toBe(5)
})

test('in a new region the first by name claims the first term at once', () => {
  expect(termToClaim({ leader: undefined, rank: 0, heardAt: 7, goneSince: undefined, now: 7 })).toBe(1)
  expect(termToClaim({ leader: undefined, rank: 1, heardAt: 7, goneSince: undefined, now: 8 })).toBeUndefined()
})
