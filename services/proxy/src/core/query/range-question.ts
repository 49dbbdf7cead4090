import type { metrics } from '@tern/proto'
import { badField } from '../api/refusal.ts'
import { checkRange, timeOf } from './conditions.ts'

export const rangeLimits = { namesMax: 20, nameCharactersMax: 200, stepSecondsMax: 900 } as const

const groups = ['', 'member', 'zone']

/** What is asked of the figures of the last quarter of an hour, if it can be answered. */
export function checkRangeQuestion(question: metrics.QueryRangeRequest): metrics.QueryRangeRequest {
  const { names, startTime, endTime, step, groupBy } = question
  const { namesMax, nameCharactersMax, stepSecondsMax } = rangeLimits
  if (names.length < 1 || names.length > namesMax) {
    throw badField('names', 'FIELD_INVALID', `has ${names.length} names; give 1 to ${namesMax} of ListMetrics`)
  }
  if (names.some((name) => name === '' || name.length > nameCharactersMax)) {
    throw badField('names', 'FIELD_INVALID', 'has a name that is none of ListMetrics')
  }
  checkRange(timeOf('start_time', startTime), timeOf('end_time', endTime))
  const seconds = step === undefined ? 1 : step.seconds + step.nanos / 1e9
  if (!(seconds >= 1 && seconds <= stepSecondsMax)) {
    throw badField('step', 'FIELD_INVALID', `is ${seconds} s; give 1 s to ${stepSecondsMax} s, or leave it out`)
  }
  if (!groups.includes(groupBy)) {
    throw badField('group_by', 'FIELD_INVALID', 'is neither member nor zone; leave it out for one series of the region')
  }
  return question
}
