import { expect, test } from 'vitest'
import { ClientEvents, clientEventsMax } from './client-events.ts'

const event = (clientId: string, kind: 'connected' | 'disconnected' | 'publish refused' = 'connected') => ({
  ...{ clientId, kind, reason: 'r', reasonCode: 1, address: '10.0.0.1:1' },
})
const names = (events: ClientEvents, clientId = '', before = 0, limit = 10) =>
  events.page(clientId, before, limit).events.map((each) => `${each.number} ${each.clientId}`)

test('events come newest first, of all or of one, page by page', () => {
  const events = new ClientEvents()
  for (const clientId of ['a', 'b', 'a']) events.note(1, event(clientId))
  expect(names(events)).toEqual(['3 a', '2 b', '1 a'])
  expect(names(events, 'a')).toEqual(['3 a', '1 a'])
  expect(events.page('', 0, 2).more).toBe(true)
  expect(names(events, '', 2)).toEqual(['1 a'])
})

test('the oldest are forgotten', () => {
  const events = new ClientEvents()
  for (let i = 0; i < clientEventsMax + 2; i++) events.note(i, event(`c${i}`))
  expect(events.page('c1', 0, 10).events).toEqual([])
  expect(events.page('', 0, clientEventsMax + 5).events).toHaveLength(clientEventsMax)
})

test('who is refused again and again is one event a second', () => {
  const events = new ClientEvents()
  for (const at of [0, 999, 1_000, 1_001]) events.note(at, event('a', 'publish refused'))
  expect(names(events)).toHaveLength(2)
})

test('the last ending of each client is found', () => {
  const events = new ClientEvents()
  for (const [clientId, kind] of [
    ['a', 'disconnected'],
    ['b', 'connected'],
    ['a', 'disconnected'],
  ] as const)
    events.note(1, event(clientId, kind))
  expect(events.endings(new Set(['a', 'b']))).toMatchObject([{ clientId: 'a', number: 3 }])
})
