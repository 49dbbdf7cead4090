import { expect, test } from 'vitest'
import { errorCode, fateOf } from './kafka-error.ts'

const none = -1

test('what Kafka says before it appends is certain', () => {
  expect(fateOf(errorCode.notLeaderOrFollower, none)).toBe('again')
  expect(fateOf(errorCode.notEnoughReplicas, none)).toBe('again')
  expect(fateOf(errorCode.messageTooLarge, none)).toBe('refused')
})

test('a leader that lost its place after it had appended names the offset, and nobody knows what became of the records', () => {
  expect(fateOf(errorCode.notLeaderOrFollower, 7)).toBe('unknown')
})

test('what is not known, and what is said of records that are there, is "written perhaps"', () => {
  expect(fateOf(errorCode.requestTimedOut, 7)).toBe('unknown')
  expect(fateOf(errorCode.notEnoughReplicasAfterAppend, none)).toBe('unknown')
  expect(fateOf(12_345, none)).toBe('unknown')
})
