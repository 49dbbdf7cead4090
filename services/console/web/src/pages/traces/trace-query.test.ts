import { expect, test } from 'vitest'
import { traceQueryOf } from './trace-query.ts'

test('the fields become TraceQL', () => {
  expect(traceQueryOf({})).toBe('{}')
  expect(traceQueryOf({ topic: 'a/"b"', error: '1', longer: '50ms' })).toBe(
    '{ span.messaging.destination.name = "a/\\"b\\"" && traceDuration > 50ms && status = error }',
  )
  expect(traceQueryOf({ longer: '50 } || {', topic: '' })).toBe('{}')
  expect(traceQueryOf({ traceql: '{ status = error }', topic: 'x' })).toBe('{ status = error }')
})
