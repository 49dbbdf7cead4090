import { expect, test } from 'vitest'
import { resetCost } from './group-reset.ts'

const progress = { queue: 0, low: 9, settled: [{ first: 12, last: 14 }] }

test('a group that goes back repeats what it had settled', () => {
  expect(resetCost(progress, 4, 20)).toEqual({ repeated: 6 + 3, skipped: 0 })
})

test('a group that goes on passes over what was not settled', () => {
  expect(resetCost(progress, 20, 20)).toEqual({ repeated: 0, skipped: 10 - 3 })
})

test('a group that is moved within settled ranges does both', () => {
  expect(resetCost(progress, 13, 20)).toEqual({ repeated: 2, skipped: 2 })
})

test('to where it is, nothing happens but what it settled above comes again', () => {
  expect(resetCost(progress, 10, 20)).toEqual({ repeated: 3, skipped: 0 })
})
