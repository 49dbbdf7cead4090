import { expect, test } from 'vitest'
import { momentOf, propertiesOf, queryRequestOf } from './query-request.ts'

const now = Date.UTC(2026, 10, 22, 14, 0)

test('moments are read as people type them', () => {
  expect(momentOf('15 min', now)).toBe('2026-11-22T13:45:00.000Z')
  expect(momentOf('2h ago', now)).toBe('2026-11-22T12:00:00.000Z')
  expect(momentOf('2026-11-22T14:02:11.118Z', now)).toBe('2026-11-22T14:02:11.118Z')
  for (const text of [undefined, '', 'now', 'yesterday-ish']) expect(momentOf(text, now)).toBeUndefined()
})

test('the fields of the page become a request', () => {
  expect(
    queryRequestOf({ topic: 'a/#', contains: 'hi', property: 'k=v=w', from: '1 h', order: 'oldest' }, now),
  ).toMatchObject({
    topicFilter: 'a/#',
    payloadContains: 'aGk=',
    userProperties: [{ name: 'k', value: 'v=w' }],
    startTime: '2026-11-22T13:00:00.000Z',
    newestFirst: false,
  })
  expect(propertiesOf('=x')).toEqual([])
})
