import { metrics } from '@tern/proto'
import { expect, test } from 'vitest'
import { Refusal } from '../api/refusal.ts'
import { checkRangeQuestion } from './range-question.ts'

const question = (fields: Partial<metrics.QueryRangeRequest>) =>
  metrics.QueryRangeRequest.fromPartial({ names: ['tern_proxy_sessions'], ...fields })
const seconds = (value: number) => ({ seconds: value, nanos: 0 })

test('a name alone is a question of the last quarter of an hour', () => {
  const asked = question({})
  expect(checkRangeQuestion(asked)).toBe(asked)
})

test.each<[what: string, fields: Partial<metrics.QueryRangeRequest>, reason: string]>([
  ['no name', { names: [] }, 'FIELD_INVALID'],
  ['too many names', { names: Array<string>(21).fill('a') }, 'FIELD_INVALID'],
  ['an empty name', { names: [''] }, 'FIELD_INVALID'],
  ['a name as long as a book', { names: ['a'.repeat(100_000)] }, 'FIELD_INVALID'],
  ['a range that ends before it begins', { startTime: seconds(10), endTime: seconds(9) }, 'TIME_RANGE_INVALID'],
  ['a time that is none', { startTime: seconds(1e15) }, 'TIMESTAMP_INVALID'],
  ['a step of nothing', { step: seconds(0) }, 'FIELD_INVALID'],
  ['a step backwards', { step: seconds(-5) }, 'FIELD_INVALID'],
  ['a step of a year', { step: seconds(31_536_000) }, 'FIELD_INVALID'],
  ['groups that are not there', { groupBy: 'client' }, 'FIELD_INVALID'],
])('%s is refused with a reason', (_, fields, reason) => {
  const refused = () => checkRangeQuestion(question(fields))
  expect(refused).toThrow(Refusal)
  expect(refused).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', reason }))
})
